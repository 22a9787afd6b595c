import { loadedParser, type Statement } from "../../sql/index.ts";
import type { Fill } from "../model.ts";
import { invalid } from "./invalid.ts";

/**
 * The fill that an UPDATE behind `-- lockstep: backfill` stands for.
 * @throws LockstepError `plan-invalid` when its rows cannot be gone through in batches
 */
export function readFill(statements: readonly Statement[], at: string): Fill {
  const statement = statements[0]!;
  const wrong = (what: string, found?: string) =>
    invalid(at, {
      what,
      expected: "UPDATE schema.table AS t SET column = value WHERE condition",
      ...(found === undefined ? {} : { found }),
      next: "write it in that form: Lockstep adds the bounds of each batch to the condition",
    });
  if (statements.length !== 1 || !("UpdateStmt" in statement.node))
    throw wrong("what is to be run in batches is one UPDATE", statement.sql.split(/\s/, 1)[0]);
  const { relation, fromClause, returningClause, returningList, withClause, whereClause } =
    statement.node.UpdateStmt as typeof statement.node.UpdateStmt & {
      returningClause?: unknown;
      returningList?: unknown;
    };
  const { schemaname, relname, alias } = relation ?? {};
  if (schemaname === undefined)
    throw wrong("the table of a fill is named with its schema", relname);
  if (alias?.aliasname !== "t")
    throw wrong("the table of a fill has the alias t", alias?.aliasname);
  if (fromClause !== undefined || withClause !== undefined)
    throw wrong("a fill reads its own table only", "FROM or WITH");
  if (returningClause !== undefined || returningList !== undefined)
    throw wrong("a fill returns nothing", "RETURNING");
  if (whereClause === undefined)
    throw wrong("a fill has a condition that rows which are done do not meet", "no WHERE");
  const { set, where } = wordsOf(statement.sql);
  return {
    kind: "fill",
    table: { schema: schemaname, name: relname! },
    set: statement.sql.slice(set.end, where.start).trim(),
    todo: statement.sql.slice(where.end).trim(),
  };
}

/** Places of SET and WHERE, in UTF-16 units; those of subqueries stand in parentheses. */
function wordsOf(sql: string) {
  const bytes = Buffer.from(sql, "utf8");
  const { tokens } = loadedParser().scanSync(sql);
  let depth = 0;
  const found: Partial<Record<"SET" | "WHERE", { start: number; end: number }>> = {};
  const place = (offset: number) => bytes.toString("utf8", 0, offset).length;
  for (const { text, start, end } of tokens) {
    if (text === "(") depth++;
    if (text === ")") depth--;
    const word = text.toUpperCase();
    if (depth > 0 || (word !== "SET" && word !== "WHERE")) continue;
    found[word] ??= { start: place(start), end: place(end) };
  }
  return { set: found.SET!, where: found.WHERE! };
}
