import type { Emit } from "../events/index.ts";
import { backId, backSource, forgetSourceSql } from "../ledger/index.ts";
import { migrate, type GivenRunOptions, type Guard } from "../runner/index.ts";
import { quoteLiteral } from "../sql/index.ts";
import type { Migration, MigrationFolder } from "../tools/index.ts";
import type { Back } from "./request.ts";

interface Application {
  readonly url: string;
  readonly folder: MigrationFolder;
  readonly migration: Migration;
  readonly back: Back;
  /** How many migrations Lockstep's ledger holds of this folder: another number means that somebody was faster. */
  readonly recorded: number;
  /** What must hold under the locks of the target; nothing on scratch. */
  readonly guard?: Guard | undefined;
  readonly emit: Emit;
  readonly run?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly options?: GivenRunOptions | undefined;
}

/**
 * Runs the way back through the real runner, as a migration of its own: lock, fence, timeouts, retries, resumable. Both
 * ledgers forget the migration in the transaction in which the last of it commits.
 */
export async function applyBack(application: Application): Promise<void> {
  const { url, folder, migration, back, recorded, guard, emit, run, signal, options } = application;
  const source = backSource(folder.source);
  const id = backId(migration.id);
  const { checksum, sql, from: file } = back;
  await migrate({
    url,
    run,
    signal,
    emit,
    guard,
    folder: {
      tool: "rollback",
      path: folder.path,
      source,
      migrations: [
        { ...migration, id, file, sql, checksum, transaction: transactionOf(migration, back) },
      ],
      ledger: undefined,
    },
    options: { ...options, command: "rollback", allowMissing: true, allowOutOfOrder: true },
    alongside: (_, by) => [
      guardSql(folder.source, recorded),
      ...["unit", "migration"].map(
        (table) =>
          `DELETE FROM lockstep.${table} WHERE source = ${quoteLiteral(folder.source)} AND ${table === "unit" ? "migration" : "id"} = ${quoteLiteral(migration.id)}`,
      ),
      ...(folder.ledger?.eraseSql(migration) ?? []),
      ...forgetSourceSql(source),
      `UPDATE lockstep.run SET detail = coalesce(detail, '{}'::jsonb) || ${quoteLiteral(JSON.stringify({ takenBack: migration.id }))}::jsonb WHERE id = ${quoteLiteral(by.run)}`,
    ],
    committed: (by) =>
      `SELECT FROM lockstep.run WHERE id = ${quoteLiteral(by.run)} AND detail->>'takenBack' = ${quoteLiteral(migration.id)}`,
  });
}

/** A file goes as its tool would send it; what was made from the catalogs as the runner cuts it. */
function transactionOf({ transaction }: Migration, { kind }: Back): Migration["transaction"] {
  return kind === "file" ? transaction : "file";
}

function guardSql(source: string, recorded: number): string {
  return `DO $guard$ BEGIN
  IF (SELECT count(*) FROM lockstep.migration WHERE source = ${quoteLiteral(source)}) <> ${recorded} THEN
    RAISE EXCEPTION 'another run has changed the ledger since the rollback was rehearsed' USING ERRCODE = 'object_not_in_prerequisite_state';
  END IF;
END $guard$`;
}
