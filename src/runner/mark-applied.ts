import { randomUUID } from "node:crypto";
import type { Emit } from "../events/index.ts";
import { finishRun, readHistory, recordMigrationSql, startRun } from "../ledger/index.ts";
import { Session } from "../pg/index.ts";
import type { MigrationFolder } from "../tools/index.ts";
import { cancellation } from "./cancel.ts";
import { waitForLock } from "./keeper.ts";
import { ledgerFailure } from "./ledger-failure.ts";
import { runOptions, type GivenRunOptions } from "./options.ts";
import { requireUsable } from "./requirements.ts";
import { sessionName } from "./session-names.ts";
import { detailsOf, takeOver } from "./take-over.ts";

export interface MarkRequest {
  readonly url: string;
  readonly folder: MigrationFolder;
  /** Ids of migrations of the folder. */
  readonly migrations: ReadonlySet<string>;
  /** Why they count as applied; recorded. */
  readonly reason: string;
  /** Looks again, under the lock, whether what they were proven by still holds. */
  readonly verify: (session: Session) => Promise<void>;
  readonly emit: Emit;
  readonly signal?: AbortSignal | undefined;
  readonly run?: string | undefined;
  readonly options?: GivenRunOptions | undefined;
}

/**
 * Marks migrations as applied without running anything of them: in Lockstep's ledger, and in the tool's own exactly as the
 * tool would write it. Both in one transaction, under the lock of a run; what is recorded already stays as it is.
 *
 * @returns the run, and the ids that were written into either ledger
 * @throws what `verify` throws, and what `migrate` throws before its first change
 */
export async function markApplied(
  request: MarkRequest,
): Promise<{ readonly run: string; readonly marked: readonly string[] }> {
  const { url, emit } = request;
  const run = request.run ?? randomUUID();
  const options = runOptions({ ...request.options, command: "baseline" });
  await using session = await Session.open({ url, applicationName: sessionName(run, "keeper") });
  try {
    await requireUsable(session, url, run);
    const signal = cancellation(request.signal);
    await waitForLock({ session, emit, options, signal }, async () => false);
    await using keeper = await takeOver({ session, run, emit, options, signal });
    return await keeper.use(async () => {
      await request.verify(session);
      const { sql, marked } = await statementsFor(session, request, run, keeper.fence);
      if (marked.length === 0) return { run, marked };
      const detail = { marked, reason: request.reason };
      await startRun(session, { ...detailsOf(run, options), detail }, keeper.fence);
      await inOneTransaction(session, sql);
      await finishRun(session, run, "succeeded");
      return { run, marked };
    });
  } catch (error) {
    throw ledgerFailure(error, session.where);
  }
}

async function statementsFor(
  session: Session,
  { folder, migrations, reason }: MarkRequest,
  run: string,
  fence: number,
): Promise<{ readonly sql: readonly string[]; readonly marked: readonly string[] }> {
  const { ledger, source } = folder;
  const history = await readHistory(session, source);
  const native = (await ledger?.read(session, folder.migrations)) ?? [];
  // What a position stands behind counts as listed: to write it again would set the position back.
  const listed = new Set(
    native.filter(({ unfinished }) => unfinished === undefined).map(({ id }) => id),
  );
  const sql: string[] = ledger === undefined ? [] : [ledger.createSql];
  const marked: string[] = [];
  for (const migration of folder.migrations) {
    if (!migrations.has(migration.id)) continue;
    const inOurs = history.migrations.has(migration.id);
    const inTheirs = ledger === undefined || listed.has(migration.id);
    if (inOurs && inTheirs) continue;
    marked.push(migration.id);
    if (!inTheirs) sql.push(...ledger.recordSql(migration, "marked"));
    if (inOurs) continue;
    const how = inTheirs && ledger !== undefined ? "adopted" : "baseline";
    sql.push(recordMigrationSql({ source, run, fence }, { ...migration, how, reason }));
  }
  return { sql, marked };
}

async function inOneTransaction(session: Session, sql: readonly string[]): Promise<void> {
  try {
    await session.batch(["BEGIN", ...sql, "COMMIT"].join("\n;\n"));
  } catch (error) {
    await session.query("ROLLBACK").catch(() => {});
    throw error;
  }
}
