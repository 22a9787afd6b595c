import type { AppliedOnes, Sizes } from "../effects/index.ts";
import { readDurations } from "../ledger/index.ts";
import type { Session } from "../pg/index.ts";
import { readStatusOn } from "../runner/index.ts";
import type { MigrationFolder } from "../tools/index.ts";

/**
 * What the ledgers of a database say of a folder: what is applied, and how long it took there. With it a rehearsal needs no
 * connection to the database.
 */
export async function ledgersOn(
  session: Session,
  folder: MigrationFolder,
): Promise<Required<Pick<Sizes, "migrations" | "durations">>> {
  const migrations = await appliedOnes(session, folder);
  return { migrations, durations: await readDurations(session, migrations.source) };
}

async function appliedOnes(session: Session, folder: MigrationFolder): Promise<AppliedOnes> {
  const { source, migrations } = await readStatusOn(session, folder);
  const applied = migrations.flatMap(({ id, file, state }) =>
    file !== undefined && (state === "applied" || state === "edited") ? [id] : [],
  );
  return { source, applied };
}
