import { LockstepError } from "../../../errors/index.ts";
import { loadedParser, parseLoaded, type ParseNode, type Statement } from "../../../sql/index.ts";
import type { NaiveStatement } from "../operation.ts";

/** `column = expression`, and where it stands. */
export interface Assignment {
  readonly column: string;
  readonly expression: string;
  /** `file:line`, for messages. */
  readonly origin: string;
}

/**
 * The lines `-- lockstep: column = expression` in front of a statement.
 * @throws LockstepError `plan-expression` for a line with `=` that is no assignment
 */
export function directivesOf({ commented, file }: NaiveStatement): readonly Assignment[] {
  return commented.flatMap(({ text, line }) => {
    const written = /^lockstep:\s*(.*)$/s.exec(text)?.[1];
    if (written === undefined || !written.includes("=")) return [];
    const origin = `${file}:${line}`;
    const found = parsed(written, origin);
    const [only] = found ?? [];
    if (only === undefined || found?.length !== 1) throw unreadable(written, origin);
    return [only];
  });
}

function parsed(written: string, origin: string): readonly Assignment[] | undefined {
  try {
    const [statement, ...more] = parseLoaded(`UPDATE t SET ${written}`, origin);
    if (statement === undefined || more.length > 0) return undefined;
    const { node } = statement;
    if (!("UpdateStmt" in node) || isMore(node.UpdateStmt)) return undefined;
    return assignmentsOf(statement, origin);
  } catch (error) {
    if (error instanceof LockstepError) return undefined;
    throw error;
  }
}

type Update = Extract<ParseNode, { UpdateStmt: unknown }>["UpdateStmt"];

function isMore({ fromClause, whereClause, returningClause, withClause }: Update): boolean {
  return [fromClause, whereClause, returningClause, withClause].some((part) => part !== undefined);
}

/**
 * What an `UPDATE table SET …` of all rows assigns; undefined when it reads other tables, some rows only, or assigns
 * to several columns at once.
 */
export function assignmentsOf(
  { node, sql }: Statement,
  origin: string,
): readonly Assignment[] | undefined {
  if (!("UpdateStmt" in node) || isMore(node.UpdateStmt)) return undefined;
  const { targetList = [] } = node.UpdateStmt;
  const names = targetList.map((target) =>
    "ResTarget" in target && target.ResTarget.indirection === undefined
      ? target.ResTarget.name
      : undefined,
  );
  const pieces = piecesBehindSet(sql);
  if (pieces.length !== names.length) return undefined;
  const found = pieces.flatMap((expression, n) => {
    const column = names[n];
    return column === undefined || expression === undefined ? [] : [{ column, expression, origin }];
  });
  return found.length === names.length ? found : undefined;
}

/** The expressions of `SET a = …, b = …`. */
function piecesBehindSet(sql: string): readonly (string | undefined)[] {
  const { tokens } = loadedParser().scanSync(sql);
  const bytes = Buffer.from(sql, "utf8");
  const pieces: (string | undefined)[] = [];
  let depth = 0;
  let from: number | undefined;
  let isSet = false;
  let end = 0;
  const take = (to: number) => {
    pieces.push(from === undefined ? undefined : bytes.toString("utf8", from, to).trim());
    from = undefined;
  };
  for (const { text, tokenName, start, end: after } of tokens) {
    if (tokenName.endsWith("_COMMENT")) continue;
    end = after;
    if (text === "(" || text === "[") depth++;
    else if (text === ")" || text === "]") depth--;
    if (depth > 0) continue;
    if (!isSet) isSet = text.toUpperCase() === "SET";
    else if (text === "=" && from === undefined) from = after;
    else if (text === ",") take(start);
  }
  take(end);
  return pieces;
}

function unreadable(written: string, origin: string): LockstepError {
  return new LockstepError("plan-expression", {
    what: `${origin}: this line for Lockstep is not an assignment`,
    expected: "-- lockstep: column = expression",
    found: written.slice(0, 200),
    from: origin,
    why: "it says how a column is computed from those of the other release",
    next: ["write one column, an equals sign and one SQL expression on the line"],
  });
}
