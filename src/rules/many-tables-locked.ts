import type { RelationLock, RelationRole } from "../effects/index.ts";
import { cannotSucceed, isStrong, listWords, waitIsBounded } from "./evaluate-locks.ts";
import { ownTransaction } from "./fix-steps.ts";
import type { Rule, Verdict } from "./rule.ts";

export const manyTablesLocked: Rule = {
  id: "many-tables-locked",
  title: "Locks several tables in one transaction",
  severity: "warning",
  kind: "hazard",
  axis: "locks",
  *file(input): Iterable<Verdict> {
    const said = new Set<number>();
    for (const checked of input.statements) {
      const { effect, session } = checked;
      if (session.held.length === 0 || said.has(session.transaction)) continue;
      if (cannotSucceed(effect, session.inTransaction)) continue;
      const held = tablesOf(session.held);
      const more = tablesOf(effect.locks).filter((table) => !held.includes(table));
      if (held.length === 0 || more.length === 0) continue;
      said.add(session.transaction);
      const bounded = input.context.runnerSetsTimeouts || waitIsBounded(session);
      yield {
        at: checked,
        ...(bounded ? { severity: "info" as const } : {}),
        message: `waits for a lock on ${listWords(more)} while it holds one on ${listWords(held)}`,
        why: "an application that writes the same tables in the other order then waits for the migration while the migration waits for it: Postgres ends one of them as a deadlock victim",
        wayOut: {
          text: `Give each table a transaction of its own. ${ownTransaction({ transaction: input.transaction, file: checked.file })}`,
        },
      };
    }
  },
};

/** A partition and its parent are locked in the order that Postgres itself keeps. */
const sameFamily: ReadonlySet<RelationRole> = new Set([
  "partition-parent",
  "partition",
  "default-partition",
  "inheritance-parent",
  "child",
]);

function tablesOf(locks: readonly RelationLock[]): readonly string[] {
  const tables = locks.filter(
    (lock) => isStrong(lock) && (lock.kind === "table" || lock.kind === "partitioned table"),
  );
  const own = tables.filter(({ role }) => !sameFamily.has(role));
  return [...new Set((own.length > 0 ? own : tables.slice(0, 1)).map(({ relation }) => relation))];
}
