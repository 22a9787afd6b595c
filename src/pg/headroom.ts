import { statfs } from "node:fs/promises";
import { hostname } from "node:os";
import type { Queryable } from "./session.ts";
import { parseTarget } from "./target.ts";

/** Free room where the server keeps its data, when that can be seen from here. */
export interface Headroom {
  readonly databaseBytes: number;
  readonly freeBytes: number;
}

/**
 * The size of the database and the free room on its disk. SQL does not tell the latter, so it is known only for a server
 * on this machine whose data directory this role may ask for; undefined otherwise.
 */
export async function readHeadroom(
  database: Queryable,
  url: string,
): Promise<Headroom | undefined> {
  const { host } = parseTarget(url);
  if (!["localhost", "127.0.0.1", "::1", hostname()].includes(host) && !host.startsWith("/"))
    return undefined;
  try {
    const { rows } = await database.query<{ directory: string; bytes: string }>(
      `SELECT pg_catalog.current_setting('data_directory') AS directory,
              pg_catalog.pg_database_size(pg_catalog.current_database()) AS bytes`,
    );
    const { bavail, bsize } = await statfs(rows[0]!.directory);
    return { databaseBytes: Number(rows[0]!.bytes), freeBytes: bavail * bsize };
  } catch {
    // Another machine behind a tunnel, or a role without pg_read_all_settings: nothing to see, nothing to say.
    return undefined;
  }
}
