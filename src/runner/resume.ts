import { LockstepError } from "../errors/index.ts";
import type { UnitRow } from "../ledger/index.ts";
import type { Statement } from "../sql/index.ts";
import type { Migration } from "../tools/index.ts";
import type { RunContext } from "./context.ts";
import { examineAsRun } from "./examine-as-run.ts";
import { bodyOf, textsOf } from "./tree.ts";
import type { Unit } from "./units.ts";

/**
 * Decides where a migration that an earlier run began is to be taken up: the numbers of its units that are done.
 * Their statements must be the ones that were run, and what they made must still be in the catalog, unless a later
 * unit of the same file may have changed it.
 *
 * @throws LockstepError `migration-unresolved`
 */
export async function resumePoint(
  context: RunContext,
  migration: Migration,
  units: readonly Unit[],
  rows: readonly UnitRow[],
): Promise<ReadonlySet<number>> {
  for (const row of rows) refuseEdited(migration, units[row.number], row);
  const numbers = rows.filter(({ state }) => state === "done").map(({ number }) => number);
  const done = units.filter(({ number }) => numbers.includes(number));
  for (const unit of done) {
    const later = done.filter(({ number }) => number > unit.number);
    const laterStatements = later.flatMap(({ statements }) => statements);
    await requireEffect(context, migration, unit, laterStatements);
  }
  return new Set(numbers);
}

/** What ran may not be edited; what is to run may. */
function refuseEdited(migration: Migration, unit: Unit | undefined, row: UnitRow): void {
  if (unit?.hash === row.hash) return;
  const leftNothing = row.state === "failed" && row.failure?.remained === "nothing";
  if (leftNothing) return;
  const place = `${migration.file}:${row.line}`;
  throw new LockstepError("migration-unresolved", {
    what: `${migration.file} was changed where it is already applied`,
    expected: `the statements from line ${row.line} on as they were run on ${row.at.toISOString()}`,
    found: unit === undefined ? "a file that ends before them" : "other statements",
    from: place,
    why: "only statements that were not run yet may be corrected after a failure",
    next: [
      `bring those statements back: git log -p -- ${migration.file}; write what should change after them`,
      `or settle it by the catalog: lockstep resolve ${migration.id} --as applied, or --as rolled-back`,
    ],
  });
}

async function requireEffect(
  context: RunContext,
  migration: Migration,
  unit: Unit,
  later: readonly Statement[],
): Promise<void> {
  const wanted = unit.statements.filter((statement, index) => {
    const rest = [...unit.statements.slice(index + 1), ...later];
    return !rest.some((other) => mayUndo(other, statement));
  });
  const { session } = context.worker;
  for (const [statement, { failing }] of await examineAsRun(session, unit))
    if (wanted.includes(statement) && failing.length > 0)
      throw vanished(migration, statement, failing);
}

function vanished(
  migration: Migration,
  statement: Statement,
  failing: readonly string[],
): LockstepError {
  const place = `${migration.file}:${statement.line}`;
  return new LockstepError("migration-unresolved", {
    what: `${place} is recorded as done, but the catalog does not show it`,
    expected: failing.join("\n"),
    found: "not so in the catalog",
    from: place,
    why: "somebody took it back by hand after the failed run, or the database was restored from a backup",
    next: [
      `make it so by hand, then run the same command again`,
      `or start the migration over: lockstep resolve ${migration.id} --as rolled-back`,
    ],
  });
}

/** Kinds of statements that take away or rename what an earlier one made, or may do anything. */
const undoing = new Set([
  "AlterEnumStmt",
  "AlterObjectSchemaStmt",
  "AlterTableStmt",
  "CallStmt",
  "DoStmt",
  "DropStmt",
  "RenameStmt",
  "SelectStmt",
]);

/** Whether a later statement may have undone an earlier one: an undoing kind that shares a name with it. */
function mayUndo(later: Statement, earlier: Statement): boolean {
  if (!undoing.has(later.kind)) return false;
  if (["CallStmt", "DoStmt", "SelectStmt"].includes(later.kind)) return true;
  const names = namesIn(earlier);
  return [...namesIn(later)].some((name) => names.has(name));
}

const nameMembers = new Set([
  "relname",
  "colname",
  "conname",
  "idxname",
  "name",
  "newname",
  "subname",
  "sval",
  "trigname",
]);
const typeMembers = new Set(["typeName", "argType", "returnType", "schemaname"]);

function namesIn(statement: Statement): ReadonlySet<string> {
  const names = new Set<string>();
  JSON.stringify(bodyOf(statement), (member, value: unknown) => {
    // What CREATE TYPE and ALTER TYPE … ADD VALUE are about is a list; a column's type has a node of its own.
    if (member === "typeName" && Array.isArray(value)) names.add(textsOf(value).at(-1) ?? "");
    if (typeMembers.has(member)) return undefined;
    if (nameMembers.has(member) && typeof value === "string") names.add(value);
    return value;
  });
  return names;
}
