import type { Table } from "../../catalog/index.ts";
import { quoteIdent } from "../../sql/index.ts";
import { columnIn, sqlName, tableChange, tableIn } from "../lookup.ts";
import type { PlannedOperation, Step } from "../model.ts";
import { requiredAgain } from "../online/not-null.ts";
import type { OperationInput, Recognised } from "./operation.ts";

/** `DROP NOT NULL`, before the new release starts, which may write NULL then; the old release has to read it. */
export function dropNotNull(input: OperationInput): Recognised | undefined {
  const { statement, before, after, start, existed, searchPath } = input;
  const change = tableChange(statement.node, before, searchPath);
  if (change === undefined || !existed(change.table) || !change.recurses) return undefined;
  const { table, command } = change;
  const isDropped = (name: string) => {
    const [was, is] = [columnIn(table, name), columnIn(tableIn(after, table)!, name)];
    return was?.nullable === false && is?.nullable === true;
  };
  if (command.subtype !== "AT_DropNotNull" && command.subtype !== "AT_DropConstraint")
    return undefined;
  const column = table.columns.find(({ name }) => isDropped(name))?.name;
  if (column === undefined) return undefined;
  const first = tableIn(start, table);
  // A column that the migration makes goes when going back.
  const isOwn = first === undefined || columnIn(first, column) === undefined;
  const title = `${quoteIdent(column)} of ${sqlName(table)} may be NULL`;
  return { title, planned: optionalColumn(input, table, column, { title, isOwn }) };
}

/** A column without its NOT NULL from the end of the backfill phase on. */
function optionalColumn(
  { plan, major }: Pick<OperationInput, "plan" | "major">,
  table: Table,
  column: string,
  { title, isOwn }: { readonly title: string; readonly isOwn: boolean },
): Pick<PlannedOperation, "settle" | "notes"> {
  const { type, notNull } = columnIn(table, column)!;
  const again = requiredAgain({
    table,
    column,
    type,
    constraint: notNull?.name ?? null,
    noInherit: notNull?.noInherit === true,
    plan,
    major,
  });
  const step: Step = {
    kind: "transaction",
    title,
    statements: [`ALTER TABLE ${sqlName(table)} ALTER COLUMN ${quoteIdent(column)} DROP NOT NULL`],
    undo: isOwn ? [] : again.slice(0, notNull?.valid === false ? 1 : undefined),
  };
  return {
    settle: [step],
    notes: [
      `${title} from the end of the backfill phase on: the old release has to read the NULLs that the new one writes, and an abort after that stops at them`,
    ],
  };
}
