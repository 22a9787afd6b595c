import { Session, sqlState, type Queryable } from "../pg/index.ts";
import { startScratch, surplus, type Scratch, type ScratchDatabase } from "../scratch/index.ts";
import { quoteIdent, quoteLiteral } from "../sql/index.ts";
import { prefixKeys } from "./key.ts";
import type { HistoryRequest, ReplayedHistory } from "./replay.ts";

/** Template databases of a given server that stay; the least recently used ones go first. */
const limits = { count: 8, bytes: 2 ** 30 };

const prefix = "lockstep_history_";

/**
 * Replays on a server given by URL, from the template database of the longest prefix. A template is built under another
 * name and gets its own only when it is complete. Roles are a server's and not a database's: those that were created
 * stay for as long as a template depends on them.
 */
export async function replayOnServer(
  request: HistoryRequest,
  server: string,
): Promise<ReplayedHistory> {
  const { migrations, roles, apply, major, keepAfterMs } = request;
  const names = prefixKeys(migrations, request.manner).map((key) => prefix + key);
  const scratch = await startScratch({ url: server, major });
  const admin = await Session.open({ url: server, applicationName: "lockstep/scratch" });
  const close = async () => {
    await scratch.close();
    await admin.close();
  };
  try {
    const { done, database } = await copyLongest(admin, scratch, names);
    const began = performance.now();
    const missing = migrations.slice(done);
    await scratch.createRoles(await roles(missing));
    if (missing.length > 0) await apply(database.url, missing);
    const isKept = missing.length > 0 && performance.now() - began >= keepAfterMs;
    const { url } = isKept ? await keep(admin, scratch, database, names.at(-1)!) : database;
    return {
      scratch,
      url,
      applied: missing.length,
      createRoles: async (names) => scratch.createRoles(names),
      [Symbol.asyncDispose]: close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** A copy of the template that holds most of the history, else an empty database. */
async function copyLongest(
  admin: Queryable,
  scratch: Scratch,
  names: readonly string[],
): Promise<{ readonly done: number; readonly database: ScratchDatabase }> {
  const { rows } = await admin.query<{ name: string }>(
    "SELECT datname AS name FROM pg_catalog.pg_database WHERE datname = ANY ($1)",
    [names],
  );
  const there = new Set(rows.map(({ name }) => name));
  for (let done = names.length - 1; done > 0; done--) {
    const template = names[done]!;
    if (!there.has(template)) continue;
    try {
      const database = await scratch.createDatabase({ template });
      await noteUse(admin, template);
      return { done, database };
    } catch (error) {
      // Another process removed it a moment ago, or a session is connected to it.
      if (!["3D000", "55006"].includes(sqlState(error) ?? "")) throw error;
    }
  }
  return { done: 0, database: await scratch.createDatabase() };
}

/** Turns a database into a template and gives a copy; the database itself when another process made that template. */
async function keep(
  admin: Queryable,
  scratch: Scratch,
  database: ScratchDatabase,
  template: string,
): Promise<ScratchDatabase> {
  try {
    await admin.query(
      `ALTER DATABASE ${quoteIdent(database.name)} RENAME TO ${quoteIdent(template)}`,
    );
  } catch (error) {
    // Where both rename at the same moment, the index of names says so and not RenameDatabase (dbcommands.c).
    if (["42P04", "23505"].includes(sqlState(error) ?? "")) return database;
    throw error;
  }
  await noteUse(admin, template);
  const copy = await scratch.createDatabase({ template });
  await removeOld(admin);
  return copy;
}

/** The comment of a template says when it was last used. */
async function noteUse(admin: Queryable, template: string): Promise<void> {
  const now = quoteLiteral(new Date().toISOString());
  // Two processes may say so at the same time; one of them is enough.
  await admin.query(`COMMENT ON DATABASE ${quoteIdent(template)} IS ${now}`).catch(() => {});
}

async function removeOld(admin: Queryable): Promise<void> {
  const { rows } = await admin.query<{ name: string; bytes: string }>(
    `SELECT datname AS name, pg_catalog.pg_database_size(oid) AS bytes
       FROM pg_catalog.pg_database
      WHERE pg_catalog.starts_with(datname, $1)
      ORDER BY pg_catalog.shobj_description(oid, 'pg_database') DESC NULLS LAST`,
    [prefix],
  );
  const kept = rows.map(({ name, bytes }) => ({ name, bytes: Number(bytes) }));
  for (const { name } of surplus(kept, limits))
    await admin.query(`DROP DATABASE IF EXISTS ${quoteIdent(name)}`).catch(() => {});
}
