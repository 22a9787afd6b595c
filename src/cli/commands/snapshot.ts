import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { ScratchOnDemand } from "../../deploy/index.ts";
import { LockstepError } from "../../errors/index.ts";
import { renderSnapshot, renderSnapshots, renderVerified } from "../../report/index.ts";
import { createSnapshot, listSnapshots, verifyDump } from "../../snapshot/index.ts";
import { accompanied } from "../accompanied.ts";
import type { Context } from "../context.ts";
import { commandOutput } from "../output.ts";
import { openReader } from "../reader.ts";
import { readSettings, scratchOptions, type TargetOptions } from "../settings.ts";
import { asStage, snapshotName, snapshotSettings, type SnapshotWords } from "../snapshots.ts";

export interface CreateSnapshotOptions extends TargetOptions, SnapshotWords {
  readonly name?: string;
}

/** `lockstep snapshot create`. */
export async function createSnapshotCommand(
  options: CreateSnapshotOptions,
  context: Context,
): Promise<number> {
  const { environment } = await readSettings(options, context);
  const { by, to, jobs, instance, project, branch } = options;
  const settings = snapshotSettings({ by, to, jobs, instance, project, branch }, environment);
  const name = options.name ?? snapshotName("snapshot");
  const output = commandOutput(options, context);
  const about = { run: randomUUID(), url: environment.url, environment: environment.name };
  const snapshot = await accompanied(
    { ...about, command: "snapshot", output },
    context,
    async (live) =>
      asStage(live.emit, `${name} by ${settings.by}`, async () =>
        createSnapshot({ ...about, ...live, settings, name, cwd: context.cwd, env: context.env }),
      ),
  );
  output.result({ version: 1, environment: environment.name, ...snapshot }, () =>
    renderSnapshot(snapshot, output.style),
  );
  return 0;
}

/** `lockstep snapshot list`. */
export async function listSnapshotsCommand(
  options: TargetOptions,
  context: Context,
): Promise<number> {
  const { environment } = await readSettings(options, context);
  await using session = await openReader(environment.url, "snapshot list");
  const snapshots = await listSnapshots(session);
  const output = commandOutput(options, context);
  output.result({ version: 1, environment: environment.name, snapshots }, () =>
    renderSnapshots(snapshots, output.style),
  );
  return 0;
}

export interface VerifySnapshotOptions extends TargetOptions {
  readonly jobs?: number;
}

/** `lockstep snapshot verify`: exit code 1 when the restored dump differs from what was dumped. */
export async function verifySnapshotCommand(
  name: string | undefined,
  options: VerifySnapshotOptions,
  context: Context,
): Promise<number> {
  const { loaded, environment } = await readSettings(options, context);
  const place = await placeOf(name, environment, context);
  await using scratch = new ScratchOnDemand(scratchOptions(options, loaded, context));
  const output = commandOutput(options, context);
  const about = { run: randomUUID(), url: environment.url, environment: environment.name };
  const verified = await accompanied(
    { ...about, command: "snapshot verify", output },
    context,
    async (live) =>
      verifyDump({
        place,
        jobs: options.jobs,
        cwd: context.cwd,
        env: context.env,
        scratch: async (major) => scratch.get(major),
        ...live,
      }),
  );
  output.result({ version: 1, environment: environment.name, place, ...verified }, () =>
    renderVerified(verified, output.style),
  );
  return verified.differences.length > 0 ? 1 : 0;
}

/**
 * Where the dump is: a folder that is named, or as the ledger keeps it; the newest dump by default.
 * @throws LockstepError `usage`
 */
async function placeOf(
  name: string | undefined,
  { url }: { readonly url: string },
  { cwd }: Context,
): Promise<string> {
  if (name !== undefined && existsSync(join(resolve(cwd, name), "toc.dat")))
    return resolve(cwd, name);
  await using session = await openReader(url, "snapshot verify");
  const all = await listSnapshots(session, 1_000);
  const found =
    name === undefined ? all.find(({ by }) => by === "dump") : all.find((one) => one.name === name);
  if (found?.by === "dump") return found.place;
  throw new LockstepError("usage", {
    what:
      found === undefined
        ? name === undefined
          ? "no dump was made of this database"
          : `there is no snapshot "${name}"`
        : `${found.name} is a snapshot by ${found.by}: only a dump can be restored onto scratch`,
    expected: "the name of a dump, or its folder",
    found: all
      .slice(0, 5)
      .map((one) => `${one.name} by ${one.by}`)
      .join("\n"),
    from: "lockstep.run",
    ...(found === undefined
      ? {}
      : { why: `that it can be restored is not known; ${found.restore}` }),
    next: ["lockstep snapshot list"],
  });
}
