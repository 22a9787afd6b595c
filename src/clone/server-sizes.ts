import type { Sizes } from "../effects/index.ts";
import type { Queryable } from "../pg/index.ts";

/** What of a server's settings decides how much of a table it has at hand, in bytes. */
export interface ServerSizes {
  /** Its own cache (`shared_buffers`). */
  readonly cache: number;
  /** WAL after which it makes a checkpoint, more or less (`max_wal_size`). */
  readonly wal: number;
}

/** Statistics with the sizes of the server; files of older versions have none. */
export interface SourceStatistics extends Sizes {
  readonly server?: ServerSizes;
}

/** Of the server that the session is on; every role may read them. */
export async function readServerSizes(database: Queryable): Promise<ServerSizes> {
  const { rows } = await database.query<{ cache: number; wal: number }>(
    `SELECT pg_catalog.pg_size_bytes(pg_catalog.current_setting('shared_buffers'))::float8 AS cache,
            pg_catalog.pg_size_bytes(pg_catalog.current_setting('max_wal_size'))::float8 AS wal`,
  );
  const { cache, wal } = rows[0]!;
  return { cache, wal };
}
