import { isLockstepError, LockstepError } from "../errors/index.ts";
import type { Queryable } from "../pg/index.ts";
import { quoteQualified } from "../sql/index.ts";
import { directReaders, type DirectTool } from "./direct-readers.ts";
import type { Folder } from "./folder.ts";
import type { MigrationFolder } from "./migration.ts";

/**
 * Refuses a folder that looks like plain SQL when the ledger of a tool in the database names its files: what tells the
 * tool, a manifest, may be left out of an image.
 * @throws LockstepError `migration-unsupported`
 */
export async function requireNoOtherLedger(database: Queryable, folder: Folder): Promise<void> {
  const readings = readingsOf(folder);
  const names = readings.map(({ ledger }) => quoteQualified(ledger!.schema, ledger!.table));
  const { rows } = await database.query<{ name: string }>(
    "SELECT name FROM pg_catalog.unnest($1::text[]) AS n (name) WHERE pg_catalog.to_regclass(name) IS NOT NULL",
    [names],
  );
  const there = new Set(rows.map(({ name }) => name));
  for (const [index, reading] of readings.entries())
    if (there.has(names[index]!) && (await isNamed(database, reading)))
      throw belongs(reading, folder);
}

/** The folder as every tool reads it that would. */
function readingsOf(folder: Folder): readonly MigrationFolder[] {
  const readings: MigrationFolder[] = [];
  for (const read of Object.values(directReaders))
    try {
      readings.push(read(folder, {}));
    } catch (error) {
      if (!isLockstepError(error)) throw error;
    }
  return readings;
}

/** True when a row of the ledger stands for one of the files; another tool's table is none. */
async function isNamed(
  database: Queryable,
  { ledger, migrations }: MigrationFolder,
): Promise<boolean> {
  try {
    const rows = await ledger!.read(database, migrations);
    return rows.some(({ id }) => id !== undefined);
  } catch (error) {
    if (isLockstepError(error)) return false;
    throw error;
  }
}

function belongs({ tool, ledger }: MigrationFolder, { shown }: Folder): LockstepError {
  const name: DirectTool = tool as DirectTool;
  return new LockstepError("migration-unsupported", {
    what: `${shown} looks like plain SQL, and this database has a ledger of ${name}'s that names its files`,
    expected: "no ledger but Lockstep's own, or a folder whose tool is known",
    found: `${ledger!.schema}.${ledger!.table}`,
    from: shown,
    why: `what tells that the folder is ${name}'s (a manifest of the project) is not here; taken for plain SQL, every migration would be run again`,
    next: [
      `if ${name} has applied this folder: \`migrations.tool: "${name}"\` in lockstep.config`,
      'if the ledger is of another folder: `migrations.tool: "sql"`',
    ],
  });
}
