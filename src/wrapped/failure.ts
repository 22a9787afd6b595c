import { LockstepError, type Explanation } from "../errors/index.ts";
import { lastWords } from "../processes/index.ts";
import type { Migration, MigrationFolder, NativeLedger, Stuck } from "../tools/index.ts";
import type { Seen } from "./watch.ts";

interface CommandEnd {
  readonly command: string;
  /** `exit code 1` */
  readonly ended: string;
  /** Its last lines. */
  readonly tail: readonly string[];
  readonly seen: Seen;
  /** True when it gave way to other sessions. */
  readonly isLock: boolean;
  /** True when nothing of a migration that fails remains. */
  readonly isWhole: boolean;
  readonly applied: readonly Migration[];
  readonly pending: readonly Migration[];
  /** True when the catalog or the ledger is not as before. */
  readonly isChanged: boolean;
  readonly ledger: NativeLedger;
  readonly attempts: number;
}

/** The error for a command that has not applied everything: what counts is what the database shows. */
export function commandEnd(end: CommandEnd): LockstepError {
  const { command, ended, tail, isLock, applied, pending, isChanged, ledger } = end;
  const [first] = pending;
  const said = lastWords(tail, 8);
  const rows = `${applied.length} of ${applied.length + pending.length} migrations are in ${ledger.schema}.${ledger.table} now; "${first!.id}" is not`;
  const remained = isChanged
    ? applied.length > 0
      ? "what is in the ledger is applied and recorded"
      : "the catalog is not as it was before, though nothing is in the ledger: something of the migration remained"
    : "ledger and catalog are as they were before";
  const found = [`${ended}; ${rows}; ${remained}`, said].filter(Boolean).join("\n");
  const common = { found, from: first!.file, expected: "every pending migration applied" };
  if (isLock)
    return gaveWay(
      end,
      common,
      "it is not run again by itself: a migration without transaction may have left a part of it, rows included",
    );
  if (isChanged)
    return new LockstepError("command-incomplete", {
      ...common,
      what: `${command} stopped half-way`,
      why: "a migration failed; those before it are applied",
      next: [
        "correct the migration that failed, then run the same command again: it goes on behind what is applied",
      ],
    });
  if (ended === "exit code 0")
    return new LockstepError("command-did-nothing", {
      ...common,
      what: `${command} ended well and applied nothing`,
      why: "it worked on another database (its address does not come from DATABASE_URL or PG*), on another folder, or takes the migrations for applied",
      next: [
        "let the tool's configuration read DATABASE_URL, or name its variable: environments: { … urlEnv }",
        "see what the tool itself says of the database: its own status command",
      ],
    });
  return new LockstepError("command-failed", {
    ...common,
    what: `${command} failed and changed nothing`,
    why: "what it said is above",
    next: ["correct what it names, then run the same command again"],
  });
}

/**
 * The error for a command that gave way to other sessions.
 * @param torn what is to be known of one of which something may remain
 */
export function gaveWay(
  {
    command,
    attempts,
    seen,
    isWhole,
  }: Pick<CommandEnd, "command" | "attempts" | "seen" | "isWhole">,
  common: Omit<Explanation, "what" | "why" | "next">,
  torn: string,
): LockstepError {
  const times = attempts === 1 ? "" : `${attempts} times `;
  return new LockstepError("lock-timeout", {
    ...common,
    what: `${command} gave way to other sessions ${times}and did not get its lock`,
    why:
      seen.blockers.length > 0
        ? `in its way: ${seen.blockers.join("; ")}`
        : "another session held a conflicting lock, or took the same locks in another order",
    next: isWhole
      ? ["run it again when they are done: lockstep blockers list"]
      : [
          torn,
          "look what it left, then run it again: lockstep blockers list shows who was in the way",
        ],
  });
}

/** The error for a tool whose own command would refuse, or wait for ever. */
export function stuckTool({ path }: MigrationFolder, stuck: Stuck): LockstepError {
  return new LockstepError("migration-unresolved", {
    what: stuck.what,
    expected: "a tool that is ready to run",
    found: stuck.found,
    from: path,
    why: stuck.why,
    next: [stuck.next],
  });
}
