import { LockstepError } from "../errors/index.ts";
import { sqlState, type Queryable } from "../pg/index.ts";
import { quoteIdent, shapeOf } from "../sql/index.ts";
import type { LeftOut, SentStatements, StatementShape } from "./sizes.ts";

/** As many are kept; those with the most calls. */
const mostShapes = 200;
/** Characters of a shape at the most: a list of a thousand values is no form of anything. */
const longest = 8_000;

interface Counted extends Record<string, unknown> {
  readonly query: string | null;
  readonly calls: number;
  readonly totalMs: number;
  readonly rows: number;
}

/**
 * The forms of the statements that applications send to this database, by pg_stat_statements: with calls, mean time and rows a
 * call. Its texts are not trusted to be free of values: utility statements are kept as they were sent, and so is a text whose
 * entry was evicted while it ran (pgstatstatements.html). Each is parsed; constants, comments and names that are no name of the
 * schema are taken out here, and what that cannot be done with is counted alone.
 *
 * @throws LockstepError `statements-unreadable` where the extension is not installed, not loaded, or not to be read
 */
export async function readSentStatements(database: Queryable): Promise<SentStatements> {
  const schema = await extensionSchema(database);
  const { since, takenAt, rows } = await read(database, schema);
  const out = new Map<string, { statements: number; calls: number }>();
  const leaveOut = (why: string, calls: number) => {
    const one = out.get(why) ?? { statements: 0, calls: 0 };
    out.set(why, { statements: one.statements + 1, calls: one.calls + calls });
  };
  const shaped: { readonly row: Counted; readonly shape: Awaited<ReturnType<typeof shapeOf>> }[] =
    [];
  for (const row of rows)
    if (row.query === null || row.query === "<insufficient privilege>")
      leaveOut("sent by other roles: their texts need pg_read_all_stats", row.calls);
    else shaped.push({ row, shape: await shapeOf(row.query) });
  const known = await knownNames(
    database,
    shaped.flatMap(({ shape }) => (typeof shape === "string" ? [] : shape.names)),
  );
  const shapes = new Map<string, StatementShape>();
  for (const { row, shape } of shaped) {
    // BEGIN, SET, … are no load: they are not counted either.
    if (shape === "no query") continue;
    if (typeof shape !== "string" && isAboutServer(shape.names)) {
      leaveOut("about the server or Lockstep's ledger", row.calls);
      continue;
    }
    const sql = typeof shape === "string" ? undefined : shape.write(known);
    if (sql === undefined || !(await isShape(sql, known)))
      leaveOut("cannot be parsed without its values", row.calls);
    else if (sql.length > longest) leaveOut(`longer than ${longest} characters`, row.calls);
    else {
      const { calls, meanMs, rows: each } = shapes.get(sql) ?? { calls: 0, meanMs: 0, rows: 0 };
      const all = calls + row.calls;
      shapes.set(sql, {
        sql,
        calls: all,
        meanMs: (meanMs * calls + row.totalMs) / all,
        rows: (each * calls + row.rows) / all,
      });
    }
  }
  const sorted = [...shapes.values()].toSorted(
    (a, b) => b.calls - a.calls || a.sql.localeCompare(b.sql),
  );
  for (const { calls } of sorted.slice(mostShapes))
    leaveOut(`not among the ${mostShapes} with the most calls`, calls);
  const leftOut: readonly LeftOut[] = [...out].map(([why, counts]) => ({ why, ...counts }));
  return { since, takenAt, shapes: sorted.slice(0, mostShapes), leftOut };
}

async function extensionSchema(database: Queryable): Promise<string> {
  const { rows } = await database.query<{ schema: string }>(
    `SELECT n.nspname AS schema FROM pg_catalog.pg_extension e
       JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'pg_stat_statements'`,
  );
  if (rows[0] !== undefined) return quoteIdent(rows[0].schema);
  throw unreadable("the extension is not installed in this database", [
    "CREATE EXTENSION pg_stat_statements, in this database",
  ]);
}

