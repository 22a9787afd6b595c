import { sqlState, type CopyFailure, type ServerError, type Session } from "../pg/index.ts";
import { shown, type TableCopy } from "./plan.ts";
import { stopped, toldOf } from "./refuse.ts";
import { copyStatements } from "./statements.ts";

/** Rows of each table that are tried. */
const tried = 200;

/** Classes of SQLSTATE that tell of values, expressions and conditions; others tell of servers and locks. */
const valueStates: ReadonlySet<string> = new Set(["0A", "22", "23", "42", "P0"]);

/**
 * Copies the first rows of each table and takes them back: a mask that a condition refuses is told before the whole is begun.
 * @returns what was refused
 */
export async function tryCopy(
  source: Session,
  target: Session,
  copies: readonly TableCopy[],
): Promise<readonly string[]> {
  const problems: string[] = [];
  for (const copy of copies) {
    await source.query("SAVEPOINT trial");
    await target.query("SAVEPOINT trial");
    try {
      await source.copyTo(target, { ...copyStatements(copy, tried), readsOn: true });
      // Kept, and with it the lock: no other statement may rewrite the table before it is read.
      await source.query("RELEASE SAVEPOINT trial");
    } catch (error) {
      const isOfValues = valueStates.has(sqlState(error)?.slice(0, 2) ?? "");
      if (!isOfValues) throw await stopped(error, copy.table.name, source);
      problems.push(await refusedBy(target, copy, error as CopyFailure));
      await source.query("ROLLBACK TO SAVEPOINT trial");
    }
    await target.query("ROLLBACK TO SAVEPOINT trial");
  }
  return problems;
}

async function refusedBy(
  target: Session,
  { table }: TableCopy,
  error: CopyFailure,
): Promise<string> {
  const { message, constraint, column, where } = error as ServerError;
  if (error.side === "read")
    return `${table.name}: the source refuses its expressions (${toldOf(error)})`;
  await target.query("ROLLBACK TO SAVEPOINT trial");
  const named = column ?? / column (\S+?):/.exec(where ?? "")?.[1];
  const { rows } = await target.query<{ names: string[] }>(
    `SELECT ARRAY(SELECT a.attname::text FROM pg_catalog.pg_attribute a
                   WHERE a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey) ORDER BY a.attnum) AS names
       FROM pg_catalog.pg_constraint k WHERE k.conrelid = $1 AND k.conname = $2`,
    [table.oid, constraint ?? ""],
  );
  const columns = rows[0]?.names ?? (named === undefined ? [] : [named]);
  const at =
    columns.length === 0 ? table.name : columns.map((name) => shown(table, name)).join(", ");
  return `${at}: ${message}`;
}
