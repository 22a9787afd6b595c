import type { QualifiedName } from "../sql/index.ts";
import type { CheckedStatement } from "./rule.ts";

/** True when the table was emptied earlier in the statement's transaction and has no pages to read or write since. */
export function truncatedBefore(
  { session }: Pick<CheckedStatement, "session">,
  before: readonly CheckedStatement[],
  table: QualifiedName,
): boolean {
  if (!session.inTransaction) return false;
  for (let index = before.length - 1; index >= 0; index--) {
    const { session: own, effect } = before[index]!;
    if (own.transaction !== session.transaction) return false;
    if (effect.work.length === 0) continue;
    const work = effect.work.filter(({ relation }) => relation === table);
    if (work.some((one) => one.kind === "rewrite" && one.emptied === true)) return true;
    if (work.some((one) => one.kind === "row-change" && one.command !== "delete")) return false;
  }
  return false;
}
