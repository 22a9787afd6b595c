import type { Catalog, Table } from "../../../catalog/index.ts";
import type { Session } from "../../../pg/index.ts";
import { quoteIdent, quoteQualified, type Statement } from "../../../sql/index.ts";
import { keepsRows } from "../rows.ts";
import { asReplica, TriedMigration, type Refused } from "./in-transaction.ts";

/** Most tries to find the rows that are at fault in one table; what is not known to be good by then goes. */
const mostTries = 300;

/**
 * Takes away the rows with which the migration, as it was written, would fail: it is run only where there are none, and
 * so is a plan.
 *
 * @returns why it fails however few rows there are, or undefined
 */
export async function keepAccepted(
  session: Session,
  catalog: Catalog,
  naive: readonly Statement[],
): Promise<string | undefined> {
  const tried = new TriedMigration(session, naive);
  const tables = Object.values(catalog.tables).filter(keepsRows);
  for (;;) {
    const refused = await tried.refusal();
    if (refused === undefined) return undefined;
    const table = await tableAtFault(tried, refused, tables);
    if (table === undefined) return refused.message;
    const kept = await goodRows(session, tried, refused, table);
    await withoutTriggers(session, [deleteAllBut(table, kept), ...orphanDeletes(catalog)]);
  }
}

/** The table without whose rows the statement goes well. */
async function tableAtFault(
  tried: TriedMigration,
  { at, table }: Refused,
  tables: readonly Table[],
): Promise<Table | undefined> {
  const isNamed = (one: Table) => one.schema === table?.schema && one.name === table.name;
  const ordered = [...tables.filter(isNamed), ...tables.filter((one) => !isNamed(one))];
  for (const one of ordered) {
    const then = await tried.refusal(asReplica([deleteAllBut(one, [])]));
    if (then === undefined || then.at > at) return one;
  }
  return undefined;
}

/** As many of the table's rows as go well together, found by halving. */
async function goodRows(
  session: Session,
  tried: TriedMigration,
  { at }: Refused,
  table: Table,
): Promise<readonly string[]> {
  const found = await session.queryArrays(
    `SELECT ctid::text FROM ONLY ${quoteQualified(table.schema, table.name)} ORDER BY ctid`,
  );
  let kept: readonly string[] = [];
  let tries = 0;
  const take = async (rows: readonly string[]): Promise<void> => {
    if (rows.length === 0 || tries >= mostTries) return;
    tries++;
    const together = [...kept, ...rows];
    const refused = await tried.refusal(asReplica([deleteAllBut(table, together)]));
    if (refused === undefined || refused.at > at) kept = together;
    else if (rows.length > 1) {
      const half = rows.length >> 1;
      await take(rows.slice(0, half));
      await take(rows.slice(half));
    }
  };
  const rows = found.map(([ctid]) => String(ctid));
  // All of them together are known to fail.
  const half = rows.length >> 1;
  await take(rows.slice(0, half));
  await take(rows.slice(half));
  return kept;
}

function deleteAllBut({ schema, name }: Table, kept: readonly string[]): string {
  const places = kept.map((ctid) => `'${ctid}'`).join(", ");
  return `DELETE FROM ONLY ${quoteQualified(schema, name)} WHERE ctid <> ALL (ARRAY[${places}]::tid[])`;
}

/** One for each foreign key: rows whose parent is gone. */
export function orphanDeletes(catalog: Catalog): readonly string[] {
  const deletes = Object.values(catalog.tables)
    .filter(keepsRows)
    .flatMap((table) =>
      table.constraints.flatMap((key) => {
        if (key.kind !== "foreign-key" || !key.valid || !key.enforced || key.period) return [];
        const parent = catalog.tables[key.references.table];
        if (parent === undefined) return [];
        const pairs = key.columns.map(
          (name, n) => `p.${quoteIdent(key.references.columns[n]!)} = c.${quoteIdent(name)}`,
        );
        const given = key.columns.map((name) => `c.${quoteIdent(name)} IS NOT NULL`);
        return [
          `DELETE FROM ONLY ${quoteQualified(table.schema, table.name)} c WHERE ${given.join(" AND ")}
             AND NOT EXISTS (SELECT FROM ${quoteQualified(parent.schema, parent.name)} p WHERE ${pairs.join(" AND ")})`,
        ];
      }),
    );
  // As often as parents can have parents that go.
  return deletes.flatMap(() => deletes).slice(0, Math.max(deletes.length, 60));
}

/** In one transaction in which no trigger fires and no foreign key is looked up. */
export async function withoutTriggers(
  session: Session,
  statements: readonly string[],
): Promise<void> {
  const head = ["BEGIN", "SET LOCAL session_replication_role = replica"];
  await session.batch([...head, ...statements, "COMMIT"].join("\n;\n"));
}
