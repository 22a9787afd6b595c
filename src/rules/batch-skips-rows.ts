import { hasOffset, shrinks } from "./batching/change.ts";
import { changesOf } from "./batching/found.ts";
import { inBatches } from "./batching/recipe.ts";
import type { Rule } from "./rule.ts";

/** Batches picked with OFFSET from a set that shrinks as they are done. */
export const batchSkipsRows: Rule = {
  id: "batch-skips-rows",
  title: "Leaves rows out, batch by batch",
  severity: "error",
  kind: "hazard",
  kinds: ["CallStmt", "DeleteStmt", "DoStmt", "SelectStmt", "UpdateStmt"],
  *file(input) {
    for (const at of input.statements) {
      const skipping = changesOf(input, at).find(
        ({ change }) => change.picked !== undefined && hasOffset(change.picked) && shrinks(change),
      );
      if (skipping === undefined) continue;
      const { change, table, text, inBlock } = skipping;
      const code = inBatches(text, change, table.relation, inBlock);
      const leaves = change.command === "delete" ? "are deleted" : "no longer match";
      yield {
        at,
        message: `OFFSET leaves rows of ${table.name} out: rows that are done ${leaves}, so those behind them move up`,
        why: "each batch makes the matching set smaller, and OFFSET then counts from the new beginning: with batches of 1,000 over 10,000 rows 5,000 were left undone, without an error (measured on 14 and 18)",
        wayOut: {
          text: "Go through the table in the order of its key and go on after the last key of the batch, without OFFSET.",
          ...(code === undefined ? {} : { code }),
        },
      };
    }
  },
};