/** By way of JSON: which columns the view has goes by the extension's version, and a server that was upgraded may keep an old one. */
async function read(database: Queryable, schema: string) {
  try {
    const { rows } = await database.query<Counted>(
      `SELECT s->>'query' AS query, (s->>'calls')::float8 AS calls, (s->>'rows')::float8 AS rows,
              coalesce(s->>'total_exec_time', s->>'total_time')::float8 AS "totalMs"
         FROM (SELECT pg_catalog.to_jsonb(p) AS s FROM ${schema}.pg_stat_statements p
                WHERE p.dbid = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())) AS own
        WHERE coalesce((s->>'toplevel')::boolean, true) AND (s->>'calls')::float8 > 0`,
    );
    const info = `${schema}.pg_stat_statements_info`;
    const { rows: now } = await database.query<{ has: boolean; at: Date }>(
      "SELECT pg_catalog.to_regclass($1) IS NOT NULL AS has, pg_catalog.now() AS at",
      [info],
    );
    const { has, at } = now[0]!;
    const takenAt = at.toISOString();
    if (!has) return { since: null, takenAt, rows };
    const { rows: reset } = await database.query<{ since: Date | null }>(
      `SELECT stats_reset AS since FROM ${info}`,
    );
    return { since: reset[0]?.since?.toISOString() ?? null, takenAt, rows };
  } catch (error) {
    // object_not_in_prerequisite_state: not loaded by the server. insufficient_privilege.
    const state = sqlState(error);
    if (state !== "55000" && state !== "42501") throw error;
    throw unreadable(
      (error as Error).message,
      state === "55000"
        ? ["add it to shared_preload_libraries and restart the server"]
        : ["GRANT pg_read_all_stats to the role"],
      error,
    );
  }
}

/** Which of these are names of schemas, relations, columns, functions, types or collations. Those of temporary tables are none of the schema's. */
async function knownNames(
  database: Queryable,
  names: readonly string[],
): Promise<ReadonlySet<string>> {
  const { rows } = await database.query<{ name: string }>(
    `WITH lasting AS (SELECT oid, relname FROM pg_catalog.pg_class WHERE relpersistence <> 't'), known AS (
       SELECT relname AS name FROM lasting
       UNION SELECT a.attname FROM pg_catalog.pg_attribute a JOIN lasting l ON l.oid = a.attrelid WHERE NOT a.attisdropped
       UNION SELECT nspname FROM pg_catalog.pg_namespace WHERE nspname !~ '^pg_(toast_)?temp_'
       UNION SELECT proname FROM pg_catalog.pg_proc
       UNION SELECT collname FROM pg_catalog.pg_collation
       UNION SELECT t.typname FROM pg_catalog.pg_type t LEFT JOIN pg_catalog.pg_type e ON e.oid = t.typelem
              WHERE coalesce(nullif(t.typrelid, 0), nullif(e.typrelid, 0)) IS NULL
                 OR coalesce(nullif(t.typrelid, 0), nullif(e.typrelid, 0)) IN (SELECT oid FROM lasting))
     SELECT name::text FROM known WHERE name::text = ANY ($1)`,
    [[...new Set(names)]],
  );
  return new Set(rows.map(({ name }) => name));
}

/** Looked at again: taken apart a second time, it has nothing left to take out. */
async function isShape(sql: string, known: ReadonlySet<string>): Promise<boolean> {
  const again = await shapeOf(sql);
  if (typeof again === "string") return false;
  const areFine = again.names.every((name) => known.has(name) || /^(?:a\d+|excluded)$/.test(name));
  return areFine && again.write(new Set(again.names)) === sql;
}

/** What tools ask the catalogs, locks that an application takes by a number, and what Lockstep asks its ledger. */
function isAboutServer(names: readonly string[]): boolean {
  return names.some(
    (name) => name === "lockstep" || name === "information_schema" || name.startsWith("pg_"),
  );
}

function unreadable(found: string, next: readonly string[], cause?: unknown): LockstepError {
  return new LockstepError(
    "statements-unreadable",
    {
      what: "what applications send cannot be read from pg_stat_statements",
      expected: "the extension, loaded by the server and installed in this database",
      found,
      next: [...next, "or leave --statements away: a load is derived from the schema then"],
    },
    { cause },
  );
}
