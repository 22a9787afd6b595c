import { qualifiedName, type Catalog, type Table } from "../../catalog/index.ts";
import { quoteIdent } from "../../sql/index.ts";
import { treeOf } from "../fillable.ts";
import { undoOf } from "../inverse.ts";
import { comesFirst } from "./default-first.ts";
import { columnIn, sqlName, tableChange, tableIn } from "../lookup.ts";
import { transaction, type Step } from "../model.ts";
import type { OperationInput, Recognised, Refusal } from "./operation.ts";

/**
 * `SET DEFAULT` and `DROP DEFAULT`. A new default comes right before the new release, which counts on it; one that goes
 * stays as long as the old release leaves the column out.
 */
export async function changeDefault(
  input: OperationInput,
): Promise<Recognised | Refusal | undefined> {
  const { statement, before, after, start, goal, existed, searchPath } = input;
  const change = tableChange(statement.node, before, searchPath);
  if (change?.command.subtype !== "AT_ColumnDefault" || !existed(change.table)) return undefined;
  const { table, command, recurses } = change;
  const name = command.name ?? "";
  const given = defaultIn(after, table, name);
  if (given === undefined || given === defaultIn(before, table, name)) return undefined;
  const on = `${quoteIdent(name)} of ${sqlName(table)}`;
  const alterIn = (one: Table, only: boolean) =>
    `ALTER TABLE ${only ? "ONLY " : ""}${sqlName(one)} ALTER COLUMN ${quoteIdent(name)}`;
  const alter = alterIn(table, !recurses);
  const isNothing = given === null || /^NULL(?:$|::)/.test(given);
  const title = isNothing ? `${on} without a default` : `default of ${on}`;
  const last = defaultIn(goal, table, name);
  // A later statement of the migration has the last word.
  if (last !== undefined && last !== given) return { title, planned: {} };
  if (isNothing) {
    // NULL takes the place of the default of a domain.
    const takes = given === null ? "DROP DEFAULT" : `SET DEFAULT ${given}`;
    return { title, planned: { narrow: [transaction(title, [`${alter} ${takes}`])] } };
  }
  const renamed = recurses ? treeOf(before, table).find((one) => isRenamed(one, input)) : undefined;
  if (renamed !== undefined)
    return {
      title,
      refused: {
        why: `it reaches ${sqlName(renamed)}, which has that name from the contract phase on only`,
        instead: ["write it in front of the statement that renames the table"],
      },
    };
  const isOwn = defaultIn(start, table, name) === undefined;
  const step: Step = {
    kind: "transaction",
    title,
    statements: (recurses && losesHeirs(table, start, before)
      ? treeOf(before, table).map((one) => alterIn(one, true))
      : [alter]
    ).map((own) => `${own} SET DEFAULT ${given}`),
    undo: isOwn ? [] : (await undoOf(before, after, existed)).undo,
  };
  const isFirst = comesFirst(input, table, name);
  return {
    title,
    planned: {
      ...(isFirst ? { defaults: [step] } : { settle: [step] }),
      notes: [
        `rows in which the old release leaves ${on} out get the new default from ${isFirst ? "the backfill phase on, before its rows are changed" : "the end of the backfill phase on"}`,
      ],
      exemptions: [
        { kind: "new-default", relation: qualifiedName(table.schema, table.name), column: name },
      ],
    },
  };
}

/** Whether a child or partition is dropped before: it stays until the contract phase, as it is. */
function losesHeirs(table: Table, start: Catalog, before: Catalog): boolean {
  const root = tableIn(start, table);
  return (
    root !== undefined && treeOf(start, root).some((one) => tableIn(before, one) === undefined)
  );
}

function isRenamed({ name }: Table, { preceding }: OperationInput): boolean {
  return preceding.some(
    ({ statement: { node } }) =>
      "RenameStmt" in node &&
      node.RenameStmt.renameType === "OBJECT_TABLE" &&
      node.RenameStmt.newname === name,
  );
}

/** Undefined when there is no such column. */
function defaultIn(catalog: Catalog, table: Table, column: string): string | null | undefined {
  const found = tableIn(catalog, table);
  return found && columnIn(found, column)?.default;
}
