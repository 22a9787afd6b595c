import type { ServerSizes } from "../clone/index.ts";
import { Session } from "../pg/index.ts";
import type { Scratch } from "../scratch/index.ts";
import { quoteIdent } from "../sql/index.ts";

/**
 * Settings that a size is compared with, with the least that each may have, in its own unit. At a share of the rows a share of
 * them lets the server decide as it does at full size: whether workers help, whether a hash or a sort fits into memory, how
 * often a GIN index takes in what waits for it.
 */
const bySize: Readonly<Record<string, number>> = {
  min_parallel_table_scan_size: 0,
  min_parallel_index_scan_size: 0,
  work_mem: 64,
  gin_pending_list_limit: 64,
};

/** Gives new sessions of a clone the server's own settings of this kind, by its scale. */
export async function scaleSettings(url: string, scale: number): Promise<void> {
  await using session = await Session.open({ url, applicationName: "lockstep/rehearse" });
  const { rows } = await session.query<{ name: string; value: string; database: string }>(
    `SELECT name, setting AS value, pg_catalog.current_database() AS database
       FROM pg_catalog.pg_settings WHERE name = ANY ($1)`,
    [Object.keys(bySize)],
  );
  const sets = rows.map(({ name, value, database }) => {
    const own = Math.max(bySize[name]!, Math.round(Number(value) * Math.min(1, scale)));
    return `ALTER DATABASE ${quoteIdent(database)} SET ${quoteIdent(name)} TO ${own}`;
  });
  await session.batch(sets.join(";\n"));
}

const megabyte = 1024 * 1024;
/** Of less a session may hold so few pages that it reads them one by one (bufmgr.c, pins); what a machine that rehearses can spare. */
const cacheLimits = { least: 16 * megabyte, most: 512 * megabyte };
/** What a session may hold is a share of the cache by how many sessions there may be: a rehearsal has some twenty. */
const connections = 50;
/** Two files of the embedded servers' WAL; what a disk can spare. */
const walLimits = { least: 8 * megabyte, most: 1024 * megabyte };
/** A server takes a share of its cache for them by itself: of a scaled one, too little. */
const walBuffers = "4MB";

/**
 * Settings for the start of an embedded server, so that its cache holds as large a share of the largest clone as the source's holds of
 * its tables (manual 19.4.1, shared_buffers). None where the source's is not known.
 */
export function scaledCache(
  server: ServerSizes | undefined,
  scale: number,
): Readonly<Record<string, string>> {
  const bytes = scaled(server?.cache, scale, cacheLimits);
  if (bytes === undefined) return {};
  return {
    shared_buffers: kilobytes(bytes),
    wal_buffers: walBuffers,
    max_connections: String(connections),
  };
}

/**
 * Lets an embedded server make checkpoints as often in proportion as the source does. The first change of a page after one writes the whole
 * page into the WAL, and where there are checksums so does the first read after a rewrite (manual 28.5, WAL configuration; 19.5.1,
 * full_page_writes): work on a small clone would come to its end between two of them. Nobody waits for a checkpoint, no step has it
 * in its time. Nothing is done on a server given by URL, nor where the source's is not known.
 *
 * @param scale of the rows; undefined for the server's own setting, while rows are made
 */
export async function scaleCheckpoints(
  scratch: Scratch,
  server: ServerSizes | undefined,
  scale: number | undefined,
): Promise<void> {
  const bytes = scaled(server?.wal, scale ?? 1, walLimits);
  if (!scratch.isEmbedded || bytes === undefined) return;
  await using session = await Session.open({
    url: scratch.url,
    applicationName: "lockstep/rehearse",
  });
  await session.query(
    scale === undefined
      ? "ALTER SYSTEM RESET max_wal_size"
      : `ALTER SYSTEM SET max_wal_size = '${kilobytes(bytes)}'`,
  );
  await session.query("SELECT pg_catalog.pg_reload_conf()");
}

/** Undefined for what a file does not say. */
function scaled(
  bytes: unknown,
  scale: number,
  { least, most }: { readonly least: number; readonly most: number },
): number | undefined {
  if (typeof bytes !== "number" || !Number.isFinite(bytes) || bytes <= 0) return undefined;
  return Math.min(most, Math.max(least, bytes * Math.min(1, scale)));
}

function kilobytes(bytes: number): string {
  return `${Math.round(bytes / 1024)}kB`;
}
