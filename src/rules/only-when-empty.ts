import type { QualifiedName } from "../sql/index.ts";
import { listWords } from "./evaluate-locks.ts";
import { addsRequiredColumn } from "./fails-on-rows.ts";
import type { CheckedStatement } from "./rule.ts";

/**
 * `; until line 16 is repaired it gets there only while public.jobs is empty`: an earlier statement of the transaction, or the
 * statement itself, demands a column that no row has. Empty when that does not hold for all of the tables.
 */
export function onlyWhenEmpty(
  at: CheckedStatement,
  before: readonly CheckedStatement[],
  tables: readonly QualifiedName[],
): string {
  const each = [...new Set(tables)];
  const lines = each.map((table) => lineThatDemands(at, before, table));
  if (lines.length === 0 || lines.includes(undefined)) return "";
  const places = [...new Set(lines)].map((line) => `line ${line}`);
  return `; until ${listWords(places)} ${places.length === 1 ? "is" : "are"} repaired it gets there only while ${listWords(each)} ${each.length === 1 ? "is" : "are"} empty`;
}

function lineThatDemands(
  at: CheckedStatement,
  before: readonly CheckedStatement[],
  table: QualifiedName,
): number | undefined {
  if (demands(at, table)) return at.statement.line;
  if (!at.session.inTransaction) return undefined;
  for (const earlier of before.toReversed()) {
    if (earlier.session.transaction !== at.session.transaction) return undefined;
    if (demands(earlier, table)) return earlier.statement.line;
    const gets = earlier.effect.work.some(
      (work) => work.kind === "row-change" && work.relation === table && work.command !== "delete",
    );
    if (gets) return undefined;
  }
  return undefined;
}

function demands(one: CheckedStatement, table: QualifiedName): boolean {
  return (
    addsRequiredColumn(one) &&
    one.effect.failures.some(({ sqlState, relation }) => sqlState === "23502" && relation === table)
  );
}
