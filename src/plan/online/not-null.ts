import { quoteIdent } from "../../sql/index.ts";
import type { Column } from "../../catalog/index.ts";
import { madeName } from "../dual-writes/index.ts";
import { sqlName } from "../lookup.ts";
import { isSet } from "../null-test.ts";
import { transaction, type Change, type Step, type TableName } from "../model.ts";

export interface RequiredColumn {
  readonly table: TableName;
  readonly column: string;
  readonly type: Column["type"];
  /** Name that the constraint gets on Postgres 18; before it has none. */
  readonly constraint: string | null;
  readonly noInherit: boolean;
  readonly plan: string;
  readonly major: number;
}

/**
 * Makes a column NOT NULL without reading the table under a lock that anybody waits for. Postgres 18 has NOT NULL as a
 * constraint that can be validated later; before, a validated check proves it (ATExecSetNotNull,
 * NotNullImpliedByRelConstraints), which then goes.
 */
export function requiredSteps(required: RequiredColumn): readonly Step[] {
  const table = sqlName(required.table);
  const column = quoteIdent(required.column);
  return required.major >= 18
    ? requiredByConstraint(required, table, column)
    : requiredByCheck(required, table, column);
}

/**
 * The same as an undo of `DROP NOT NULL`: harmless where the column is still NOT NULL. Rows that hold NULL by then make
 * it fail.
 */
export function requiredAgain(required: RequiredColumn): readonly Change[] {
  const table = sqlName(required.table);
  const check = quoteIdent(checkName(required));
  const drop = `ALTER TABLE ${table} DROP CONSTRAINT IF EXISTS ${check}`;
  return requiredSteps(required).flatMap((step, n): readonly Change[] => {
    if (step.kind !== "transaction") return [];
    const isAgain = n === 0 && required.major < 18;
    const statements = isAgain ? [drop, ...step.statements] : step.statements;
    return [{ kind: "transaction", statements }];
  });
}

function checkName({ column, plan }: RequiredColumn): string {
  return madeName(column, "is_set", plan);
}

function requiredByConstraint(
  { constraint, noInherit }: RequiredColumn,
  table: string,
  column: string,
): readonly Step[] {
  const name = quoteIdent(constraint ?? "");
  const inherit = noInherit ? " NO INHERIT" : "";
  return [
    transaction(`${column} of ${table} NOT NULL, for new rows`, [
      `ALTER TABLE ${table} ADD CONSTRAINT ${name} NOT NULL ${column}${inherit} NOT VALID`,
    ]),
    transaction(`${column} of ${table} NOT NULL, for the rows that are there`, [
      `ALTER TABLE ${table} VALIDATE CONSTRAINT ${name}`,
    ]),
  ];
}

function requiredByCheck(required: RequiredColumn, table: string, column: string): readonly Step[] {
  const check = quoteIdent(checkName(required));
  const only = required.noInherit ? "ONLY " : "";
  const inherit = required.noInherit ? " NO INHERIT" : "";
  return [
    transaction(`${column} of ${table} NOT NULL, for new rows`, [
      `ALTER TABLE ${table} ADD CONSTRAINT ${check} CHECK (${isSet(column, required)})${inherit} NOT VALID`,
    ]),
    transaction(`${column} of ${table} NOT NULL, for the rows that are there`, [
      `ALTER TABLE ${table} VALIDATE CONSTRAINT ${check}`,
    ]),
    transaction(`${column} of ${table} NOT NULL, which the constraint proves without a scan`, [
      `ALTER TABLE ${only}${table} ALTER COLUMN ${column} SET NOT NULL`,
    ]),
    transaction(`${check} has done its work`, [
      `ALTER TABLE ${table} DROP CONSTRAINT IF EXISTS ${check}`,
    ]),
  ];
}
