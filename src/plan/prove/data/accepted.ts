import type { Catalog, Table } from "../../../catalog/index.ts";
import type { Session } from "../../../pg/index.ts";
import { qualifiedName, quoteIdent, quoteQualified, type Statement } from "../../../sql/index.ts";
import { keepsRows } from "../rows.ts";
import { asReplica, TriedMigration, withoutTriggers, type Refused } from "./in-transaction.ts";
import { keepIndexed } from "./indexed-rows.ts";
import { largestGood } from "./largest-good.ts";

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
    const groups = groupsOf(refused, catalog, tables);
    const group = await tablesAtFault(tried, refused, groups);
    if (group !== undefined) {
      const kept = await goodRows(session, tried, refused, group);
      await withoutTriggers(session, deletesAllBut(group, kept));
    } else if (!(await keepIndexed(session, tried, refused, groups))) return refused.message;
    await withoutTriggers(session, orphanDeletes(catalog));
  }
}

/** Where rows may be at fault: in one table, in one with its partitions or children, or in all. */
function groupsOf(
  { table }: Refused,
  catalog: Catalog,
  tables: readonly Table[],
): readonly (readonly Table[])[] {
  const isNamed = (one: Table) => one.schema === table?.schema && one.name === table.name;
  const named = tables.find(isNamed);
  const families = new Map<string, Table[]>();
  for (const one of tables) {
    const ancestor = ancestorOf(catalog, one);
    families.set(ancestor, [...(families.get(ancestor) ?? []), one]);
  }
  return [
    ...(named === undefined ? [] : [[named], families.get(ancestorOf(catalog, named))!]),
    ...tables.map((one) => [one]),
    ...families.values(),
    tables,
  ];
}

/** The tables without whose rows the statement goes well. */
async function tablesAtFault(
  tried: TriedMigration,
  { at }: Refused,
  groups: readonly (readonly Table[])[],
): Promise<readonly Table[] | undefined> {
  for (const group of groups) {
    const then = await tried.refusal(asReplica(deletesAllBut(group, [])));
    if (then === undefined || then.at > at) return group;
  }
  return undefined;
}

function ancestorOf(catalog: Catalog, { schema, name, partitionOf, inherits }: Table): string {
  const parent = catalog.tables[partitionOf?.table ?? inherits[0] ?? ""];
  return parent === undefined ? qualifiedName(schema, name) : ancestorOf(catalog, parent);
}

/** A row's table and its place in it. */
type RowPlace = readonly [table: Table, ctid: string];

/** As many of the tables' rows as go well together, found by halving. */
async function goodRows(
  session: Session,
  tried: TriedMigration,
  { at }: Refused,
  group: readonly Table[],
): Promise<readonly RowPlace[]> {
  const rows: RowPlace[] = [];
  for (const table of group) {
    const found = await session.queryArrays(
      `SELECT ctid::text FROM ONLY ${quoteQualified(table.schema, table.name)} ORDER BY ctid`,
    );
    rows.push(...found.map(([ctid]): RowPlace => [table, String(ctid)]));
  }
  return largestGood(rows, async (some) => {
    const then = await tried.refusal(asReplica(deletesAllBut(group, some)));
    return then === undefined || then.at > at;
  });
}

function deletesAllBut(group: readonly Table[], kept: readonly RowPlace[]): readonly string[] {
  return group.map((table) => {
    const places = kept.flatMap(([own, ctid]) => (own === table ? [`'${ctid}'`] : []));
    return `DELETE FROM ONLY ${quoteQualified(table.schema, table.name)} WHERE ctid <> ALL (ARRAY[${places.join(", ")}]::tid[])`;
  });
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
