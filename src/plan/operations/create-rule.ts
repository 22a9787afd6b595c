import { quoteIdent } from "../../sql/index.ts";
import { named, sqlName } from "../lookup.ts";
import type { OperationInput, Refusal } from "./operation.ts";

/** `CREATE RULE` on a table that is there, for what releases write. */
export function createRule({
  statement: { node },
  before,
  existed,
  searchPath,
}: OperationInput): Refusal | undefined {
  if (!("RuleStmt" in node)) return undefined;
  const { relation, rulename = "", event } = node.RuleStmt;
  const table = relation && named(before.tables, relation, searchPath);
  if (table === undefined || !existed(table) || event === "CMD_SELECT") return undefined;
  return {
    title: `rule ${quoteIdent(rulename)} on ${sqlName(table)}`,
    refused: {
      why: `a rule rewrites what both releases send: before the new release it is wrong for the old one, whose INSERT … ON CONFLICT fails on a table with rules, and after it the new release has run without it`,
      instead: [
        "a trigger, which fires for what either release writes",
        "the rule alone in a migration, when the release that wants it is the only one",
      ],
    },
  };
}
