import { listWords, strongLocks } from "./evaluate-locks.ts";
import type { Rule } from "./rule.ts";

/** A table that several files of one deploy lock, one after the other. */
export const tableInManyFiles: Rule = {
  id: "table-in-many-files",
  title: "Locks a table that an earlier file of the deploy locked",
  severity: "info",
  kind: "advice",
  axis: "locks",
  *file({ statements, earlier, transaction }) {
    // There the lock is held from the first file on: many-tables-locked and lock-held-during-work look at that.
    if (transaction === "deploy") return;
    const said = new Set<string>();
    for (const at of statements)
      for (const { relation } of strongLocks(at.effect)) {
        const files = earlier.flatMap(({ file, locked }) =>
          locked.includes(relation) ? [file] : [],
        );
        if (files.length === 0 || said.has(relation)) continue;
        said.add(relation);
        yield {
          at,
          message: `${relation} is locked again, after ${listWords(files)}`,
          why: "each file waits for the lock by itself, behind whatever runs at that moment, and the application waits behind each: what changes one table in one statement is waited for once",
          wayOut: {
            text: "Put the changes of a table that a deploy makes into one ALTER TABLE, where they need no steps apart.",
          },
        };
      }
  },
};
