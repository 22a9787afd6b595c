import {
  between,
  deletion,
  findKey,
  greatestKey,
  isAt,
  keyAsText,
  keyList,
  where,
  type Cursor,
} from "../../backfill/index.ts";
import { introspect, qualifiedName, type Catalog } from "../../catalog/index.ts";
import type { Session } from "../../pg/index.ts";
import { quoteQualified } from "../../sql/index.ts";
import { treeOf } from "../fillable.ts";
import { tableIn } from "../lookup.ts";
import type { Fill } from "../model.ts";
import { volatileColumns } from "./data/volatile.ts";
import { compareRows, readRows, type RowDifference, type Rows } from "./rows.ts";
import { messageOf, runFill } from "./run-step.ts";

/**
 * Whether a fill ends otherwise in batches than as the one statement that it is here, as the database is; nothing of it
 * stays. So it may where what fires for its rows writes others of the same table: one statement does not see these, the
 * batches that come after do. It is tried row by row, in the order of the key.
 *
 * @returns rows that only one of the two ways leaves, or the server's message when row by row fails; nothing where both end
 *   alike, and where the statement itself fails, which is told elsewhere
 */
export async function apartInBatches(
  session: Session,
  fill: Fill,
): Promise<readonly RowDifference[] | string> {
  if (!(await writesMore(session, fill))) return [];
  const tables = treeIn(await introspect(session), fill);
  const whole = () => rowsAfter(session, tables, () => runFill(session, fill));
  const [once, again] = [await whole(), await whole()];
  if (typeof once === "string" || typeof again === "string") return [];
  const batched = await rowsAfter(session, tables, () => runInBatches(session, fill));
  return typeof batched === "string"
    ? batched
    : compareRows(once, batched, volatileColumns(once, again));
}

/** True when the server writes other rows of the table, its partitions or heirs than those that the statement counts. */
async function writesMore(session: Session, fill: Fill): Promise<boolean> {
  const table = quoteQualified(fill.table.schema, fill.table.name);
  const counts = async () => {
    const [counted] = await session.queryArrays(
      `WITH RECURSIVE tree (oid) AS (
         SELECT $1::regclass::oid UNION SELECT i.inhrelid FROM tree JOIN pg_catalog.pg_inherits i ON i.inhparent = tree.oid)
       SELECT coalesce(sum(n_tup_ins), 0)::float8, coalesce(sum(n_tup_upd), 0)::float8, coalesce(sum(n_tup_del), 0)::float8
         FROM pg_catalog.pg_stat_xact_all_tables WHERE relid IN (SELECT oid FROM tree)`,
      [table],
    );
    return counted as [number, number, number];
  };
  await session.query("BEGIN");
  try {
    const before = await counts();
    const rows = await runFill(session, fill);
    await session.query("SET CONSTRAINTS ALL IMMEDIATE");
    const after = await counts();
    const [inserted, updated, deleted] = after.map(
      (count, n) => count - before[n]!,
    ) as typeof after;
    if (fill.set === deletion) return inserted > 0 || updated > 0 || deleted !== rows;
    // A row that goes into another partition is deleted and inserted.
    return inserted !== deleted || updated + deleted !== rows;
  } catch {
    return false;
  } finally {
    await session.query("ROLLBACK");
  }
}

function treeIn(catalog: Catalog, { table }: Fill): Pick<Catalog, "tables"> {
  const root = tableIn(catalog, table);
  const all = root === undefined ? [] : treeOf(catalog, root);
  return {
    tables: Object.fromEntries(all.map((one) => [qualifiedName(one.schema, one.name), one])),
  };
}

/** The rows of some tables as a change leaves them, or the server's message. */
async function rowsAfter(
  session: Session,
  tables: Pick<Catalog, "tables">,
  change: () => Promise<unknown>,
): Promise<Rows | string> {
  await session.query("BEGIN");
  try {
    await change();
    await session.query("SET CONSTRAINTS ALL IMMEDIATE");
    return await readRows(session, tables);
  } catch (error) {
    return messageOf(error);
  } finally {
    await session.query("ROLLBACK");
  }
}

/** Without a key the rows that are left, or come, are gone through once more. */
async function runInBatches(session: Session, fill: Fill): Promise<void> {
  const table = quoteQualified(fill.table.schema, fill.table.name);
  const key = await findKey(session, table);
  await session.query("SET CONSTRAINTS ALL IMMEDIATE");
  if (key === null) {
    for (let pass = 0; pass < 2; pass++) await runFill(session, fill);
    return;
  }
  const [counted] = await session.queryArrays(`SELECT count(*)::integer FROM ${table}`);
  const [rows] = counted as [number];
  const end = fill.once === true ? await greatestKey(session, table, key) : null;
  let last: Cursor | null = null;
  // Twice as many show that others come all the time; those that are only passed by may be more.
  for (let [changed, passed] = [0, 0]; changed <= 2 * rows && passed <= 20 * rows; passed++) {
    const behind = where(between(key, "t", last, end));
    const [next] = await session.queryArrays(
      `SELECT ${keyAsText(key, "t")} FROM ${table} t ${behind} ORDER BY ${keyList(key, "t")} LIMIT 1`,
    );
    if (next === undefined) return;
    last = next[0] as string[];
    const todo = `(${fill.todo}) AND ${isAt(key, "t", last)}`;
    changed += await runFill(session, { ...fill, todo });
  }
}
