import type { Catalog, QualifiedName } from "../../catalog/index.ts";
import type { Session } from "../../pg/index.ts";
import { namePart, quoteIdent } from "../../sql/index.ts";
import { flagColumn } from "../dual-writes/index.ts";
import { fillSql } from "../folder/write.ts";
import type { Plan } from "../model.ts";
import type { Rows, Uncompared } from "./rows.ts";
import { failureOf } from "./run-step.ts";

/**
 * Runs the plan's fills once more: an UPDATE of the migration changes the rows that are there, and what the old release
 * writes after it is not changed, with the plan or without. Rows that triggers keep filled need none of this. A fill that
 * names what is gone by now, or whose rows a key refuses, changes nothing more; the others do.
 * No trigger of the application's fires for it, and no foreign key is looked up.
 */
export async function refill(session: Session, plan: Plan): Promise<void> {
  const kept = `${quoteIdent(flagColumn(plan.id))} = 1`;
  const fills = plan.backfill.flatMap((step) =>
    step.kind === "fill" && step.set !== kept ? [step] : [],
  );
  // Which rows one means may hang on what another has changed: until each has seen what all the others do.
  const rounds = Math.min(fills.length, mostRounds);
  if (rounds === 0) return;
  await session.query("SET session_replication_role = replica");
  for (let round = 0; round < rounds; round++)
    for (const fill of fills) await failureOf(session.query(fillSql(fill)));
  // In a transaction that has failed it comes back with its end.
  await failureOf(session.query("RESET session_replication_role"));
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
