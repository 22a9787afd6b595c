import { bytes, readHeadroom } from "../../pg/index.ts";
import type { Examination } from "../examination.ts";

/** Free room as a share of the database: a rewrite needs the table's size once more, an index build its own. */
const share = { danger: 0.2, warning: 0.5 };

/** By the pages that the last VACUUM or ANALYZE counted: asking for the size itself would wait behind a rewrite. */
const largestTable = `
  SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) AS relation,
         pg_catalog.current_setting('block_size')::pg_catalog.float8 * (
           c.relpages + coalesce((SELECT pg_catalog.sum(i.relpages) FROM pg_catalog.pg_index x JOIN pg_catalog.pg_class i ON i.oid = x.indexrelid
                                   WHERE x.indrelid IN (c.oid, c.reltoastrelid)), 0)
             + coalesce((SELECT t.relpages FROM pg_catalog.pg_class t WHERE t.oid = c.reltoastrelid), 0)) AS bytes
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE c.relkind IN ('r', 'm') AND n.nspname NOT IN ('pg_catalog', 'information_schema')
   ORDER BY bytes DESC LIMIT 1`;

export const disk: Examination = {
  name: "disk",
  question: "Is there room on the disk for a rewrite of the largest table?",
  async examine({ database, url, provider }) {
    const { rows } = await database.query<{ relation: string; bytes: number }>(largestTable);
    const largest = rows[0];
    const needs =
      largest === undefined
        ? ""
        : `; the largest table, ${largest.relation}, has ${bytes(largest.bytes)} with its indexes`;
    const room = await readHeadroom(database, url);
    if (room === undefined)
      return [
        {
          verdict: "unknown",
          found: `SQL does not tell how much of the server's disk is free${needs}`,
          means: "a rewrite or an index build that fills the disk stops the server",
          next: [
            provider === undefined
              ? "on the server: df -h, for the data directory and pg_wal"
              : `the free storage that ${provider.name} shows for the instance`,
          ],
        },
      ];
    const found = `${bytes(room.freeBytes)} free beside a database of ${bytes(room.databaseBytes)}${needs}`;
    const tight = largest !== undefined && room.freeBytes < largest.bytes * 2;
    if (tight || room.freeBytes < room.databaseBytes * share.danger)
      return [
        {
          verdict: "danger",
          found,
          means:
            "a rewrite writes the table anew, and as much again to the WAL: it would fill the disk, and the server stops",
          next: ["extend the disk, or drop what is not needed, before the migration"],
        },
      ];
    return [
      room.freeBytes < room.databaseBytes * share.warning
        ? {
            verdict: "warning",
            found,
            means: "large rewrites come near the end of it",
            next: ["extend the disk"],
          }
        : { verdict: "ok", found },
    ];
  },
};
