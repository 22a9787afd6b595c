import type { Catalog, Column, Table } from "../../catalog/index.ts";
import { quoteIdent } from "../../sql/index.ts";
import { isConstrained } from "../domains.ts";
import { sqlName, type TableChange } from "../lookup.ts";
import type { Refusal } from "./operation.ts";
import { refusesNull } from "./refuses-null.ts";

/**
 * Why a column cannot be added while releases run; undefined when it can.
 * @param isEmptied true when the migration deletes all rows before it
 */
export function refusedColumn(
  after: Catalog,
  table: Table,
  column: Column,
  command: TableChange["command"],
  isEmptied: boolean,
): Refusal["refused"] | undefined {
  const name = `${sqlName(table)}.${quoteIdent(column.name)}`;
  if (column.generated !== null)
    return {
      why: `Postgres computes a stored generated column by writing the whole table again while nobody can read it, and no column can be made one later`,
      instead: [
        "leave the column out and compute the value in a view or in an index over the expression",
        "a plain column that a trigger keeps, filled by UPDATE … WHERE … IS NULL",
        "GENERATED … VIRTUAL (Postgres 18): computed when it is read, so that nothing is written",
      ],
    };
  if (isConstrained(after, column.type))
    return {
      why: `the domain ${column.type.text} of ${name} has a constraint, so that Postgres writes the whole table again while nobody can read it, even when the column is NULL in every row; a column of the domain's base type cannot become one of the domain without it either`,
      instead: [
        "a column of the domain's base type with a CHECK of its own, which lockstep plan adds online",
      ],
    };
  const isFilled = column.default !== null || column.identity !== null;
  const demands = column.notNull !== null ? "is NOT NULL" : checkDemands(command);
  if (demands !== undefined && !isFilled)
    return {
      why: `${name} ${demands} and has no default: ${isEmptied ? "once it is there" : "the statement fails as soon as the table has a row, and"} every INSERT of the release that runs fails${isEmptied ? ", and a row that it writes after the DELETE, which goes before, stops the statement" : " after it"}`,
      instead: [
        "give it a default",
        `add it without ${column.notNull !== null ? "NOT NULL, fill it (UPDATE … WHERE … IS NULL) and SET NOT NULL" : "the check, fill it (UPDATE … WHERE … IS NULL) and ADD CHECK"}, in one migration: lockstep plan puts each in its phase`,
      ],
    };
  return undefined;
}

/** What a check at the new column demands of each row. */
function checkDemands({ def }: TableChange["command"]): string | undefined {
  if (def === undefined || !("ColumnDef" in def)) return undefined;
  const { colname = "", constraints = [] } = def.ColumnDef;
  const refuses = constraints.some(
    (one) =>
      "Constraint" in one &&
      one.Constraint.contype === "CONSTR_CHECK" &&
      refusesNull(one.Constraint.raw_expr, colname),
  );
  return refuses ? "has a check that refuses NULL" : undefined;
}
