import type { Catalog, QualifiedName } from "../../catalog/index.ts";
import type { Session } from "../../pg/index.ts";
import { namePart, quoteIdent, quoteQualified } from "../../sql/index.ts";
import { flagColumn } from "../dual-writes/index.ts";
import { fillSql } from "../folder/write.ts";
import type { Fill, Plan, TableName } from "../model.ts";
import type { Rows, Uncompared } from "./rows.ts";
import { failureOf } from "./run-step.ts";

/**
 * Runs the plan's fills once more: an UPDATE of the migration changes the rows that are there, and what the old release
 * writes after it is not changed, with the plan or without. Rows that triggers keep filled need none of this. A fill that
 * names what is gone by now, or whose rows a key refuses, changes nothing more; the others do.
 *
 * @param known where the tables may have other names by now: what `filledTables` said of the start
 */
export async function refill(
  session: Session,
  plan: Plan,
  known: FilledTables = new Map(),
): Promise<void> {
  const fills = fillsOf(plan);
  // Which rows one means may hang on what another has changed: until each has seen what all the others do.
  for (let round = 0; round < Math.min(fills.length, mostRounds); round++)
    for (const fill of fills) {
      const table = (await nameOf(session, known.get(fill))) ?? fill.table;
      await failureOf(session.query(fillSql({ ...fill, table })));
    }
}

/** Fills of the migration's own: those of second forms need no repeating. */
function fillsOf(plan: Plan): readonly Fill[] {
  const kept = `${quoteIdent(flagColumn(plan.id))} = 1`;
  return plan.backfill.flatMap((step) => (step.kind === "fill" && step.set !== kept ? [step] : []));
}

/** Object identifiers, which copies of a database share and renames leave alone, of the tables that are filled. */
export type FilledTables = ReadonlyMap<Fill, string>;

export async function filledTables(session: Session, plan: Plan): Promise<FilledTables> {
  const found = new Map<Fill, string>();
  for (const fill of fillsOf(plan)) {
    const name = quoteQualified(fill.table.schema, fill.table.name);
    const [[oid] = []] = await session.queryArrays(
      "SELECT pg_catalog.to_regclass($1)::pg_catalog.oid::text",
      [name],
    );
    if (typeof oid === "string") found.set(fill, oid);
  }
  return found;
}

async function nameOf(session: Session, oid: string | undefined): Promise<TableName | undefined> {
  if (oid === undefined) return undefined;
  const { rows } = await session.query<{ schema: string; name: string }>(
    "SELECT nspname::text AS schema, relname::text AS name FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = relnamespace WHERE c.oid = $1",
    [oid],
  );
  return rows[0];
}

const mostRounds = 4;

/**
 * Without the tables from which rows go for good, or in which they stay, and the plan says so: `deleted rows of
 * public.orders`, `inserted rows of public.orders`.
 */
export function withoutDeleted({ remains }: Plan, catalog: Catalog, rows: Rows): Rows {
  const areDeleted = (table: QualifiedName): boolean =>
    remains.includes(`deleted rows of ${table}`) ||
    (catalog.tables[table]?.inherits ?? []).some(areDeleted);
  // Into a partition, or into the table that it is a partition of.
  const areInserted = (table: QualifiedName): boolean => {
    const parent = catalog.tables[table]?.partitionOf?.table;
    return (
      remains.includes(`inserted rows of ${table}`) || (parent !== undefined && areInserted(parent))
    );
  };
  const isSaid = (table: QualifiedName) => areDeleted(table) || areInserted(table);
  return new Map([...rows].filter(([table]) => !isSaid(table)));
}

/** Values that no abort gives back, and the plan says so: `rows public.orders.status`. */
export function changedForGood(plan: Plan, uncompared: Uncompared, catalog: Catalog): Uncompared {
  const left = new Map<QualifiedName, ReadonlySet<string>>(uncompared);
  for (const remains of plan.remains) {
    const [, table, column] = /^rows (.*)\.("(?:[^"]|"")+"|[^".]+)$/s.exec(remains) ?? [];
    if (table === undefined || column === undefined) continue;
    const name = column === namePart(column) ? column : column.slice(1, -1).replaceAll('""', '"');
    // Rows are compared where they lie: in the partitions, and in what inherits from the table.
    const holds = (one: QualifiedName): boolean => {
      const { partitionOf, inherits = [] } = catalog.tables[one] ?? {};
      return one === table || [partitionOf?.table ?? [], inherits].flat().some(holds);
    };
    for (const part of Object.keys(catalog.tables).filter(holds)) {
      // What is computed from it is not told: any may be.
      const computed = catalog.tables[part]!.columns.filter(({ generated }) => generated !== null);
      const names = [name, ...computed.map((one) => one.name)];
      left.set(part, new Set([...(left.get(part) ?? []), ...names]));
    }
  }
  return left;
}
