import { changesOf, type FoundChange } from "./batching/found.ts";
import { namesIn } from "./batching/loop-end.ts";
import { inBatches } from "./batching/recipe.ts";
import { shrinking, type Shrinking } from "./batching/shrinking.ts";
import type { Rule, Verdict } from "./rule.ts";

/** A loop that picks the same rows again in each turn, and ends only when it finds none. */
export const batchNeverEnds: Rule = {
  id: "batch-never-ends",
  title: "Loops until no row is left, and one always is",
  severity: "error",
  kind: "hazard",
  kinds: ["CallStmt", "DoStmt", "SelectStmt"],
  supersedes: ["batch-without-order"],
  *file(input) {
    for (const at of input.statements) {
      const changes = changesOf(input, at);
      for (const found of changes) {
        const picks = picksAgain(found, changes);
        if (picks === "yes") continue;
        const code = inBatches(found.text, found.change, found.table.relation, found.inBlock);
        yield {
          at,
          ...wordsOf(found, picks),
          wayOut: {
            text: "Go through the table in the order of its key, each batch beginning after the last key of the one before: then every row is visited once, whatever becomes of it.",
            ...(code === undefined ? {} : { code }),
          },
        };
        break;
      }
    }
  },
};

/** `yes` when rows leave the set that the loop picks from, when the loop ends otherwise, or when it cannot be told. */
function picksAgain(
  { change, table, loop, text }: FoundChange,
  all: readonly FoundChange[],
): Shrinking {
  const { picked } = change;
  if (loop?.whenNoRow !== true || loop.isOpaque || picked?.limitCount === undefined) return "yes";
  const looksAt = namesIn([picked.whereClause, picked.limitOffset, picked.fromClause]);
  if ([...looksAt].some((name) => loop.assigned.has(name))) return "yes";
  // A second change of the table, or rows that another table decides on, may take them out of the set.
  const isAlone = all.every((other) => other.text === text || other.table.name !== table.name);
  return isAlone && !change.joins ? shrinking(change, picked, table.relation) : "yes";
}

function wordsOf(
  { table }: FoundChange,
  picks: Shrinking,
): Pick<Verdict, "message" | "why" | "severity"> {
  if (picks === "never")
    return {
      message: `the loop never ends: rows of ${table.name} that are done still meet the condition that picks them`,
      why: "nothing that it sets makes the condition false, so each turn changes the same rows again, and the count of changed rows that would end the loop is never 0: on 10,000 rows it changed the first 1,000 of them 508 times in 5 s, the table had grown ninefold, and no other row was reached (measured on 18)",
    };
  return {
    severity: "warning",
    message: `the loop never ends when ${table.name} has rows whose new value is null: they are picked again for ever`,
    why: "the condition asks for nulls, and for such rows null is what the UPDATE writes; as soon as a batch holds nothing else, each turn changes the same rows again and the count of changed rows is never 0 (measured on 14 and 18)",
  };
}
