import { blocksWrites, type Work } from "../effects/index.ts";
import type { NaiveStatement } from "./operations/operation.ts";

/**
 * For how long others wait when statements are run as they are, as a range for each million rows; undefined when they
 * do no work that they wait for, or none of which that is known. Measured on two processors with rows of 100 to 200 bytes
 * (docs/stalls.md, docs/backfill.md), in memory and out of it.
 */
export function expectedStall(statements: readonly NaiveStatement[]): string | undefined {
  const works = statements.flatMap(({ statement: { node }, effect: { work, locks } }) => {
    const blocked = new Set(
      locks.filter(({ mode }) => blocksWrites(mode)).map(({ relation }) => relation),
    );
    const isInsert = "InsertStmt" in node || "CreateTableAsStmt" in node;
    return work.filter((one) => {
      // Nobody waits for rows that are new, or for a table that is only read.
      if (one.kind === "row-change") return !isInsert && !one.bounded;
      if (one.kind === "rewrite") return one.emptied !== true;
      return one.kind === "scan" && blocked.has(one.relation);
    });
  });
  for (const { kind, words } of measured) {
    const found = works.find((work) => work.kind === kind);
    if (found !== undefined) return `as it is, expect a stall of ${words(found.relation)}`;
  }
  return undefined;
}

/** The longest first. */
const measured: readonly {
  readonly kind: Work["kind"];
  readonly words: (table: string) => string;
}[] = [
  {
    kind: "row-change",
    words: (table) =>
      `10 to 50 s for each million rows of ${table}, for whoever writes the same rows`,
  },
  {
    kind: "rewrite",
    words: (table) => `2 to 7 s for each million rows of ${table}, beside the wait for its lock`,
  },
  {
    kind: "scan",
    words: (table) => `0.2 to 1 s for each million rows of ${table}, beside the wait for its lock`,
  },
];
