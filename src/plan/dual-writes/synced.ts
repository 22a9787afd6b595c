import { LockstepError } from "../../errors/index.ts";
import { rowExpression } from "./expression.ts";
import type { SyncedColumn, SyncedColumns } from "./function-body.ts";
import type { MappedColumn, Mapping } from "./mapping.ts";

/** Bits of the flag column that an INSERT can note absent columns in; bit 0 says that the row is filled. */
const mostSensors = 30;

/**
 * The mappings with their expressions read, and with a bit for each column whose absence from an INSERT only its
 * default can tell.
 *
 * @throws LockstepError `plan-expression`
 */
export async function syncedColumns(
  mappings: readonly Mapping[],
  table: string,
  origin: string,
): Promise<readonly SyncedColumns[]> {
  let sensors = 0;
  const synced: SyncedColumns[] = [];
  for (const mapping of mappings) {
    // A column that never holds NULL tells by itself whether the new release wrote the row.
    const own = mapping.new.some(({ nullable }) => !nullable);
    const columns: SyncedColumn[] = [];
    for (const column of mapping.new) {
      const from = await readFrom(column, mapping.old, table, column.origin ?? origin);
      // NULL is not what a default stands for.
      const isSensed = !own || (column.nullable && column.default !== undefined);
      if (isSensed && ++sensors > mostSensors) throw tooMany(table, origin);
      columns.push({ ...column, from, absent: isSensed ? 2 ** sensors : undefined });
    }
    const old: SyncedColumn[] = [];
    for (const column of mapping.old) {
      const from = await readFrom(column, mapping.new, table, column.origin ?? origin);
      old.push({ ...column, from, absent: undefined });
    }
    synced.push({ old, new: columns });
  }
  return synced;
}

async function readFrom(
  { name, from }: MappedColumn,
  other: readonly MappedColumn[],
  table: string,
  origin: string,
) {
  const expression = await rowExpression(from, table, origin);
  const known = new Set(other.map((column) => column.name));
  const foreign = [...expression.columns].filter((column) => !known.has(column));
  if (foreign.length === 0) return expression;
  throw new LockstepError("plan-expression", {
    what: `${origin}: the value of ${table}.${name} is to come from ${foreign.join(", ")}, which the other release does not write for it`,
    expected: `an expression over ${[...known].join(", ")} only`,
    found: from,
    from: origin,
    why: "both releases write in between: a column that both share would tell neither who has to compute the other form",
    next: [
      `name ${foreign.join(", ")} among the columns that are converted, or leave it out of the expression`,
    ],
  });
}

function tooMany(table: string, origin: string): LockstepError {
  return new LockstepError("plan-expression", {
    what: `${origin}: more than ${mostSensors} nullable columns of ${table} change their form in one plan`,
    expected: `at most ${mostSensors}`,
    found: "more",
    from: origin,
    why: "whether an INSERT gave each of them is noted in one integer of the row",
    next: ["split the migration: each plan has its own note"],
  });
}
