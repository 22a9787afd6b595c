import { quoteIdent } from "../../sql/index.ts";
import { columnIn, sqlName, tableChange, tableIn } from "../lookup.ts";
import { transaction, type Step, type TableName } from "../model.ts";
import { requiredSteps } from "../online/not-null.ts";
import { addedBy, cameWithDefault, givesEach, valuesGiven } from "./change-rows/index.ts";
import { isGivenFirst } from "./default-first.ts";
import type { OperationInput, Recognised } from "./operation.ts";

/**
 * `ALTER COLUMN … SET NOT NULL`, or `ADD CONSTRAINT … NOT NULL` (18). The old release may write NULL as long as it
 * runs, so all of it belongs to the contract phase.
 */
export function setNotNull(input: OperationInput): Recognised | undefined {
  const { statement, before, after, existed, plan, searchPath, major } = input;
  const { node } = statement;
  const change = tableChange(node, before, searchPath);
  if (change === undefined || !existed(change.table)) return undefined;
  const { table, command, recurses } = change;
  const name = requiredColumn(command);
  if (name === undefined) return undefined;
  const was = columnIn(table, name)?.notNull;
  const column = columnIn(tableIn(after, table)!, name);
  if (column?.notNull === undefined || column.notNull === null) return undefined;
  const { name: constraint, valid, noInherit } = column.notNull;
  const steps =
    was?.valid === false
      ? [validated(sqlName(table), name, constraint ?? "")]
      : requiredSteps({
          table,
          column: name,
          type: column.type,
          constraint,
          // Before 18 ONLY keeps children out; from then on their NOT NULL hangs on the parent's, and the catalog tells.
          noInherit: noInherit || (major < 18 && !recurses),
          plan,
          major,
        }).slice(0, valid ? undefined : 1);
  const title = `${sqlName(table)}.${quoteIdent(name)} NOT NULL`;
  return {
    title,
    planned: { narrow: steps, notes: valid ? nullNotes(input, table, name, title) : [] },
  };
}

function requiredColumn(command: {
  readonly subtype?: string;
  readonly name?: string;
  readonly def?: unknown;
}): string | undefined {
  if (command.subtype === "AT_SetNotNull") return command.name;
  if (command.subtype !== "AT_AddConstraint") return undefined;
  const { Constraint: constraint } = command.def as {
    Constraint?: {
      contype?: string;
      keys?: readonly { String?: { sval?: string } }[];
    };
  };
  return constraint?.contype === "CONSTR_NOTNULL" ? constraint.keys?.[0]?.String?.sval : undefined;
}

function validated(table: string, column: string, constraint: string): Step {
  return transaction(`${quoteIdent(column)} of ${table} NOT NULL, for the rows that are there`, [
    `ALTER TABLE ${table} VALIDATE CONSTRAINT ${quoteIdent(constraint)}`,
  ]);
}

/** Who meets NULL until then, and what becomes of rows that hold it. */
function nullNotes(
  input: OperationInput,
  table: TableName,
  column: string,
  title: string,
): readonly string[] {
  if (cameWithDefault(input, table, column))
    return [
      `${title}: until the contract phase NULL is not refused; a row that the new release writes with it keeps that phase from ending`,
    ];
  const given = valuesGiven(input.preceding, input, table, column).filter(
    ({ isRepeated }) => isRepeated,
  );
  const isOwn = addedBy(input, table, column) !== undefined;
  const isFilled = given.some((one) => givesEach(one, column));
  if (isOwn && isFilled && isGivenFirst(input, table, column)) return [];
  return [
    ...(isFilled
      ? []
      : [
          `${title}: rows that hold NULL keep the contract phase from ending; give them a value before it begins`,
        ]),
    // A new column that no fill gives a value is kept in step by triggers.
    ...(isOwn && given.length === 0
      ? []
      : [
          `${title}: until the contract phase the new release may read NULL there, in rows that the old one wrote`,
        ]),
  ];
}
