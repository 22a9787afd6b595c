import { deletion } from "../../backfill/index.ts";
import { loadedParser, type Statement } from "../../sql/index.ts";
import type { Fill } from "../model.ts";
import { invalid } from "./invalid.ts";

/**
 * The fill that an UPDATE or DELETE behind `-- lockstep: backfill` stands for.
 * @param isOnce it stands behind `-- lockstep: backfill once`
 * @throws LockstepError `plan-invalid` when its rows cannot be gone through in batches
 */
export function readFill(statements: readonly Statement[], at: string, isOnce = false): Fill {
  const statement = statements[0]!;
  const wrong = (what: string, found?: string) =>
    invalid(at, {
      what,
      expected:
        "UPDATE schema.table AS t SET column = value WHERE condition, or DELETE FROM schema.table AS t WHERE condition",
      ...(found === undefined ? {} : { found }),
      next: "write it in that form: Lockstep adds the bounds of each batch to the condition",
    });
  const change = changeOf(statement);
  if (statements.length !== 1 || change === undefined)
    throw wrong(
      "what is to be run in batches is one UPDATE or DELETE",
      statement.sql.split(/\s/, 1)[0],
    );
  const { relation, sources, returningClause, returningList, withClause, whereClause } = change;
  const { schemaname, relname, alias } = relation ?? {};
  if (schemaname === undefined)
    throw wrong("the table of a fill is named with its schema", relname);
  if (alias?.aliasname !== "t")
    throw wrong("the table of a fill has the alias t", alias?.aliasname);
  if (sources !== undefined || withClause !== undefined)
    throw wrong("a fill reads other tables in subqueries only", "FROM, USING or WITH");
  if (returningClause !== undefined || returningList !== undefined)
    throw wrong("a fill returns nothing", "RETURNING");
  if (whereClause === undefined)
    throw wrong("a fill has a condition that rows which are done do not meet", "no WHERE");
  const { set, where } = wordsOf(statement.sql);
  if (isOnce && set === undefined) throw wrong("what visits each row once is an UPDATE", "DELETE");
  return {
    kind: "fill",
    table: { schema: schemaname, name: relname! },
    set: set === undefined ? deletion : statement.sql.slice(set.end, where.start).trim(),
    todo: statement.sql.slice(where.end).trim(),
    ...(isOnce ? { once: true } : {}),
  };
}

/** What an UPDATE and a DELETE have in common; some trees have `returningList`, some `returningClause`. */
function changeOf({ node }: Statement) {
  if ("UpdateStmt" in node) {
    const { fromClause: sources, ...rest } = node.UpdateStmt;
    return { ...rest, sources } as typeof rest & Change;
  }
  if (!("DeleteStmt" in node)) return undefined;
  const { usingClause: sources, ...rest } = node.DeleteStmt;
  return { ...rest, sources } as typeof rest & Change;
}

interface Change {
  readonly sources: unknown;
  readonly returningClause?: unknown;
  readonly returningList?: unknown;
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
  return { set: found.SET, where: found.WHERE! };
}
