import type { Node } from "@pgsql/types";
import { volatilityOf, searchPathOf } from "../effects/index.ts";
import type { Rule, StatementInput, Verdict } from "./rule.ts";
import { calledFunctions, nodesOf } from "./tree-search.ts";

/** A CHECK whose answer for one and the same row changes. */
export const volatileCheck: Rule = {
  id: "volatile-check",
  title: "Adds a CHECK that does not stay true",
  severity: "warning",
  kind: "hazard",
  kinds: [
    "AlterDomainStmt",
    "AlterTableStmt",
    "CreateDomainStmt",
    "CreateForeignTableStmt",
    "CreateStmt",
  ],
  statement(input) {
    // Trees are large, and few hold one.
    return /check/i.test(input.statement.sql) ? changing(input) : [];
  },
};

function* changing(input: StatementInput): Generator<Verdict> {
  const { node } = input.statement;
  for (const { contype, raw_expr: expression, conname } of nodesOf(node, "Constraint")) {
    if (contype !== "CONSTR_CHECK" || expression === undefined) continue;
    const path = searchPathOf(input.session);
    const volatility = volatilityOf(expression, input.world, path);
    const clock = readsClock(expression);
    if (volatility !== "volatile" && !(volatility === "stable" && clock)) continue;
    const name = conname === undefined ? "this CHECK" : `the CHECK ${conname}`;
    const cause = clock ? "compares with the clock" : "calls a function declared volatile";
    yield {
      at: input,
      message: `${name} ${cause}: a row that passed may fail later`,
      why: "a row is checked when it is written, and the answer is taken to stay; when it changes, an UPDATE of another column fails with 23514, and so does restoring a dump or copying the table (measured: UPDATE … SET a = a refused for a row that was valid when it was inserted)",
      wayOut: {
        text: clock
          ? "Check it where rows are written: in a BEFORE INSERT trigger or in the application. Compare columns with each other in a CHECK, not with the clock."
          : "Declare the function IMMUTABLE if its answer depends on its arguments only; otherwise check it in a BEFORE trigger.",
      },
    };
  }
}

const clockFunctions = new Set([
  "now",
  "transaction_timestamp",
  "statement_timestamp",
  "clock_timestamp",
  "timeofday",
]);

function readsClock(expression: Node): boolean {
  const clockValues = nodesOf(expression, "SQLValueFunction").some(({ op }) =>
    /^SVFOP_(CURRENT_(DATE|TIME)|LOCALTIME)/.test(String(op)),
  );
  return clockValues || calledFunctions(expression).some((name) => clockFunctions.has(name));
}
