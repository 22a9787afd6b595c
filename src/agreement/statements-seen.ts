import { sqlState, type Queryable } from "../pg/index.ts";
import { maskLiterals, parseSql, quoteIdent } from "../sql/index.ts";
import type { Thing } from "./things.ts";

/** A definition that somebody has sent, as pg_stat_statements keeps it. */
interface Seen {
  readonly text: string;
  readonly role: string;
  readonly calls: number;
  /** When the server began to count it; from Postgres 17 on. */
  readonly since: Date | null;
  readonly says: Words;
}

interface Words {
  /** Every string of the tree, identifiers among them. */
  readonly names: ReadonlySet<string>;
  /** Schemas by the name of the relation that they are written before. */
  readonly schemas: ReadonlyMap<string, string>;
}

/**
 * Which definitions that name an object were sent, by whom: from pg_stat_statements, where it is installed and this role may
 * read the texts (pg_read_all_stats). It counts what ran without an error, committed or not (pgstatstatements.html).
 *
 * @returns a sentence for an object, undefined where nothing is known of it
 */
export async function statementsSeen(
  database: Queryable,
): Promise<(thing: Thing) => string | undefined> {
  const seen = await readSeen(database);
  return (thing) => {
    const naming = seen.filter(({ says }) => isAbout(says, thing));
    const [one] = naming;
    if (one === undefined) return undefined;
    const since = one.since === null ? "" : ` at or after ${moment(one.since)}`;
    const times = one.calls === 1 ? "" : `, ${one.calls} times`;
    const more = naming.length === 1 ? "" : ` (and ${naming.length - 1} more that name it)`;
    return `${one.role} has sent${since}${times}: ${one.text}${more}.`;
  };
}

interface SeenRow extends Record<string, unknown> {
  readonly role: string;
  readonly query: string;
  readonly calls: string;
  readonly since: Date | null;
}

async function readSeen(database: Queryable): Promise<readonly Seen[]> {
  const seen: Seen[] = [];
  for (const { query, calls, role, since } of await readRows(database))
    seen.push({
      role,
      since,
      calls: Number(calls),
      text: await maskLiterals(query, 160),
      says: await wordsOf(query),
    });
  return seen;
}

/** Nothing where the view cannot be read: it is evidence, and nobody's condition. */
async function readRows(database: Queryable): Promise<readonly SeenRow[]> {
  const { rows: found } = await database.query<{ schema: string; dated: boolean }>(
    `SELECT n.nspname AS schema, pg_catalog.string_to_array(e.extversion, '.')::int[] >= '{1,11}' AS dated
       FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace
      WHERE e.extname = 'pg_stat_statements' AND pg_catalog.current_setting('pg_stat_statements.max', true) IS NOT NULL`,
  );
  const [extension] = found;
  if (extension === undefined) return [];
  const since = extension.dated ? "s.stats_since" : "NULL::timestamptz";
  try {
    const { rows } = await database.query<SeenRow>(
      `SELECT pg_catalog.pg_get_userbyid(s.userid)::text AS role, s.query, s.calls, ${since} AS since
       FROM ${quoteIdent(extension.schema)}.pg_stat_statements s
      WHERE s.dbid = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
        AND s.query ~* '^\\s*(alter|create|drop)\\M'
      ORDER BY since DESC NULLS LAST, s.calls`,
    );
    return rows;
  } catch (error) {
    // object_not_in_prerequisite_state, insufficient_privilege
    if (["55000", "42501"].includes(sqlState(error) ?? "")) return [];
    throw error;
  }
}

/** Whether a statement names the object, and its table; a schema that is written has to be theirs. */
function isAbout({ names, schemas }: Words, { object, table }: Thing): boolean {
  const own = identifiers(object);
  const relation = table === undefined ? own : identifiers(table);
  const [schema] = relation;
  const written = schemas.get(relation.at(-1)!);
  return (
    names.has(own.at(-1)!) &&
    names.has(relation.at(-1)!) &&
    (written === undefined || written === schema)
  );
}

/** The identifiers of a qualified name, without quotes. */
function identifiers(name: string): readonly string[] {
  return (name.match(/"(?:[^"]|"")+"|[^."]+/g) ?? []).map((part) =>
    part.startsWith('"') ? part.slice(1, -1).replaceAll('""', '"') : part,
  );
}

/** A text that was cut, or is no statement on its own, says nothing. */
async function wordsOf(query: string): Promise<Words> {
  const names = new Set<string>();
  const schemas = new Map<string, string>();
  try {
    for (const { node } of await parseSql(query, "pg_stat_statements"))
      JSON.stringify(node, (_key, value: unknown) => {
        if (typeof value === "string") names.add(value);
        const { relname, schemaname } = (value ?? {}) as Record<string, unknown>;
        if (typeof relname === "string" && typeof schemaname === "string")
          schemas.set(relname, schemaname);
        return value;
      });
  } catch {
    return { names: new Set(), schemas };
  }
  return { names, schemas };
}

/** A moment, to the minute. */
export function moment(date: Date): string {
  return `${date.toISOString().slice(0, 16).replace("T", " ")} UTC`;
}
