import type { Cause, LedgerRemark } from "./model.ts";

const rules: Readonly<Record<LedgerRemark["cause"], string>> = {
  "schema-without-migration": "schema-without-migration",
  "schema-and-migrations-differ": "schema-without-migration",
  pushed: "schema-without-migration",
  "migration-without-schema": "migration-without-schema",
  pending: "database-behind",
  "elsewhere-only": "database-behind",
  "failed-half-way": "database-behind",
  "edited-after-applied": "database-differs",
  "not-in-folder": "database-differs",
  "recorded-only": "database-differs",
  "by-hand": "database-differs",
  squashed: "ledger-differs",
  "there-not-recorded": "ledger-differs",
  "statement-broken": "breaks-statement",
  "statement-unmade": "schema-without-migration",
};

/** The rule by whose name a cause is reported, silenced or given another severity. */
export function ruleOf(cause: LedgerRemark["cause"]): string {
  return rules[cause];
}

/** Rules that speak of the three sides and not of statements. */
export const agreementRules: readonly string[] = [...new Set(Object.values(rules))];

/** True for a cause that lies between code and migrations. */
export function isOfCode(cause: Cause): boolean {
  return /^(?:schema|pushed|migration-without)/.test(cause);
}
