import { LockstepError } from "../errors/index.ts";
import { redact } from "../pg/index.ts";
import { lastWords, runCommand } from "../processes/index.ts";
import { snapshotFailed } from "./failures.ts";
import type { Made, MakeRequest } from "./request.ts";

/**
 * Any other command: what it makes is known to it alone. Its last line is kept as the place.
 * @throws LockstepError `usage`, `snapshot-failed`
 */
export async function makeByCommand(request: MakeRequest): Promise<Made> {
  const { settings, name, cwd, env, emit, signal, url } = request;
  const { command } = settings;
  if (command === undefined)
    throw new LockstepError("usage", {
      what: "no command makes snapshots",
      expected: "deploy.snapshot.command in the config",
      found: "none",
      next: ["name it there: it gets LOCKSTEP_SNAPSHOT, the snapshot's name"],
    });
  const { ok, ended, tail } = await runCommand({
    command,
    cwd,
    env: { ...env, LOCKSTEP_SNAPSHOT: name },
    emit,
    signal,
    redact: (line) => redact(line, url),
  });
  if (!ok)
    throw snapshotFailed(`the snapshot's command has failed: ${ended}`, lastWords(tail, 6), [
      `run it by hand: ${redact(command, url)}`,
    ]);
  return {
    place: lastWords(tail, 1) || "the command did not say",
    says: ["the command ended with exit code 0"],
    notKnown: ["what it has made, and whether it can be restored"],
    restore: "as the command's own tool does",
  };
}
