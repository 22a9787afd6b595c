import { isLockstepError, LockstepError } from "../errors/index.ts";
import { lastWords } from "../processes/index.ts";
import type { Migration, MigrationFolder } from "../tools/index.ts";
import type { Attempt } from "./attempts.ts";
import { gaveWay } from "./failure.ts";

interface BackEnd extends Attempt {
  readonly command: string;
  readonly migration: Migration;
  readonly isLock: boolean;
  readonly isWhole: boolean;
  readonly isChanged: boolean;
  /** What of it was done before it was run. */
  readonly done: readonly string[];
  readonly attempts: number;
  /** Why it was stopped; undefined when it was not. */
  readonly halted: unknown;
}

/** The error for a way back after which the tool's ledger is as before. */
export function backEnd(end: BackEnd): unknown {
  const { command, migration, ended, tail, isLock, isChanged } = end;
  const rest = isChanged
    ? "the schema is not as it was before: a part of the way back remained"
    : "ledger and catalog are as they were before";
  const found = [
    `${ended}; "${migration.id}" is in the tool's ledger as before; ${rest}`,
    lastWords(tail, 8),
  ]
    .filter(Boolean)
    .join("\n");
  if (isLockstepError(end.halted))
    return new LockstepError(end.halted.code, { ...end.halted.explanation, found });
  if (end.halted !== undefined) return end.halted;
  const common = { found, from: migration.file, expected: `${migration.id} taken back` };
  if (isLock)
    return gaveWay(
      end,
      common,
      "it is no transaction, and not run again by itself: a part of it may remain",
    );
  if (isChanged)
    return new LockstepError("command-incomplete", {
      ...common,
      what: `${command} stopped half-way`,
      why: "a statement of it failed, or it was cut off, and what came before was committed",
      next: [
        "lockstep status shows how the schema differs; bring the rest about by hand",
        `then lockstep resolve ${migration.id} --as rolled-back, or --as applied`,
      ],
    });
  const didNothing = ended === "exit code 0";
  if (end.done.length > 0)
    return new LockstepError("command-incomplete", {
      ...common,
      what: `${command} cannot do again what is done already: a part of ${migration.id} was taken back before`,
      found: `${end.done.slice(0, 5).join(", ")}: already as the way back leaves it\n${found}`,
      why: "a way back that is no transaction was cut off half-way, or somebody did that part by hand",
      next: [
        "take the rest back by hand: lockstep rollback --dry-run, with the same command, prints all of it",
        `then lockstep resolve ${migration.id} --as rolled-back, which asks the catalog`,
        "or make its statements such that they may be run again (IF EXISTS), then the same command again",
      ],
    });
  return new LockstepError(didNothing ? "command-did-nothing" : "command-failed", {
    ...common,
    what: didNothing
      ? `${command} ended well and took nothing back`
      : `${command} failed and changed nothing`,
    why: didNothing
      ? "it worked on another database: its address does not come from DATABASE_URL or PG*, though it did so on scratch"
      : "what it said is above",
    next: ["correct what it names, then run the same command again"],
  });
}

/** The error for a way back that has taken back something else than on scratch. */
export function notOnlyIt(
  command: string,
  { id, file }: Migration,
  gone: readonly string[],
): LockstepError {
  return new LockstepError("postcondition-failed", {
    what: `${command} has taken back something else than it did on scratch`,
    expected: `${id} alone`,
    found: gone.join(", "),
    from: file,
    why: "somebody else ran the tool meanwhile, or it decides by something that scratch has not",
    next: gone.map((one) => `lockstep resolve ${one} --as rolled-back, which asks the catalog`),
  });
}

/** The error for a row that is gone while the schema is not as it is to be. */
export function otherwiseBack(
  command: string,
  { id, file }: Migration,
  { tool }: MigrationFolder,
  broken: readonly string[],
): LockstepError {
  return new LockstepError("postcondition-failed", {
    what: `${tool}'s ledger says that ${id} is taken back, and the catalog says otherwise`,
    expected: `what ${command} did on scratch`,
    found: broken.slice(0, 5).join("; "),
    from: file,
    why: "the program did something else here, or somebody changed the schema meanwhile",
    next: [
      "put right what is named above",
      `then lockstep resolve ${id} --as rolled-back, which asks the catalog`,
    ],
  });
}
