import type { QualifiedName } from "../sql/index.ts";
import type { CheckedStatement } from "./rule.ts";

/** True when the table was emptied earlier in the statement's transaction and has no pages to read or write since. */
export function truncatedBefore(
  { session }: Pick<CheckedStatement, "session">,
  before: readonly CheckedStatement[],
  table: QualifiedName,
): boolean {
  for (const { session: own, effect } of before.toReversed()) {
    if (!session.inTransaction || own.transaction !== session.transaction) return false;
    const work = effect.work.filter(({ relation }) => relation === table);
    if (work.some((one) => one.kind === "rewrite" && one.emptied === true)) return true;
    if (work.some((one) => one.kind === "row-change" && one.command !== "delete")) return false;
  }
  return false;
}
