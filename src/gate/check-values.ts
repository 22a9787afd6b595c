import { isConnectionLost, type Session } from "../pg/index.ts";
import { quoteIdent, quoteLiteral } from "../sql/index.ts";
import type { Finding } from "./result.ts";

/** Longest run of a check's expression in ms: it may call anything. */
const timeoutMs = 2000;

/**
 * Settles findings about checks whose column takes only known values (`Finding.ifRefused`): the server evaluates the
 * check for each. A refused value is what an enum without it would be (A1); when none is, the finding stays a warning.
 */
export async function settleChecks(
  findings: readonly Finding[],
  database: Session,
  transaction: "own" | "caller",
): Promise<readonly Finding[]> {
  const settled: Finding[] = [];
  for (const finding of findings) {
    const { ifRefused, ...rest } = finding;
    if (ifRefused === undefined) {
      settled.push(finding);
      continue;
    }
    const refused = await refusedValues(ifRefused, database, transaction);
    if (refused === undefined) settled.push(rest);
    else if (refused.length > 0) {
      const list = refused.map((value) => `'${value}'`).join(", ");
      settled.push({
        ...rest,
        severity: "error",
        effect: `rows with ${ifRefused.column} = ${list} are refused (23514), which the code writes`,
      });
    } else if (rest.kind !== "extra-check") settled.push(rest);
  }
  return settled;
}

/** Undefined when the server does not evaluate it, e.g. because the expression fails for one of the values. */
async function refusedValues(
  { column, type, values, expression }: NonNullable<Finding["ifRefused"]>,
  database: Session,
  transaction: "own" | "caller",
): Promise<readonly string[] | undefined> {
  const list = `ARRAY[${values.map(quoteLiteral).join(", ")}]::text[]`;
  const query = `SELECT lockstep_value FROM (SELECT v AS lockstep_value, v::${type} AS ${quoteIdent(column)} FROM pg_catalog.unnest(${list}) v) s WHERE (${expression}\n) IS FALSE`;
  const open = transaction === "own" ? "BEGIN READ ONLY" : "SAVEPOINT lockstep_values";
  const close = transaction === "own" ? "ROLLBACK" : "ROLLBACK TO SAVEPOINT lockstep_values";
  try {
    const [, , answer] = await database.batch(
      [open, `SET LOCAL statement_timeout = ${timeoutMs}`, query, close].join(";\n"),
    );
    return answer!.rows.map((row) => String(row["lockstep_value"]));
  } catch (error) {
    if (isConnectionLost(error)) throw error;
    await database.batch(close);
    return undefined;
  }
}
