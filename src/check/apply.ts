import { isLockstepError, LockstepError } from "../errors/index.ts";
import { Session } from "../pg/index.ts";
import { rolesNamed } from "../history/index.ts";
import { cutUnits, type Unit } from "../runner/index.ts";
import { parseSql, type Statement } from "../sql/index.ts";
import type { Migration } from "../tools/index.ts";

/** Part of the key under which a replayed history is kept: to be raised when `applyHistory` leaves something else. */
export const manner = "check 1";

/**
 * Applies migrations to scratch as units of Lockstep's runner, but in one session and without ledger, lock or time
 * limits: what counts is what they leave.
 *
 * @throws LockstepError `scratch-run-failed` with file and line, `sql-syntax`, `migration-unsupported`
 */
export async function applyHistory(url: string, migrations: readonly Migration[]): Promise<void> {
  await using session = await Session.open({ url, applicationName: "lockstep/history" });
  for (const migration of migrations) {
    for (const unit of await cutUnits(migration)) await applyUnit(session, unit, migration.file);
    await session.query("DISCARD ALL");
  }
}

async function applyUnit(session: Session, unit: Unit, file: string): Promise<void> {
  const { kind, statements, begin } = unit;
  const texts = statements.map(({ sql }) => sql);
  try {
    if (kind === "statement") await session.batch(texts[0]!);
    else await session.batch([begin, ...texts, "COMMIT"].join("\n;\n"));
  } catch (error) {
    const { completed = 0, message = "" } = error as { completed?: number; message?: string };
    const failed = statements[Math.max(0, kind === "statement" ? 0 : completed - 1)];
    throw notReplayed(file, failed, message, error);
  }
}

function notReplayed(
  file: string,
  statement: Statement | undefined,
  found: string,
  cause: unknown,
): LockstepError {
  const from = statement === undefined ? file : `${file}:${statement.line}`;
  return new LockstepError(
    "scratch-run-failed",
    {
      what: `the history before the checked files does not run on a scratch database: ${from}`,
      expected: "a history that builds the schema from nothing, as it will run on the target",
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

/** Roles that migrations name. What cannot be parsed is told, with its line, when it is applied. */
export async function rolesOf(migrations: readonly Migration[]): Promise<readonly string[]> {
  const statements: Statement[] = [];
  for (const { sql, file } of migrations)
    try {
      statements.push(...(await parseSql(sql, file)));
    } catch (error) {
      if (!isLockstepError(error)) throw error;
    }
  return rolesNamed(statements);
}
