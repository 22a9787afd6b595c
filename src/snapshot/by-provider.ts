import { execFile } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { LockstepError } from "../errors/index.ts";
import { redact } from "../pg/index.ts";
import { lastWords, shownCommand } from "../processes/index.ts";
import { clientMissing, snapshotFailed } from "./failures.ts";
import type { Progress, Provider } from "./providers/provider.ts";
import type { Made, MakeRequest } from "./request.ts";

const pollMs = 5_000;
const waitMs = 2 * 3_600_000;

/**
 * Has a provider make a snapshot, and waits until the provider says that it is whole.
 * @throws LockstepError `usage` for a setting that is missing, `snapshot-client-missing`, `snapshot-failed`
 */
export async function makeByProvider(provider: Provider, request: MakeRequest): Promise<Made> {
  const { settings, name, emit, signal } = request;
  for (const key of provider.needs)
    if (settings[key] === undefined) throw settingMissing(settings.by, key);
  const begun = await answerTo(provider, provider.create(settings, name), request);
  const id = provider.idOf(begun, name);
  if (id === undefined) throw strange(provider, begun);
  const began = Date.now();
  let told = "";
  for (;;) {
    const answer = await answerTo(provider, provider.look(settings, id), request);
    const progress: Progress | undefined = provider.progressOf(answer, id);
    if (progress === undefined) throw strange(provider, answer);
    const { state, detail } = progress;
    if (state === "ready")
      return {
        place: id,
        says: [`${settings.by} ${id}: ${detail}`],
        notKnown: provider.notKnown,
        restore: provider.restore(settings, id),
      };
    if (state === "failed")
      throw snapshotFailed(`the snapshot ${id} of ${settings.by} has failed`, detail, [
        "look at it there, then lockstep snapshot create again",
      ]);
    if (Date.now() - began >= (request.waitMs ?? waitMs))
      throw snapshotFailed(
        `the snapshot ${id} of ${settings.by} is not whole after ${Math.round((Date.now() - began) / 1_000)} s`,
        detail,
        ["it may still become so: look at it there before something risky is begun"],
      );
    if (detail !== told) emit({ type: "notice", severity: "info", message: `${id}: ${detail}` });
    told = detail;
    await sleep(request.pollMs ?? pollMs, undefined, signal === undefined ? {} : { signal });
  }
}

/** Runs the provider's program and reads its answer. */
async function answerTo(
  { program, install }: Provider,
  args: readonly string[],
  { cwd, env, signal, url }: MakeRequest,
): Promise<unknown> {
  const shown = shownCommand([program, ...args]);
  const { error, stdout, stderr } = await new Promise<{
    readonly error: (Error & { readonly code?: string | number | null }) | null;
    readonly stdout: string;
    readonly stderr: string;
  }>((resolve) => {
    const options = { cwd, env, maxBuffer: 2 ** 24, ...(signal === undefined ? {} : { signal }) };
    execFile(program, [...args], options, (failure, out, err) =>
      resolve({ error: failure, stdout: out, stderr: err }),
    );
  });
  if (error?.code === "ENOENT")
    throw clientMissing(`${program} is not on this machine`, "no such program in PATH", [install]);
  if (error !== null) {
    signal?.throwIfAborted();
    const said = lastWords(`${stderr}\n${stdout}`.split("\n"), 6);
    throw snapshotFailed(
      `${program} has failed${typeof error.code === "number" ? `, exit code ${error.code}` : ""}`,
      redact(said === "" ? error.message : said, url),
      [`run it by hand: ${shown}`],
    );
  }
  try {
    return JSON.parse(stdout) as unknown;
  } catch {
    throw snapshotFailed(
      `${program} has answered something that is not JSON`,
      redact(stdout.slice(0, 300), url),
      [`run it by hand, its version may be another one: ${shown}`],
    );
  }
}

function strange({ program }: Provider, answer: unknown): LockstepError {
  return snapshotFailed(
    `${program} has answered something else than expected: what became of the snapshot is not known`,
    JSON.stringify(answer).slice(0, 300),
    [
      "look at it there: it may have been made",
      "its version may be another one than docs/snapshot.md names",
    ],
  );
}

function settingMissing(by: string, key: string): LockstepError {
  return new LockstepError("usage", {
    what: `a snapshot by ${by} needs ${key}`,
    expected: `deploy.snapshot.${key} in the config, or --${key}`,
    found: "neither",
    next: [`lockstep snapshot create --by ${by} --${key} NAME`],
  });
}
