import type { WayOut } from "./finding.ts";
import { codeOf } from "./fix-steps.ts";
import type { StatementInput } from "./rule.ts";

/** What AlterDomainStmt.subtype says (gram.y, AlterDomainStmt). */
const [addConstraint, validateConstraint] = ["C", "V"];

/**
 * Constraints of domains. NOT VALID reads no table; VALIDATE makes writes of all tables that use the domain wait while it
 * reads them, on every version (measured on 14, 17 and 18).
 */
export function domainConstraintLater(input: StatementInput): WayOut | undefined {
  const { statement, text } = input;
  const { node } = statement;
  if (!("AlterDomainStmt" in node)) return undefined;
  const { subtype } = node.AlterDomainStmt;
  const alone =
    "VALIDATE of a domain's constraint makes writes wait on every version of Postgres: run it while nobody writes to the tables that use the domain.";
  if (subtype === validateConstraint) return { text: alone };
  if (subtype !== addConstraint) return undefined;
  return {
    text: `Add the constraint NOT VALID: it holds for new values and reads no table. ${alone}`,
    code: codeOf(
      [{ sql: `${text.sql} NOT VALID`, afterwards: "now correct the old values" }],
      input,
    ),
    needsPlan: true,
  };
}
