import type { Queryable } from "../pg/index.ts";
import { moment, statementsSeen } from "./statements-seen.ts";
import type { Thing } from "./things.ts";

/**
 * What the server can tell of who made an object and when: its owner; with `track_commit_timestamp` the moment at which its
 * row was written last (`pg_xact_commit_timestamp`, functions-info.html); the statements that pg_stat_statements has
 * kept. Asked once, told per object.
 */
export async function byHandEvidence(database: Queryable): Promise<(thing: Thing) => string> {
  const { rows } = await database.query<EvidenceRow>(sql);
  const {
    rows: [setting],
  } = await database.query<{ on: boolean }>(
    "SELECT pg_catalog.current_setting('track_commit_timestamp') = 'on' AS on",
  );
  const known = new Map(rows.map((row) => [`${row.word} ${row.object}`, row]));
  const isTracked = setting?.on === true;
  const seen = await statementsSeen(database);
  const ofCatalog = (thing: Thing): string | undefined => {
    const row = known.get(`${wordFor(thing.word)} ${thing.object}`);
    const owner = row?.owner == null ? "" : `Its owner is ${row.owner}. `;
    if (row?.at != null) return `${owner}Written ${moment(row.at)}.`;
    if (row === undefined) return undefined;
    return isTracked
      ? `${owner}When is not known: the server does not keep that any more.`
      : `${owner}When is not known: track_commit_timestamp is off.`;
  };
  return (thing) => {
    const told = [ofCatalog(thing), seen(thing)].filter((text) => text !== undefined);
    return told.length > 0
      ? told.join(" ")
      : "When and by whom is not known: nothing of it is left.";
  };
}

interface EvidenceRow extends Record<string, unknown> {
  readonly word: string;
  readonly object: string;
  readonly owner: string | null;
  readonly at: Date | null;
}

function wordFor(word: string): string {
  return ["table", "index", "view", "materialized-view", "sequence"].includes(word)
    ? "relation"
    : word;
}

/** A commit time where the server keeps one; asking where it does not is an error. */
const at = (alias: string) =>
  `CASE WHEN pg_catalog.current_setting('track_commit_timestamp') = 'on' THEN pg_catalog.pg_xact_commit_timestamp(${alias}.xmin) END AS at`;

const sql = `
WITH relation AS (
  SELECT c.oid, c.xmin, c.relowner,
         pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname) AS object
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'lockstep'
)
SELECT 'relation' AS word, r.object, pg_catalog.pg_get_userbyid(r.relowner)::text AS owner, ${at("r")} FROM relation r
UNION ALL
SELECT 'column', r.object || '.' || pg_catalog.quote_ident(a.attname), NULL, ${at("a")}
  FROM relation r JOIN pg_catalog.pg_attribute a ON a.attrelid = r.oid WHERE a.attnum > 0 AND NOT a.attisdropped
UNION ALL
SELECT 'constraint', r.object || '.' || pg_catalog.quote_ident(k.conname), NULL, ${at("k")}
  FROM relation r JOIN pg_catalog.pg_constraint k ON k.conrelid = r.oid
UNION ALL
SELECT 'trigger', r.object || '.' || pg_catalog.quote_ident(t.tgname), NULL, ${at("t")}
  FROM relation r JOIN pg_catalog.pg_trigger t ON t.tgrelid = r.oid WHERE NOT t.tgisinternal
UNION ALL
SELECT 'enum', pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(t.typname),
       pg_catalog.pg_get_userbyid(t.typowner)::text, ${at("t")}
  FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace WHERE t.typtype = 'e'`;
