import { qualifiedName } from "../catalog/index.ts";
import type { ContractKey, ContractTable } from "../contract/index.ts";
import { isConnectionLost, type Session } from "../pg/index.ts";
import { quoteIdent } from "../sql/index.ts";
import type { Finding } from "./result.ts";

/** The keys as SQL: every column quoted, expressions as Postgres printed them. */
export function sqlKeys(table: ContractTable, key: ContractKey): string {
  const quoted = new Map(table.columns.map(({ name }) => [qualifiedName(name), quoteIdent(name)]));
  return key.keys.map((one) => quoted.get(one) ?? one).join(", ");
}

/** The conflict target that names the key. */
export function onConflict(table: ContractTable, key: ContractKey): string {
  const where = key.predicate === null ? "" : ` WHERE ${key.predicate}`;
  return `ON CONFLICT (${sqlKeys(table, key)})${where}`;
}

/** Drops findings whose statement the server can plan all the same (`Finding.unlessPlanned`). */
export async function settleArbiters(
  findings: readonly Finding[],
  database: Session,
  transaction: "own" | "caller",
): Promise<readonly Finding[]> {
  const settled: Finding[] = [];
  for (const finding of findings) {
    const { unlessPlanned, ...rest } = finding;
    if (unlessPlanned === undefined) settled.push(finding);
    else if ((await refusal([unlessPlanned], database, transaction)) !== undefined)
      settled.push(rest);
  }
  return settled;
}

/**
 * Why the server does not plan one of the statements; undefined when it plans them all. EXPLAIN runs nothing and is
 * let through by a read-only transaction (execMain.c, standard_ExecutorStart).
 */
export async function refusal(
  statements: readonly string[],
  database: Session,
  transaction: "own" | "caller",
): Promise<string | undefined> {
  const open = transaction === "own" ? "BEGIN READ ONLY" : "SAVEPOINT lockstep_plan";
  const close = transaction === "own" ? "ROLLBACK" : "ROLLBACK TO SAVEPOINT lockstep_plan";
  try {
    await database.batch([open, ...statements.map((sql) => `EXPLAIN ${sql}`), close].join(";\n"));
    return undefined;
  } catch (error) {
    if (isConnectionLost(error)) throw error;
    await database.batch(close);
    return (error as Error).message;
  }
}
