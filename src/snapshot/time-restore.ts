import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LockstepError } from "../errors/index.ts";
import { redact } from "../pg/index.ts";
import { lastWords, runCommand } from "../processes/index.ts";
import { clientUrl } from "./client-url.ts";
import { findClient } from "./clients.ts";
import { snapshotFailed } from "./failures.ts";

export interface TimeRestoreRequest {
  /** The database that is dumped. */
  readonly from: string;
  /** An empty one of the same server, into which it is restored. */
  readonly to: string;
  readonly major: number;
  /** Connections of pg_dump and pg_restore. */
  readonly jobs: number;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Dumps a database as `lockstep snapshot` does, and restores it.
 * @returns how long pg_restore took, in ms
 * @throws LockstepError `snapshot-client-missing`, `snapshot-failed`, `run-cancelled`
 */
export async function timeRestore(request: TimeRestoreRequest): Promise<number> {
  const { from, to, major, jobs } = request;
  const dump = await findClient("pg_dump", major, request.env);
  const restore = await findClient("pg_restore", major, request.env);
  const folder = mkdtempSync(join(tmpdir(), "lockstep-restore-"));
  const place = join(folder, "dump");
  const common = [`--jobs=${jobs}`, "--no-password", "--no-subscriptions"];
  try {
    const written = [dump.path, "--format=directory", `--file=${place}`, ...common];
    await run(request, from, written, []);
    const began = performance.now();
    await run(request, to, [restore.path, "--exit-on-error", ...common], [place]);
    return performance.now() - began;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function run(
  { env, signal }: TimeRestoreRequest,
  url: string,
  program: readonly string[],
  args: readonly string[],
): Promise<void> {
  const address = clientUrl(url);
  const { ok, ended, tail } = await runCommand({
    command: [...program, `--dbname=${address.url}`, ...args],
    cwd: tmpdir(),
    env: { ...env, ...address.env },
    emit: () => {},
    signal,
    redact: (line) => redact(line, url),
  });
  if (signal?.aborted === true)
    throw new LockstepError("run-cancelled", {
      what: "the rehearsal was stopped on request",
      found: "the clones are gone with their server",
      next: ["lockstep rehearse, again"],
    });
  if (!ok)
    throw snapshotFailed(`${program[0]} did not come to its end: ${ended}`, lastWords(tail, 6), []);
}
