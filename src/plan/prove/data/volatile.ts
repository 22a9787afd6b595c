import type { Catalog, QualifiedName, Table } from "../../../catalog/index.ts";
import type { Session } from "../../../pg/index.ts";
import { quoteIdent, quoteLiteral, quoteQualified } from "../../../sql/index.ts";
import { compareRows, keepsRows, type Rows, type Uncompared } from "../rows.ts";
import { withoutTriggers } from "./in-transaction.ts";

/**
 * Gives the same rows other places, and sequences other numbers: what depends on them will differ. The numbers are more than
 * what statements that are tried and rolled back use up, where a sequence has as many.
 */
export async function disturb(session: Session, { tables }: Catalog): Promise<void> {
  const loops = Object.values(tables).flatMap((table) => {
    const column = table.columns.find(
      ({ generated, identity }) => generated === null && identity?.generation !== "always",
    );
    if (!keepsRows(table) || column === undefined) return [];
    const sql = quoteQualified(table.schema, table.name);
    const name = quoteIdent(column.name);
    return [
      `FOR lockstep_place IN SELECT ctid FROM ONLY ${sql} ORDER BY ctid DESC LOOP
         UPDATE ONLY ${sql} SET ${name} = ${name} WHERE ctid = lockstep_place; END LOOP;`,
    ];
  });
  const program = `DECLARE lockstep_place tid; one record; BEGIN ${loops.join("\n")}
    FOR one IN
      SELECT seqrelid::regclass AS name, least(1009, greatest(7, CASE WHEN seqincrement > 0
          THEN (seqmax::numeric - at) / seqincrement ELSE (seqmin::numeric - at) / seqincrement END / 1000))::integer AS numbers
        FROM pg_catalog.pg_sequence, coalesce(pg_catalog.pg_sequence_last_value(seqrelid), seqstart) AS at
    LOOP
      BEGIN
        FOR n IN 1..one.numbers LOOP PERFORM pg_catalog.nextval(one.name); END LOOP;
      EXCEPTION WHEN OTHERS THEN NULL;
      END;
    END LOOP; END`;
  await withoutTriggers(session, [`DO ${quoteLiteral(program)}`]);
}

/**
 * Columns in which the same migration on the same rows, twice, leaves other values: of the clock, of chance, of
 * sequences, of the order in which rows lie.
 *
 */
export function volatileColumns(once: Rows, again: Rows): Uncompared {
  const found = new Map<QualifiedName, ReadonlySet<string>>();
  for (const [table, { columns }] of once) {
    const left = new Set(columns.filter((name) => differs(once, again, table, columns, name)));
    if (left.size > 0) found.set(table, left);
  }
  for (const { table } of compareRows(once, again, found))
    found.set(table, wholeRowsOf(once, again, table, found.get(table) ?? new Set()));
  return found;
}

/**
 * New columns of tables that were there, whose numbers come from a sequence of their own: which row gets which, nobody
 * decides, even where there are too few rows for two runs to show it.
 */
export function numberedColumns(before: Catalog, after: Catalog): Uncompared {
  const found = new Map<QualifiedName, ReadonlySet<string>>();
  for (const [name, table] of Object.entries(after.tables)) {
    const known = before.tables[name]?.columns.map((column) => column.name);
    if (known === undefined) continue;
    const above = ancestorsOf(name, table, after);
    const own = table.columns.filter(
      (column) => !known.includes(column.name) && isNumbered(column.name, above, after),
    );
    if (own.length > 0) found.set(name, new Set(own.map((column) => column.name)));
  }
  return found;
}

/** The table and those that it is a partition or child of. */
function ancestorsOf(
  name: QualifiedName,
  table: Table,
  catalog: Catalog,
): readonly QualifiedName[] {
  const parents = [
    ...table.inherits,
    ...(table.partitionOf === null ? [] : [table.partitionOf.table]),
  ];
  return [
    name,
    ...parents.flatMap((parent) => {
      const above = catalog.tables[parent];
      return above === undefined ? [] : ancestorsOf(parent, above, catalog);
    }),
  ];
}

function isNumbered(
  name: string,
  tables: readonly QualifiedName[],
  { tables: all, sequences }: Catalog,
): boolean {
  return (
    Object.values(sequences).some(
      ({ ownedBy }) => ownedBy?.column === name && tables.includes(ownedBy.table),
    ) ||
    tables.some((table) =>
      all[table]?.columns.some((column) => column.name === name && column.identity !== null),
    )
  );
}

/** Both. */
export function bothUncompared(one: Uncompared, other: Uncompared): Uncompared {
  const all = new Map(one);
  for (const [table, columns] of other)
    all.set(table, new Set([...(all.get(table) ?? []), ...columns]));
  return all;
}

/** The values of the column alone, whichever rows they stand in. */
function differs(
  once: Rows,
  again: Rows,
  table: QualifiedName,
  columns: readonly string[],
  name: string,
): boolean {
  const others = new Set(columns.filter((other) => other !== name));
  return differ(once, again, table, others);
}

/** Columns without which the rows are the same, as few as can be told one after the other. */
function wholeRowsOf(
  once: Rows,
  again: Rows,
  table: QualifiedName,
  known: ReadonlySet<string>,
): ReadonlySet<string> {
  const { columns } = once.get(table)!;
  const left = new Set(columns);
  for (const name of columns)
    if (!known.has(name)) {
      left.delete(name);
      if (differ(once, again, table, left)) left.add(name);
    }
  return left;
}

function differ(once: Rows, again: Rows, table: QualifiedName, left: ReadonlySet<string>): boolean {
  const one = (rows: Rows): Rows => new Map([[table, rows.get(table)!]]);
  return compareRows(one(once), one(again), new Map([[table, left]])).length > 0;
}
