import type { Column, Table } from "../../catalog/index.ts";
import { quoteIdent, quoteQualified } from "../../sql/index.ts";
import { madeName } from "../dual-writes/index.ts";
import { transaction, type Step } from "../model.ts";

/**
 * Adds the checks and foreign keys whose definition the naive statement changes, and the column's NOT NULL: first
 * without reading the table, then validated while reads and writes go on. They go with the column that they are on.
 */
export function carriedConstraints(
  before: Table,
  after: Table,
  column: Column,
  plan: string,
): readonly Step[] {
  const table = quoteQualified(before.schema, before.name);
  const changed = after.constraints.flatMap(({ name, kind, definition, valid }) => {
    const was = before.constraints.find((constraint) => constraint.name === name);
    if (was === undefined || was.definition === definition) return [];
    if (kind !== "check" && kind !== "foreign-key") return [];
    return validatedLater(table, madeName(name, plan), definition, valid);
  });
  return column.nullable ? changed : [...changed, ...requiredLater(table, column.name, plan)];
}

/** @param valid false for a constraint that is NOT VALID as it is: `definition` says so already */
function validatedLater(
  table: string,
  name: string,
  definition: string,
  valid: boolean,
): readonly Step[] {
  const quoted = quoteIdent(name);
  const add = `ALTER TABLE ${table} ADD CONSTRAINT ${quoted} ${definition}`;
  const what = `${quoted} on ${table}`;
  if (!valid) return [transaction(`constraint ${what}`, [add])];
  return [
    transaction(`constraint ${what}, for new rows`, [`${add} NOT VALID`]),
    transaction(`constraint ${what}, for the rows that are there`, [
      `ALTER TABLE ${table} VALIDATE CONSTRAINT ${quoted}`,
    ]),
  ];
}

/** NOT NULL proven by a check, which then goes (ATExecSetNotNull, NotNullImpliedByRelConstraints). */
function requiredLater(table: string, column: string, plan: string): readonly Step[] {
  const [quoted, check] = [quoteIdent(column), madeName(column, "is_set", plan)];
  return [
    ...validatedLater(table, check, `CHECK (${quoted} IS NOT NULL)`, true),
    transaction(`${quoted} NOT NULL, which the constraint proves without a scan`, [
      `ALTER TABLE ${table} ALTER COLUMN ${quoted} SET NOT NULL`,
    ]),
    transaction(`${quoteIdent(check)} has done its work`, [
      `ALTER TABLE ${table} DROP CONSTRAINT IF EXISTS ${quoteIdent(check)}`,
    ]),
  ];
}
