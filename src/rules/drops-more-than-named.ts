import { listWords } from "./evaluate-locks.ts";
import { codeOf, type Step } from "./fix-steps.ts";
import { takenAlong, type Taken } from "./losses/taken-along.ts";
import type { Rule, StatementInput, Verdict } from "./rule.ts";

/** What CASCADE takes along: keys of other tables, views, defaults … that no reader of the statement sees. */
export const dropsMoreThanNamed: Rule = {
  id: "drops-more-than-named",
  title: "Drops by CASCADE what it does not name",
  severity: "warning",
  kind: "hazard",
  kinds: ["AlterTableStmt", "DropStmt"],
  statement(input): Iterable<Verdict> {
    const taken = takenAlong(input);
    if (taken.length === 0) return [];
    const many = taken.length > 1;
    return [
      {
        at: input,
        message: `CASCADE drops ${listWords(taken.map(({ words }) => words))} along`,
        why: `without CASCADE Postgres refuses, and names what is in the way; with it, it only says “drop cascades to ${many ? `${taken.length} other objects` : "…"}” in a NOTICE, which a migration tool seldom shows, and how much it is depends on the database that it meets`,
        wayOut: {
          text: "Drop each of them by its own name, if it may go at all, and leave CASCADE out: then nothing goes that nobody has looked at.",
          ...codeFor(input, taken),
        },
        settled: (last) => taken.every(({ isThere }) => isThere(last)),
      },
    ];
  },
};

/** Each by its own statement, then this one without CASCADE. */
function codeFor(input: StatementInput, taken: readonly Taken[]): { readonly code?: string } {
  const own = taken.flatMap(({ sql }) => (sql === undefined ? [] : [{ sql, strong: true }]));
  if (own.length < taken.length) return {};
  const { tokens } = input.text;
  let sql = "";
  let from = input.statement.start;
  for (const { start, end, text } of tokens) {
    if (text.toUpperCase() !== "CASCADE") continue;
    sql += input.text.textBetween(from, start).trimEnd();
    from = end;
  }
  sql += input.text.textBetween(from, input.text.end);
  const steps: readonly Step[] = [...own, { sql: sql.trim(), strong: true }];
  return { code: codeOf(steps, input) };
}
