import { isLockstepError, LockstepError } from "../errors/index.ts";
import { Session } from "../pg/index.ts";
import { rolesNamed } from "../history/index.ts";
import { cutUnits, type Unit } from "../runner/index.ts";
import { Confinement } from "../scratch/index.ts";
import { maskLiterals, parseSql, type Statement } from "../sql/index.ts";
import type { Migration } from "../tools/index.ts";
import { defaultReplayMs, ReplayLimit } from "./replay-limit.ts";

/** Part of the key under which a replayed history is kept: to be raised when `applyHistory` leaves something else. */
export const manner = "check 2";

/**
 * Applies migrations to scratch as units of Lockstep's runner, but in one session and without ledger, lock or its time
 * limits: what counts is what they leave. What reaches beyond the database is left out, as `Confinement` has it.
 *
 * @param limitMs how long all of them together may take
 * @param isShared true for a server that was given by URL
 * @throws LockstepError `scratch-run-failed` with file and line, also when the time is over; `sql-syntax`,
 * `migration-unsupported`
 */
export async function applyHistory(
  url: string,
  migrations: readonly Migration[],
  { limitMs = defaultReplayMs, isShared = false }: { limitMs?: number; isShared?: boolean } = {},
): Promise<void> {
  await using session = await Session.open({ url, applicationName: "lockstep/history" });
  const limit = new ReplayLimit(url, limitMs);
  const confinement = new Confinement({ isShared });
  await confinement.learnRoutines(session);
  for (const migration of await confinement.confine(migrations)) {
    for (const unit of await cutUnits(migration))
      await limit.hold(session, async () => applyUnit(session, unit, migration.file, limit));
    await session.query("DISCARD ALL");
  }
}

async function applyUnit(
  session: Session,
  unit: Unit,
  file: string,
  limit: ReplayLimit,
): Promise<void> {
  const { kind, statements, begin } = unit;
  const texts = statements.map(({ sql }) => sql);
  try {
    if (kind === "statement") await session.batch(texts[0]!);
    else await session.batch([begin, ...texts, "COMMIT"].join("\n;\n"));
  } catch (error) {
    const { completed = 0, message = "" } = error as { completed?: number; message?: string };
    const failed = statements[Math.max(0, kind === "statement" ? 0 : completed - 1)];
    const from = failed === undefined ? file : `${file}:${failed.line}`;
    throw limit.isOver
      ? await tookTooLong(from, failed, limit.ms, error)
      : notReplayed(from, message, error);
  }
}

function notReplayed(from: string, found: string, cause: unknown): LockstepError {
  return new LockstepError(
    "scratch-run-failed",
    {
      what: `what comes before the checked files does not run on a scratch database: ${from}`,
      expected: "SQL that builds the schema from nothing, as it will run on the target",
      found,
      from,
      why: "it needs an extension that scratch lacks, or relies on changes made by hand",
      next: [
        "name a scratch server that has what is missing: --scratch-url postgres://…",
        "or begin from a schema instead of the history: --base schema.sql",
        "or predict without a server: --static",
      ],
    },
    { cause },
  );
}

async function tookTooLong(
  from: string,
  statement: Statement | undefined,
  limitMs: number,
  cause: unknown,
): Promise<LockstepError> {
  const text = statement === undefined ? from : await maskLiterals(statement.sql, 100);
  return new LockstepError(
    "scratch-run-failed",
    {
      what: `what comes before the checked files did not end on a scratch database within ${limitMs / 1000} s: ${from}`,
      expected: "SQL that builds the schema from nothing in that time",
      found: `still running: ${text}`,
      from,
      why: "it waits for something that scratch does not have, loops, or is simply long",
      next: [
        "give it longer, in ms: --replay-timeout 3600000",
        "or begin from a schema instead of the history: --base schema.sql",
        "or predict without a server: --static",
      ],
    },
    { cause },
  );
}

/**
 * Roles that migrations name, for a server that has other users (`isShared`) those too that they create: there they are
 * not created as the migration says. What cannot be parsed is told, with its line, when it is applied.
 */
export async function rolesOf(
  migrations: readonly Migration[],
  isShared = false,
): Promise<readonly string[]> {
  const statements: Statement[] = [];
  for (const { sql, file } of migrations)
    try {
      statements.push(...(await parseSql(sql, file)));
    } catch (error) {
      if (!isLockstepError(error)) throw error;
    }
  const named = rolesNamed(statements);
  if (!isShared) return named;
  const confinement = new Confinement({ isShared });
  for (const statement of statements) confinement.reachOf(statement);
  return [...new Set([...named, ...confinement.roles])].toSorted();
}
