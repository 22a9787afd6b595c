import type { Catalog, ForeignKeyConstraint, Table } from "../../catalog/index.ts";
import { quoteIdent } from "../../sql/index.ts";
import { sqlName, tableChange, tableIn } from "../lookup.ts";
import { transaction } from "../model.ts";
import type { OperationInput, Recognised } from "./operation.ts";

/**
 * `ALTER CONSTRAINT` that makes a foreign key deferrable or no longer so. What is looked at later comes right before the
 * new release, which may write children before their parents; what is looked at earlier waits for the end of the old one.
 */
export function alterConstraint(input: OperationInput): Recognised | undefined {
  const { statement, before, after, start, goal, existed, searchPath } = input;
  const change = tableChange(statement.node, before, searchPath);
  if (change?.command.subtype !== "AT_AlterConstraint" || !existed(change.table)) return undefined;
  const { table, command } = change;
  const { def } = command;
  const name = def !== undefined && "ATAlterConstraint" in def ? def.ATAlterConstraint.conname : "";
  const key = (catalog: Catalog) => keyIn(catalog, table, name ?? "");
  const [first, was, is, last] = [start, before, after, goal].map(key);
  if (first === undefined || was === undefined || is === undefined) return undefined;
  if (was.deferrable === is.deferrable || was.enforced !== is.enforced) return undefined;
  const alter = `ALTER TABLE ${sqlName(table)} ALTER CONSTRAINT ${quoteIdent(is.name)}`;
  const title = `${quoteIdent(is.name)} of ${sqlName(table)} ${words(is)}`;
  // A later statement of the migration has the last word.
  const isOver = last !== undefined && last.deferrable !== is.deferrable;
  if (isOver || is.deferrable === first.deferrable) return { title, planned: {} };
  const [set, back] = [`${alter} ${words(is)}`, `${alter} ${words(first)}`];
  if (rank.indexOf(is.deferrable) < rank.indexOf(first.deferrable))
    return { title, planned: { narrow: [transaction(title, [set])] } };
  return {
    title,
    planned: {
      settle: [transaction(title, [set], [back])],
      notes:
        is.deferrable === "initially-deferred"
          ? [
              `from the end of the backfill phase on ${quoteIdent(is.name)} of ${sqlName(table)} refuses what the old release writes at COMMIT, where it was refused at once`,
            ]
          : [],
    },
  };
}

function keyIn(catalog: Catalog, table: Table, name: string): ForeignKeyConstraint | undefined {
  const found = tableIn(catalog, table)?.constraints.find((one) => one.name === name);
  return found?.kind === "foreign-key" ? found : undefined;
}

/** From what is looked at first to what is looked at last. */
const rank = ["no", "initially-immediate", "initially-deferred"];

function words({ deferrable }: ForeignKeyConstraint): string {
  if (deferrable === "no") return "NOT DEFERRABLE";
  return `DEFERRABLE ${deferrable === "initially-deferred" ? "INITIALLY DEFERRED" : "INITIALLY IMMEDIATE"}`;
}
