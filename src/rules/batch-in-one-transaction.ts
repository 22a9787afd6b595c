import { changesOf } from "./batching/found.ts";
import { inBatches } from "./batching/recipe.ts";
import { isSmallTable } from "./batching/small.ts";
import type { Rule } from "./rule.ts";

/** A loop that changes a table in batches, or row by row, but commits only once, at the end. */
export const batchInOneTransaction: Rule = {
  id: "batch-in-one-transaction",
  title: "Works in batches that commit only once, at the end",
  severity: "error",
  kind: "hazard",
  kinds: ["CallStmt", "DoStmt", "SelectStmt"],
  *file(input) {
    for (const at of input.statements) {
      const looped = changesOf(input, at).find(
        ({ loop, table }) =>
          loop !== undefined && !loop.commits && !isSmallTable(input.context, table.name),
      );
      if (looped === undefined) continue;
      const { table, change, text, inBlock } = looped;
      const code = inBatches(text, change, table.relation, inBlock);
      const block = "DoStmt" in at.statement.node ? "DO block" : "routine";
      yield {
        at,
        message: `the loop changes ${table.name} turn by turn, but the ${block} is one transaction: every turn's row locks are held to the end`,
        why: "without COMMIT in the loop nothing is released between batches: when the application updates a row of the first batch, it waits until the last one is done, pg_sleep() in the loop only makes that longer, and an error near the end undoes all of it",
        wayOut: {
          text: "COMMIT after each batch and run the block outside a transaction, or run the batches from outside the database.",
          ...(code === undefined ? {} : { code }),
          needsPlan: true,
        },
      };
    }
  },
};
