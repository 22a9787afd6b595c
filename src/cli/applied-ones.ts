import type { AppliedOnes } from "../effects/index.ts";
import type { Session } from "../pg/index.ts";
import { readStatusOn } from "../runner/index.ts";
import type { MigrationFolder } from "../tools/index.ts";

/** What of a folder a database has applied: with it a rehearsal needs no connection to the database. */
export async function appliedOnes(session: Session, folder: MigrationFolder): Promise<AppliedOnes> {
  const { source, migrations } = await readStatusOn(session, folder);
  const applied = migrations.flatMap(({ id, file, state }) =>
    file !== undefined && (state === "applied" || state === "edited") ? [id] : [],
  );
  return { source, applied };
}
