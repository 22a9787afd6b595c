import type { Catalog } from "../../../catalog/index.ts";
import type { Session } from "../../../pg/index.ts";
import { send } from "../release/sent.ts";
import type { ReleaseStatement } from "../release/statements.ts";
import { readRows, type Rows } from "../rows.ts";
import type { TriedMigration } from "./in-transaction.ts";

/** Writes of the old release, and what is there after each point's. */
export interface SettledWrites {
  readonly writes: readonly (readonly ReleaseStatement[])[];
  readonly rows: readonly Rows[];
}

/**
 * Carries the old release's writes out where no plan is in flight, and leaves out those after which the migration as
 * written would fail, or that the database refuses.
 */
export async function settleWrites(
  session: Session,
  catalog: Catalog,
  tried: TriedMigration,
  drawn: readonly (readonly ReleaseStatement[])[],
): Promise<SettledWrites> {
  const writes: (readonly ReleaseStatement[])[] = [];
  const rows: Rows[] = [];
  for (const own of drawn) {
    const kept = await goodTogether(tried, own);
    for (const one of kept) await send(session, one);
    writes.push(kept);
    rows.push(await readRows(session, catalog));
  }
  return { writes, rows };
}

/** As many of the statements as go well together, and the migration after them. */
export async function goodTogether(
  tried: TriedMigration,
  statements: readonly ReleaseStatement[],
): Promise<readonly ReleaseStatement[]> {
  // Each will be a transaction of its own: what a constraint defers until the commit comes with it.
  const refusal = async (some: readonly ReleaseStatement[]) =>
    tried.refusal([{ sql: "SET CONSTRAINTS ALL IMMEDIATE" }, ...some]);
  if ((await refusal(statements)) === undefined) return statements;
  let kept: readonly ReleaseStatement[] = [];
  for (const one of statements)
    if ((await refusal([...kept, one])) === undefined) kept = [...kept, one];
  return kept;
}

/** Carries writes out and leaves out those that the database refuses. */
export async function acceptedWrites(
  session: Session,
  drawn: readonly (readonly ReleaseStatement[])[],
): Promise<readonly (readonly ReleaseStatement[])[]> {
  const writes: (readonly ReleaseStatement[])[] = [];
  for (const own of drawn) {
    const kept: ReleaseStatement[] = [];
    for (const one of own) {
      const isRefused = await send(session, one).then(
        () => false,
        () => true,
      );
      if (!isRefused) kept.push(one);
    }
    writes.push(kept);
  }
  return writes;
}
