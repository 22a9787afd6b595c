import { isLockstepError, LockstepError } from "../errors/index.ts";
import { Session } from "../pg/index.ts";
import { migrate, type GivenRunOptions } from "../runner/index.ts";
import { Confinement, type Scratch } from "../scratch/index.ts";
import { parseSql, quoteIdent } from "../sql/index.ts";
import { forScratch, type MigrationFolder } from "../tools/index.ts";

/** An empty scratch database, with a session on it. */
export interface ScratchHistory {
  readonly scratch: Scratch;
  readonly url: string;
  readonly session: Session;
  readonly signal: AbortSignal | undefined;
}

/**
 * Gives `work` an empty scratch database on a server with the target's roles, without rights or logins: GRANTs and
 * policies of a history name them. When the server is closed it is as it was: it may be a lasting one that was given by URL.
 */
export async function onScratch<Value>(
  scratch: Scratch,
  options: { readonly roles: readonly string[]; readonly signal?: AbortSignal | undefined },
  work: (history: ScratchHistory) => Promise<Value>,
): Promise<Value> {
  await using admin = await Session.open({ url: scratch.url, applicationName: "lockstep/scratch" });
  const before = new Set(await readRoles(admin));
  const database = await scratch.createDatabase();
  try {
    await scratch.createRoles(options.roles);
    await using session = await Session.open({
      url: database.url,
      applicationName: "lockstep/scratch",
    });
    return await work({ scratch, url: database.url, session, signal: options.signal });
  } finally {
    await database.drop();
    // What the history itself made on a server of our own; on any other, only `createRoles` makes roles.
    if (scratch.isEmbedded)
      for (const role of await readRoles(admin))
        if (!before.has(role)) await admin.query(`DROP ROLE ${quoteIdent(role)}`).catch(() => {});
  }
}

/** The roles that the folder's history expects to be there: the server's, but for those that it makes itself. */
export async function rolesFor(
  session: Session,
  folder: MigrationFolder,
): Promise<readonly string[]> {
  const own = new Set<unknown>();
  for (const { sql, file } of folder.migrations) {
    // What cannot be parsed is refused, with its line, by the runner.
    for (const { node } of await parseSql(sql, file).catch(() => []))
      if ("CreateRoleStmt" in node) own.add(node.CreateRoleStmt.role);
  }
  return (await readRoles(session)).filter((name) => !own.has(name));
}

/** Roles of the server, without Postgres' own. */
async function readRoles(session: Session): Promise<readonly string[]> {
  const { rows } = await session.query<{ name: string }>(
    "SELECT rolname AS name FROM pg_catalog.pg_roles WHERE rolname !~ '^pg_' ORDER BY 1",
  );
  return rows.map(({ name }) => name);
}

/**
 * Applies migrations on a scratch database through the real runner, without what reaches beyond that database.
 * @throws LockstepError `scratch-run-failed` when they do not run there: then what they make is not known
 */
export async function runOnScratch(
  { scratch, url, signal }: ScratchHistory,
  folder: MigrationFolder,
  which: string,
  options: Pick<GivenRunOptions, "allowOutOfOrder"> = {},
): Promise<void> {
  const confinement = new Confinement({ isShared: !scratch.isEmbedded });
  const migrations = await confinement.confine(folder.migrations);
  await scratch.createRoles(confinement.roles);
  try {
    await migrate({
      url,
      folder: { ...forScratch(folder), migrations },
      emit: () => {},
      signal,
      options: { ...options, command: "scratch" },
    });
  } catch (error) {
    if (!isLockstepError(error) || error.code === "run-cancelled") throw error;
    const { what, found, from, why } = error.explanation;
    throw new LockstepError(
      "scratch-run-failed",
      {
        what: `${which} do not run on a scratch database`,
        expected: "a history that builds the schema from nothing, as it will run on the target",
        found: [what, found].filter((text) => text !== undefined).join("\n"),
        from,
        why:
          why ??
          "the history needs an extension that scratch lacks, or relies on changes made by hand",
        next: [
          "correct the migration; nothing was changed on the target",
          "or name a scratch server that has what is missing: --scratch-url postgres://…",
        ],
      },
      { cause: error },
    );
  }
}

/** True for the schema that a migration tool has made for nothing but its ledger. */
export function isLedgerSchema(
  { kind, object }: { readonly kind: string; readonly object: string },
  folder: MigrationFolder,
): boolean {
  return kind.endsWith("-schema") && object === folder.ledger?.schema;
}
