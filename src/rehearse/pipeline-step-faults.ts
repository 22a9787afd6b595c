import { lastWords } from "../processes/index.ts";
import type { RehearsedStep, StepFault } from "./model.ts";

/** What is known of a step that was run. */
export interface StepSeen extends Pick<RehearsedStep, "ledger" | "missing" | "besides" | "again"> {
  readonly command: string;
  readonly first: {
    readonly ok: boolean;
    readonly ended: string | null;
    readonly tail: readonly string[];
    readonly isReached: boolean;
    readonly wantedTls: boolean;
    readonly refused: readonly string[];
    /** What the server refused last, as a report may show it. */
    readonly error: string | undefined;
  };
  /** Ids of the pending migrations. */
  readonly ids: readonly string[];
  /** What of the pending work's own objects is otherwise than the runner made it. */
  readonly off: readonly string[];
}

/** Why a step would not do in production what it is there for; nothing when it would. The gravest first. */
export function faultsOf(seen: StepSeen): readonly StepFault[] {
  const { first, missing, off } = seen;
  const all: (StepFault | undefined)[] = first.isReached
    ? [
        first.ok ? undefined : failed(seen),
        first.ok && missing.length > 0 ? notApplied(seen) : undefined,
        missing.length === 0 && off.length > 0 ? otherCatalog(seen) : undefined,
      ]
    : [elsewhere(seen)];
  return [...all, besides(seen), again(seen)].filter((one) => one !== undefined);
}

/** A step that is not run, for its work would reach others on a server that is theirs too. */
export function reachesOut(command: string, files: readonly string[]): StepFault {
  return {
    what: `${command} was not run: on this server it would reach further than the copy`,
    expected: "pending work that stays within its database",
    found: `a role, a database, a setting or a session that others have too, in ${files.join(", ")}`,
    from: command,
    why: "the runner leaves such statements out on a server that was given by URL; a command of your own would run them",
    next: ["rehearse it on the embedded server: lockstep rehearse without --scratch-url and --on"],
  };
}

function elsewhere({ command, first, ids }: StepSeen): StepFault {
  const { ended, refused, tail, wantedTls, ok } = first;
  const tried = refused.length === 0 ? [] : [`it tried to reach ${refused.join(", ")}`];
  return {
    what: ok
      ? `${command} says that all is well, and did not come to the copy: ${listed(ids)} ${are(ids)} not applied`
      : `${command} did not come to the copy`,
    expected: "a command that takes its database from DATABASE_URL, PGHOST or another variable",
    found: [`${ended}, no session of it on the copy`, ...tried, ...said(tail)].join("; "),
    from: command,
    why: wantedTls
      ? "it goes on with TLS only, which a rehearsal has not"
      : "it does nothing, ends before it connects, or has the address from a file or a variable that is not known here: then it would have gone to whatever that names",
    next: wantedTls
      ? ["turn TLS off in the project's configuration where LOCKSTEP_REHEARSAL is set"]
      : [
          ...(ok ? [] : [`run it by hand against a scratch database: ${command}`]),
          "let the project's configuration read DATABASE_URL",
          "or name the variable: environments: { production: { urlEnv: … } } in lockstep.config",
        ],
  };
}

/** SQLSTATEs of what a server has or has not: a role, an extension, a library, a right. */
const lackingStates = /SQLSTATE (?:42704|0A000|58P01|42501|28\w{3})/;

function failed({ command, first, ids, missing }: StepSeen): StepFault {
  const { ended, error, refused, tail } = first;
  const tried = refused.length === 0 ? [] : [`refused: ${refused.join(", ")}`];
  const lacks = error !== undefined && lackingStates.test(error);
  const done = ids.length - missing.length;
  return {
    what: `${command} ended with ${ended}: ${done} of ${ids.length} pending migrations are applied`,
    expected: "exit code 0, and each of them applied",
    found: [...(error === undefined ? [] : [`the server: ${error}`]), ...tried, ...said(tail)].join(
      "; ",
    ),
    from: command,
    why: ended?.startsWith("time limit")
      ? "it waits for something, or takes longer than the limit: --step-timeout"
      : lacks
        ? "a role, an extension or a right that production may have and the scratch server lacks, or that both lack"
        : refused.length > 0
          ? "it needs something on the network: a rehearsal lets its Node processes reach the copy and nothing else"
          : "the work fails in the way in which the pipeline runs it; the runner came to its end on the same rows",
    next: [
      `run it by hand against a scratch database: DATABASE_URL=postgres://… ${command}`,
      ...(lacks ? ["or name a server that has what is missing: --scratch-url postgres://…"] : []),
    ],
  };
}

function notApplied({ command, ids, missing, ledger }: StepSeen): StepFault {
  return {
    what: `${command} says that all is well, and ${listed(missing)} ${are(missing)} not applied`,
    expected:
      ledger === null
        ? "the catalog that the runner made"
        : `a row in ${ledger} for each of ${ids.length} pending`,
    found: `exit code 0, and ${ids.length - missing.length} of ${ids.length}`,
    from: command,
    why: "it works on another folder, another database or another ledger, leaves files out, or swallows a failure: the deploy would be green without the schema",
    next: [
      `see what it does: ${command}`,
      "lockstep check names steps of the pipeline that never migrate",
    ],
  };
}

function otherCatalog({ command, off }: StepSeen): StepFault {
  return {
    what: `${command} leaves another catalog than the migrations' files say`,
    expected: "the one that the runner made of the same files on the same rows",
    found: few(off),
    from: command,
    why: "it runs other files, another version of them, as another role or with other settings",
    next: ["compare what it runs with the migrations folder", `see what it does: ${command}`],
  };
}

function besides({ command, besides: found }: StepSeen): StepFault | undefined {
  if (found.length === 0) return undefined;
  return {
    what: `${command} changes what is not pending`,
    expected: "what the pending migrations change, and no more",
    found: few(found),
    from: command,
    why: "it does more than to migrate (seeds, a push of a schema, tables of its own), or applies files that are not in the folder",
    next: [`see what it does: ${command}`],
  };
}

function again({ command, again: second }: StepSeen): StepFault | undefined {
  if (second === undefined || (second.ok && second.changed.length === 0)) return undefined;
  return {
    what: `${command}, run again with nothing left to do, ${second.ok ? "changes something" : `ended with ${second.ended}`}`,
    expected: "exit code 0, and nothing changed",
    found: second.changed.length === 0 ? second.ended : few(second.changed),
    from: command,
    why: "a step that cannot be run twice cannot be begun again after a failed deploy",
    next: ["make the step do nothing when nothing is pending"],
  };
}

function said(tail: readonly string[]): readonly string[] {
  const words = lastWords(tail, 5);
  return words === "" ? [] : [words];
}

function listed(ids: readonly string[]): string {
  return ids.length > 3
    ? `${ids.slice(0, 3).join(", ")} and ${ids.length - 3} more`
    : ids.join(", ");
}

function are(ids: readonly string[]): string {
  return ids.length === 1 ? "is" : "are";
}

function few(found: readonly string[]): string {
  const more = found.length > 8 ? `; and ${found.length - 8} more` : "";
  return `${found.slice(0, 8).join("; ")}${more}`;
}
