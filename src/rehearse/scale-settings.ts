import { Session } from "../pg/index.ts";
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
