import type { Catalog, Column, Table } from "../../catalog/index.ts";
import { quoteIdent } from "../../sql/index.ts";
import { madeName } from "../dual-writes/index.ts";
import { sqlName } from "../lookup.ts";
import { transaction, type Step } from "../model.ts";
import { isSet } from "../null-test.ts";
import { validatedSteps } from "../online/validated.ts";

export interface CarriedColumn {
  /** The catalogs on both sides of the statement that makes it. */
  readonly before: Catalog;
  readonly after: Catalog;
  /** The table as each of them has it. */
  readonly table: Table;
  readonly afterwards: Table;
  /** The second form. */
  readonly column: Column;
  readonly plan: string;
  readonly major: number;
}

/**
 * Adds the checks and foreign keys whose definition the naive statement changes, and the column's NOT NULL: first
 * without reading the table, then validated while reads and writes go on. They go with the column that they are on.
 */
export function carriedConstraints(carried: CarriedColumn): readonly Step[] {
  const { before, after, table, afterwards, column, plan, major } = carried;
  const nameOf = (name: string) => madeName(name, plan);
  const changed = afterwards.constraints.flatMap((constraint) => {
    const was = table.constraints.find(({ name }) => name === constraint.name);
    if (was === undefined || was.definition === constraint.definition) return [];
    if (constraint.kind !== "check" && constraint.kind !== "foreign-key") return [];
    return validatedSteps({ before, after, table: afterwards, constraint, major, nameOf });
  });
  return column.nullable ? changed : [...changed, ...requiredLater(sqlName(table), column, plan)];
}

/** NOT NULL proven by a check, which then goes (ATExecSetNotNull, NotNullImpliedByRelConstraints). */
function requiredLater(table: string, column: Column, plan: string): readonly Step[] {
  const [quoted, check] = [quoteIdent(column.name), madeName(column.name, "is_set", plan)];
  return [
    transaction(`${quoted} NOT NULL, for new rows`, [
      `ALTER TABLE ${table} ADD CONSTRAINT ${quoteIdent(check)} CHECK (${isSet(quoted, column)}) NOT VALID`,
    ]),
    transaction(`${quoted} NOT NULL, for the rows that are there`, [
      `ALTER TABLE ${table} VALIDATE CONSTRAINT ${quoteIdent(check)}`,
    ]),
    transaction(`${quoted} NOT NULL, which the constraint proves without a scan`, [
      `ALTER TABLE ${table} ALTER COLUMN ${quoted} SET NOT NULL`,
    ]),
    transaction(`${quoteIdent(check)} has done its work`, [
      `ALTER TABLE ${table} DROP CONSTRAINT IF EXISTS ${quoteIdent(check)}`,
    ]),
  ];
}
