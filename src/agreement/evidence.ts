import { sqlState, type Queryable } from "../pg/index.ts";
import { qualifiedName } from "../sql/index.ts";
import { moment, statementsSeen } from "./statements-seen.ts";
import type { Thing } from "./things.ts";

/**
 * What the server can tell of who made an object and when: its owner; with `track_commit_timestamp` the moment at which its
 * row was written last (`pg_xact_commit_timestamp`, functions-info.html); the statements that pg_stat_statements has
 * kept. Asked once, told per object.
 */
export async function byHandEvidence(database: Queryable): Promise<(thing: Thing) => string> {
  const isTracked = await keepsCommitTimes(database);
  const { rows } = await database.query<EvidenceRow>(evidenceSql(isTracked));
  const known = new Map(rows.map((row) => [`${row.word} ${qualifiedName(...row.parts)}`, row]));
  const seen = await statementsSeen(database);
  const ofCatalog = (thing: Thing): string | undefined => {
    const row = known.get(keyOf(thing));
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
      : "When and by whom is not known: the server has kept nothing of it.";
  };
}

interface EvidenceRow extends Record<string, unknown> {
  readonly word: string;
  /** Of its name, as in the catalog: quote_ident would write keywords otherwise than `Thing` does. */
  readonly parts: readonly string[];
  readonly owner: string | null;
  readonly at: Date | null;
}

const relations = new Set(["table", "index", "view", "materialized-view", "sequence"]);
const types = new Set(["enum", "domain", "composite-type", "range-type"]);

function keyOf({ word, object }: Thing): string {
  if (relations.has(word)) return `relation ${object}`;
  if (types.has(word)) return `type ${object}`;
  // How the types of its arguments are written depends on the search_path.
  if (word === "routine" || word === "aggregate")
    return `routine ${object.replace(/\([^"]*\)$/, "")}`;
  return `${word} ${object}`;
}

/** Whether commit times can be asked for: a standby may have the setting on, and its primary not. */
async function keepsCommitTimes(database: Queryable): Promise<boolean> {
  const { rows } = await database.query<{ on: boolean }>(
    "SELECT pg_catalog.current_setting('track_commit_timestamp') = 'on' AS on",
  );
  if (rows[0]?.on !== true) return false;
  try {
    await database.query(
      "SELECT pg_catalog.pg_xact_commit_timestamp(xmin) FROM pg_catalog.pg_class ORDER BY pg_catalog.age(xmin) LIMIT 1",
    );
    return true;
  } catch (error) {
    // object_not_in_prerequisite_state
    if (sqlState(error) !== "55000") throw error;
    return false;
  }
}

/** Of a routine's name those rows only that are the only ones of it. */
const evidenceSql = (isTracked: boolean) => {
  const at = (alias: string) =>
    isTracked ? `pg_catalog.pg_xact_commit_timestamp(${alias}.xmin)` : "NULL::timestamptz";
  const owner = (column: string) => `pg_catalog.pg_get_userbyid(${column})::text`;
  const ofTable = (word: string, catalog: string, relation: string, name: string) =>
    `SELECT '${word}', r.parts || x.${name}::text, NULL, ${at("x")}
       FROM relation r JOIN pg_catalog.${catalog} x ON x.${relation} = r.oid`;
  const ofSchema = (word: string, catalog: string, prefix: string) =>
    `SELECT '${word}', ARRAY[s.nspname, x.${prefix}name]::text[], ${owner(`x.${prefix}owner`)}, ${at("x")}
       FROM space s JOIN pg_catalog.${catalog} x ON x.${prefix}namespace = s.oid`;
  return [
    `WITH space AS (
       SELECT oid, xmin, nspname, nspowner FROM pg_catalog.pg_namespace
        WHERE nspname <> 'information_schema' AND nspname NOT LIKE 'pg\\_%' AND nspname <> 'lockstep'),
     relation AS (
       SELECT c.oid, c.xmin, c.relowner, ARRAY[s.nspname, c.relname]::text[] AS parts
         FROM space s JOIN pg_catalog.pg_class c ON c.relnamespace = s.oid)
     SELECT 'relation' AS word, r.parts, ${owner("r.relowner")} AS owner, ${at("r")} AS at FROM relation r`,
    `SELECT 'schema', ARRAY[s.nspname]::text[], ${owner("s.nspowner")}, ${at("s")} FROM space s`,
    `SELECT 'extension', ARRAY[x.extname]::text[], ${owner("x.extowner")}, ${at("x")} FROM pg_catalog.pg_extension x`,
    `${ofTable("column", "pg_attribute", "attrelid", "attname")} WHERE x.attnum > 0 AND NOT x.attisdropped`,
    ofTable("constraint", "pg_constraint", "conrelid", "conname"),
    `${ofTable("trigger", "pg_trigger", "tgrelid", "tgname")} WHERE NOT x.tgisinternal`,
    ofTable("policy", "pg_policy", "polrelid", "polname"),
    ofTable("rule", "pg_rewrite", "ev_class", "rulename"),
    ofSchema("statistics", "pg_statistic_ext", "stx"),
    `${ofSchema("type", "pg_type", "typ")} WHERE x.typtype IN ('e', 'd', 'r')
        OR x.typtype = 'c' AND EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.oid = x.typrelid AND c.relkind = 'c')`,
    `${ofSchema("routine", "pg_proc", "pro")} WHERE NOT EXISTS (
       SELECT FROM pg_catalog.pg_proc o WHERE o.pronamespace = x.pronamespace AND o.proname = x.proname AND o.oid <> x.oid)`,
  ].join("\nUNION ALL\n");
};
