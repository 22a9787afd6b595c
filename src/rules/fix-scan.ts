import type { WayOut } from "./finding.ts";
import { stepsInstead } from "./fix-steps.ts";
import type { StatementInput } from "./rule.ts";
import { sqlName } from "./sql-names.ts";

/**
 * ALTER DOMAIN … ADD CONSTRAINT … NOT VALID, then VALIDATE. Before Postgres 18 VALIDATE itself makes writes of the
 * tables wait, so the way out is then only shorter, not free.
 */
export function domainConstraintLater(input: StatementInput): WayOut | undefined {
  const { statement, text } = input;
  const { node } = statement;
  if (!("AlterDomainStmt" in node) || node.AlterDomainStmt.subtype !== "AD_AddConstraint")
    return undefined;
  const { def } = node.AlterDomainStmt;
  const name = def !== undefined && "Constraint" in def ? def.Constraint.conname : undefined;
  if (name === undefined) return undefined;
  const add = text.find("ADD");
  if (add === undefined) return undefined;
  return stepsInstead(
    input,
    "Add the constraint NOT VALID, which reads no table, then VALIDATE it.",
    [
      { sql: `${text.sql} NOT VALID` },
      { sql: `${text.slice(0, add)} VALIDATE CONSTRAINT ${sqlName(name)}` },
    ],
  );
}
