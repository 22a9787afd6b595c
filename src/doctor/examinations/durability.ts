import type { Diagnosis, Examination } from "../examination.ts";

interface Row {
  readonly fsync: string;
  readonly pages: string;
  readonly commit: string;
  readonly checksums: string;
  readonly unlogged: number;
  readonly example: string | null;
}

export const durability: Examination = {
  name: "durability",
  question: "Does what was committed survive a crash?",
  async examine({ database }) {
    const { rows } = await database.query<Row>(
      `SELECT pg_catalog.current_setting('fsync') AS fsync, pg_catalog.current_setting('full_page_writes') AS pages,
              (SELECT reset_val FROM pg_catalog.pg_settings WHERE name = 'synchronous_commit') AS commit,
              pg_catalog.current_setting('data_checksums') AS checksums,
              pg_catalog.count(c.oid)::pg_catalog.int4 AS unlogged,
              pg_catalog.min(pg_catalog.format('%I.%I', n.nspname, c.relname)) AS example
         FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind = 'r' AND c.relpersistence = 'u'`,
    );
    return diagnoseDurability(rows[0]!);
  },
};

function diagnoseDurability(row: Row): readonly Diagnosis[] {
  const { fsync, pages, commit, checksums, unlogged, example } = row;
  const all: Diagnosis[] = [];
  if (fsync === "off" || pages === "off")
    all.push({
      verdict: "danger",
      found: `${fsync === "off" ? "fsync" : "full_page_writes"} is off`,
      means: "after a crash of the machine the database may be damaged beyond repair",
      next: [
        `ALTER SYSTEM SET ${fsync === "off" ? "fsync" : "full_page_writes"} = on`,
        "SELECT pg_reload_conf()",
      ],
    });
  if (commit === "off")
    all.push({
      verdict: "warning",
      found: "synchronous_commit is off",
      means:
        "the last transactions before a crash are gone, although their clients were told that they were kept",
      next: ["ALTER SYSTEM SET synchronous_commit = on", "SELECT pg_reload_conf()"],
    });
  if (unlogged > 0)
    all.push({
      verdict: "note",
      object: example ?? undefined,
      found: `${unlogged === 1 ? "1 table is" : `${unlogged} tables are`} UNLOGGED`,
      means: "they are empty after a crash and on every standby",
      next: [
        "ALTER TABLE … SET LOGGED, which rewrites the table under a lock: lockstep explain blocking-rewrite",
      ],
    });
  if (checksums !== "on")
    all.push({
      verdict: "note",
      found: "data checksums are off",
      means: "a page that the disk returns damaged is not noticed",
      next: ["pg_checksums --enable, with the server stopped"],
    });
  return all.length > 0
    ? all
    : [
        {
          verdict: "ok",
          found: "fsync, full_page_writes, synchronous_commit and checksums are on",
        },
      ];
}
