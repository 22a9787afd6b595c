import { count, each, type Examination } from "../examination.ts";

interface Row {
  readonly name: string;
  readonly all: boolean;
  readonly tables: number;
  readonly keyless: string[];
}

/** Logical replication does not carry DDL: a subscriber that lacks a new column stops (manual 29.8, Restrictions). */
const published = `
  SELECT p.pubname AS name, p.puballtables AS all, pg_catalog.count(t.relid)::pg_catalog.int4 AS tables,
         coalesce(pg_catalog.array_agg(pg_catalog.format('%I.%I', n.nspname, c.relname) ORDER BY 1)
           FILTER (WHERE (p.pubupdate OR p.pubdelete) AND (c.relreplident = 'n'
             OR c.relreplident = 'd' AND NOT EXISTS (SELECT FROM pg_catalog.pg_index i WHERE i.indrelid = c.oid AND i.indisprimary))), '{}') AS keyless
    FROM pg_catalog.pg_publication p
    LEFT JOIN LATERAL pg_catalog.pg_get_publication_tables(p.pubname) AS t ON true
    LEFT JOIN pg_catalog.pg_class c ON c.oid = t.relid LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   GROUP BY p.oid, p.pubname, p.puballtables, p.pubupdate, p.pubdelete ORDER BY 1`;

export const publications: Examination = {
  name: "publications",
  question: "Does nobody else depend on the tables' form through logical replication?",
  async examine({ database }) {
    const { rows } = await database.query<Row>(published);
    if (rows.length === 0) return [{ verdict: "ok", found: "no publication" }];
    return each(
      rows,
      ({ name, all, tables, keyless }) =>
        keyless.length > 0
          ? {
              verdict: "danger",
              object: name,
              found: `publishes updates or deletes of ${keyless.slice(0, 3).join(", ")}${keyless.length > 3 ? ` and ${keyless.length - 3} more` : ""}, without a replica identity`,
              means: "every UPDATE and DELETE of these tables fails",
              next: keyless
                .slice(0, 3)
                .map((table) => `ALTER TABLE ${table} REPLICA IDENTITY FULL`),
            }
          : {
              verdict: "note",
              object: name,
              found: `publishes ${all ? "all tables" : count(tables, "table")}`,
              means:
                "subscribers do not get changes of the schema: one that lacks a new column stops",
              next: ["add columns at the subscribers first, drop them there last"],
            },
      "publication",
    );
  },
};
