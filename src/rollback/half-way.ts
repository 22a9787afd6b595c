import { isLockstepError, LockstepError } from "../errors/index.ts";
import { Session } from "../pg/index.ts";
import { goingBackText, readStatusOn } from "../runner/index.ts";
import type { Migration, MigrationFolder } from "../tools/index.ts";
import type { Back } from "./request.ts";

interface Stopped {
  readonly url: string;
  readonly folder: MigrationFolder;
  readonly migration: Migration;
  readonly back: Back;
}

/** Advice for a migration of the folder, which a way back is not. */
const ofMigrations = /lockstep resolve|lockstep baseline|^correct /;

/** What has looked up itself what became of it. */
const known = /^(?:rollback-|command-|postcondition-failed$|lock-timeout$|migration-unresolved$)/;

/**
 * A failure of the runner in the words of a rollback: what of the migration is taken back is looked up, and the command that goes
 * on names it, for without a name it would take back the one before it once this one is done. Anything else is passed on.
 */
export async function backFailure(error: unknown, stopped: Stopped): Promise<unknown> {
  const isTold = ({ code }: LockstepError) =>
    stopped.back.kind === "command" ? known.test(code) : code === "rollback-loses";
  if (!isLockstepError(error) || isTold(error)) return error;
  const { found, next = [] } = error.explanation;
  const state = await lookUp(stopped);
  return new LockstepError(
    error.code,
    {
      ...error.explanation,
      found: [found, state.text].filter((text) => text !== undefined).join("\n"),
      next: state.next ?? goOn(stopped, next, state.isHalf),
    },
    { cause: error },
  );
}

function goOn(
  { migration: { id }, back }: Stopped,
  next: readonly string[],
  isHalf: boolean,
): readonly string[] {
  const isOwn = back.kind === "command";
  const again = `lockstep rollback ${id}, with the same options${isOwn ? " and command" : ""}`;
  const rest = next.filter((line) => !ofMigrations.test(line));
  const correction =
    back.kind === "file" ? `, or correct what has not run yet in ${back.from}` : "";
  return [
    ...rest.map((line) => line.replace(/(?:run )?the same command again/, again)),
    ...(rest.length === next.length
      ? []
      : [`mend what the statement meets${correction}; then ${again}`]),
    ...(isHalf
      ? [`when it is put right by hand: lockstep resolve ${id} --as applied, or --as rolled-back`]
      : []),
  ];
}

interface Found {
  readonly isHalf: boolean;
  readonly text: string;
  /** What to do, where that is not to run it again. */
  readonly next?: readonly string[];
}

async function lookUp({ url, folder, migration: { id } }: Stopped): Promise<Found> {
  try {
    await using session = await Session.open({ url, applicationName: "lockstep/rollback" });
    const { migrations } = await readStatusOn(session, folder);
    const one = migrations.find((each) => each.id === id);
    const units = one?.goingBack;
    if (units !== undefined)
      return {
        isHalf: true,
        text: `${id} is taken back in part, and nothing else is applied before that is settled:\n${goingBackText(units)}`,
      };
    if (one?.unlisted === true)
      return {
        isHalf: false,
        text: `${id} has no row in ${folder.tool}'s ledger any more, and Lockstep's still has it`,
        next: [`lockstep resolve ${id} --as rolled-back, which asks the catalog`],
      };
    if (one?.state === "pending")
      return {
        isHalf: false,
        text: `${id} is taken back all the same: the last of it committed`,
        next: ["lockstep status"],
      };
    return { isHalf: false, text: `${id} is not taken back` };
  } catch {
    const text = `how much of ${id} is taken back could not be looked up: lockstep status`;
    return { isHalf: false, text };
  }
}
