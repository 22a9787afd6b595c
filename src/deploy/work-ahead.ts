import { plansInFlight } from "../ledger/index.ts";
import type { Session } from "../pg/index.ts";
import { readStatusOn } from "../runner/index.ts";
import type { Migration, MigrationFolder } from "../tools/index.ts";

/** What a run would do to a database. */
export interface WorkAhead {
  readonly pending: readonly Migration[];
  /** Plans that an earlier run has begun and not carried to a place where they rest. */
  readonly begun: readonly string[];
}

/** Reads what is pending; undefined when nothing is to be done. */
export async function readWorkAhead(
  session: Session,
  folder: MigrationFolder,
): Promise<WorkAhead | undefined> {
  const { migrations } = await readStatusOn(session, folder);
  const settled = new Set(
    migrations
      .filter(({ state }) => ["applied", "edited", "unknown"].includes(state))
      .map(({ id }) => id),
  );
  const pending = folder.migrations.filter(({ id }) => !settled.has(id));
  const inFlight = await plansInFlight(session);
  const begun = inFlight.filter(({ phase }) => phase !== "ready").map(({ id }) => id);
  return pending.length + begun.length === 0 ? undefined : { pending, begun };
}
