import { LockstepError } from "../../../errors/index.ts";
import { parseLoaded, quoteIdent } from "../../../sql/index.ts";
import type { Mapping } from "../../dual-writes/index.ts";
import type { NaiveStatement } from "../operation.ts";

/** A column whose refused values are parked, and the line that says so. */
export interface Parked {
  readonly column: string;
  readonly origin: string;
}

/**
 * The lines `-- lockstep: park column` in front of a statement.
 * @throws LockstepError `plan-expression`
 */
export function parkedOf({ commented, file }: NaiveStatement): readonly Parked[] {
  return commented.flatMap(({ text, line }) => {
    const written = /^lockstep:\s*park\s+(.*)$/s.exec(text)?.[1];
    if (written === undefined || written.includes("=")) return [];
    const origin = `${file}:${line}`;
    const column = columnName(written, origin);
    if (column === undefined)
      throw wrong(origin, written, {
        what: "this line for Lockstep names no column to be parked",
        expected: "-- lockstep: park column",
        next: "write one column a line",
      });
    return [{ column, origin }];
  });
}

function columnName(written: string, origin: string): string | undefined {
  try {
    const [statement, ...more] = parseLoaded(`SELECT FROM t ORDER BY ${written}`, origin);
    const node = statement?.node;
    if (more.length > 0 || node === undefined || !("SelectStmt" in node)) return undefined;
    const [sort, ...others] = node.SelectStmt.sortClause ?? [];
    if (others.length > 0 || sort === undefined || !("SortBy" in sort)) return undefined;
    const value = sort.SortBy.node;
    if (value === undefined || !("ColumnRef" in value)) return undefined;
    const [field, ...deeper] = value.ColumnRef.fields ?? [];
    return field !== undefined && deeper.length === 0 && "String" in field
      ? field.String.sval
      : undefined;
  } catch (error) {
    if (error instanceof LockstepError) return undefined;
    throw error;
  }
}

/**
 * The mappings with what is parked.
 * @throws LockstepError `plan-expression` for a column that cannot be parked
 */
export function withParked(
  mappings: readonly Mapping[],
  parked: readonly Parked[],
): readonly Mapping[] {
  for (const { column, origin } of parked) {
    const mapping = mappings.find((one) => one.new.some(({ name }) => name === column));
    const own = mapping?.new.find(({ name }) => name === column);
    if (mapping === undefined || own === undefined)
      throw wrong(origin, column, {
        what: `${quoteIdent(column)} is no new column that is computed from old ones`,
        expected: "a column that the migration adds, with an expression for it",
        next: "park the new column: what the old release reads is never parked, so that it loses nothing",
      });
    if (!own.nullable)
      throw wrong(origin, `${quoteIdent(column)} NOT NULL`, {
        what: `${quoteIdent(column)} cannot be parked: it is NOT NULL`,
        expected: "a column that may be NULL: a row whose value is parked has none",
        next: "leave NOT NULL to a later migration, or write an expression that gives something for such values",
      });
    if (mapping.new.length > 1)
      throw wrong(origin, mapping.new.map(({ name }) => name).join(", "), {
        what: `${quoteIdent(column)} cannot be parked: others are computed from the same columns`,
        expected: "a column that alone is computed from its old ones",
        next: "write an expression that gives something for such values: the old form would be computed from the other columns, without the parked one",
      });
  }
  const names = new Set(parked.map(({ column }) => column));
  return mappings.map((mapping) => ({
    ...mapping,
    new: mapping.new.map((column) =>
      names.has(column.name) ? { ...column, parks: true } : column,
    ),
  }));
}

function wrong(
  origin: string,
  found: string,
  say: { readonly what: string; readonly expected: string; readonly next: string },
): LockstepError {
  return new LockstepError("plan-expression", {
    what: `${origin}: ${say.what}`,
    expected: say.expected,
    found,
    from: origin,
    why: "a parked value stays in the old form alone, and the row has NULL in the new one until it is put right",
    next: [say.next],
  });
}
