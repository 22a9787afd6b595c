import type { Index, Table } from "../../catalog/index.ts";
import { columnIn, tableIn } from "../lookup.ts";
import type { OperationInput } from "./operation.ts";

/**
 * True when no two rows that are there, or that the old release writes, can be equal for a new unique index: another one
 * of fewer columns, which stays, refuses them already, or they are NULL in a column that nothing fills.
 */
export function areNeverEqual(
  { start, after, preceding, following }: OperationInput,
  table: Pick<Table, "schema" | "name">,
  index: Index,
): boolean {
  const first = tableIn(start, table);
  const last = tableIn(after, table);
  if (first === undefined || last === undefined) return false;
  if (index.nullsNotDistinct) return false;
  const stays = last.indexes.map(({ name }) => name);
  if (first.indexes.some((one) => stays.includes(one.name) && isNarrower(one, index))) return true;
  const others = [...preceding, ...following];
  const isFilled = others.some(
    ({ comments, effect }) =>
      comments.some((line) => line.startsWith("lockstep:")) ||
      effect.work.some(({ kind }) => kind === "row-change"),
  );
  return (
    !isFilled &&
    index.keys.some(({ column }) => {
      const own = column === null ? undefined : columnIn(last, column);
      const isNew = own !== undefined && columnIn(first, own.name) === undefined;
      return isNew && own.default === null && own.identity === null && own.generated === null;
    })
  );
}

/** With its keys among the other's, compared alike, for the same rows or more. */
function isNarrower(one: Index, other: Index): boolean {
  return (
    one.unique &&
    one.valid &&
    (one.predicate === null || one.predicate === other.predicate) &&
    one.keys.every((key) =>
      other.keys.some(
        ({ column, opclass, collation }) =>
          column !== null &&
          column === key.column &&
          opclass === key.opclass &&
          collation === key.collation,
      ),
    )
  );
}
