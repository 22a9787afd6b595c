import { queriesIn } from "./batching/program.ts";
import type { Rule } from "./rule.ts";
import { calledFunctions, columnNames } from "./tree-search.ts";

const enders = new Set(["pg_terminate_backend", "pg_cancel_backend"]);

/** Looked for in the text first: walking every tree of every migration would cost more than all other rules. */
const mayEnd = /pg_(?:terminate|cancel)_backend/i;

/** What tells what a session is doing; pid, user and database do not. */
const activity = ["query", "state", "application_name", "backend_type"];

/** A migration that ends other sessions without asking what they are doing. */
export const terminatesBackends: Rule = {
  id: "terminates-backends",
  title: "Ends other sessions unseen",
  severity: "error",
  kind: "hazard",
  statement(input) {
    if (!mayEnd.test(input.statement.sql)) return [];
    const trees = "DoStmt" in input.statement.node ? queriesIn(input.statement) : runs(input);
    const called = trees.flatMap(calledFunctions).find((name) => enders.has(name));
    if (called === undefined) return [];
    const columns = new Set(trees.flatMap((tree) => [...columnNames(tree)]));
    if (activity.some((column) => columns.has(column))) return [];
    const done = called === "pg_terminate_backend" ? "ends sessions" : "cancels queries";
    return [
      {
        at: input,
        message: `${called}() ${done} without looking at what they are doing`,
        why: "whatever the session was in the middle of is rolled back, and its client gets 57P01 or 57014: the blocker that goes may be a payment; in a migration it happens unattended, each time that it runs",
        wayOut: {
          text: "Let the migration wait briefly and give up instead of ending others: a lock_timeout and a retry. Look at the blocker (lockstep status shows who blocks whom) and end it by hand when it is known to be harmless.",
          code: "SET lock_timeout = '3s';",
        },
      },
    ];
  },
};

/** A function that is only defined ends nobody yet. */
function runs({
  statement,
}: {
  readonly statement: { readonly kind: string; readonly node: unknown };
}): readonly unknown[] {
  return statement.kind === "CreateFunctionStmt" ? [] : [statement.node];
}
