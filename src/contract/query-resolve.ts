import { qualifiedName } from "../catalog/index.ts";
import { sqlState, type Session } from "../pg/index.ts";
import { parseLoaded, quoteIdent } from "../sql/index.ts";
import type { Access } from "./contract.ts";
import type { FiledQuery } from "./query-file.ts";
import { namesIn, type QueryNames, type QueryWrite } from "./query-writes.ts";

/** What a statement needs of a table or view. */
export interface TableUse {
  /** `schema.table` */
  readonly relation: string;
  readonly isUnqualified: boolean;
  readonly access: ReadonlySet<Access>;
  /** Columns that it reads or writes. */
  readonly columns: ReadonlySet<string>;
  readonly writes: readonly QueryWrite[];
}

export interface Parameter {
  readonly type: string;
  /** Its values are names: labels of an enum, tables (`regclass`). */
  readonly isName: boolean;
}

/** A statement with what Postgres says it needs. */
export interface ResolvedQuery extends FiledQuery {
  /** Types of its parameters, as the server has found them out. */
  readonly parameters: readonly Parameter[];
  readonly tables: readonly TableUse[];
  /** Types that it names, that its parameters are of, or that columns which it uses are of: `schema.type`. */
  readonly typeNames: readonly string[];
  /** Functions of the schema that it calls: `public.total(integer)`. */
  readonly functions: readonly string[];
}

/** Why the server does not take a statement. */
export interface RefusedQuery extends FiledQuery {
  readonly refused: string;
  readonly sqlstate: string | undefined;
}

/** Nothing is told of it by name: the server has it prepared. */
const statementName = "lockstep_query";

/**
 * Has the server say what a statement needs: it is prepared, and made the body of a function (`BEGIN ATOMIC`, PostgreSQL 14), of
 * which the server notes every column, table, type and function that it depends on (recordDependencyOnExpr, dependency.c).
 * Nothing is run and nothing stays.
 *
 * @param session on a database that has what the release's migrations make; no transaction is open
 */
export async function resolveQuery(
  query: FiledQuery,
  session: Session,
): Promise<ResolvedQuery | RefusedQuery> {
  const [statement] = parseLoaded(query.sql, query.from[0] ?? "a recorded statement");
  if (statement === undefined)
    return { ...query, refused: "an empty statement", sqlstate: undefined };
  try {
    const parameters = await takenBy(session, query);
    if ("refused" in parameters) return { ...query, ...parameters };
    return { ...query, parameters, ...usesOf(await readUses(session), namesIn(statement.node)) };
  } finally {
    await session.batch("ROLLBACK; DEALLOCATE ALL");
  }
}

/** The types of the parameters, when the server takes the statement and a function of it. */
async function takenBy(
  session: Session,
  { sql, types }: FiledQuery,
): Promise<readonly Parameter[] | Pick<RefusedQuery, "refused" | "sqlstate">> {
  try {
    await session.batch(`BEGIN; ${prepareText(statementName, sql, types)}`);
    const { rows: parameters } = await session.query<{ type: string; isName: boolean }>(
      `SELECT p.type::text AS type, t.typtype = 'e' OR t.typname LIKE 'reg%' AS "isName"
       FROM pg_catalog.pg_prepared_statements s, pg_catalog.unnest(s.parameter_types) WITH ORDINALITY AS p (type, at)
       JOIN pg_catalog.pg_type t ON t.oid = p.type WHERE s.name = '${statementName}' ORDER BY p.at`,
    );
    await planned(session, parameters.length);
    await session.batch(
      `CREATE FUNCTION pg_temp.${statementName} (${parameters.map(({ type }) => type).join(", ")}) RETURNS void LANGUAGE sql BEGIN ATOMIC ${sql}\n; END`,
    );
    return parameters;
  } catch (error) {
    const state = sqlState(error);
    if (state === undefined) throw error;
    return { refused: (error as Error).message, sqlstate: state };
  }
}

/** not_null_violation and check_violation: of a domain, which takes no NULL for a parameter. */
const refusedByDomain: ReadonlySet<string> = new Set(["23502", "23514"]);

/**
 * Has the prepared statement planned for any values: only the planner looks for the index of an ON CONFLICT. A parameter whose
 * domain takes no NULL keeps it from that.
 */
async function planned(session: Session, parameters: number): Promise<void> {
  const values = parameters === 0 ? "" : ` (${Array(parameters).fill("NULL").join(", ")})`;
  try {
    await session.batch(
      `SAVEPOINT planned; SET LOCAL plan_cache_mode = force_generic_plan; EXPLAIN EXECUTE ${statementName}${values}`,
    );
  } catch (error) {
    if (!refusedByDomain.has(sqlState(error) ?? "")) throw error;
    await session.batch("ROLLBACK TO SAVEPOINT planned");
  }
}

/** PREPARE, with the types that are known. */
export function prepareText(name: string, sql: string, types: readonly (string | null)[]): string {
  const list = types.length === 0 ? "" : ` (${types.map((type) => type ?? "unknown").join(", ")})`;
  return `PREPARE ${quoteIdent(name)}${list} AS ${sql}\n`;
}

interface Use {
  readonly kind: "relation" | "type" | "function";
  readonly schema: string;
  readonly name: string;
  /** Null for the whole of it. */
  readonly column: string | null;
  readonly columns: readonly string[];
  /** Schema and name of the column's type, or of the type itself. */
  readonly type: readonly [string, string] | null;
}

/** Schema and name of a type, of a list its elements'. */
const typeOf = (oid: string) =>
  `(SELECT pg_catalog.json_build_array(tn.nspname, e.typname) FROM pg_catalog.pg_type o
    JOIN pg_catalog.pg_type e ON e.oid = CASE WHEN o.typelem <> 0 AND o.typlen = -1 THEN o.typelem ELSE o.oid END
    JOIN pg_catalog.pg_namespace tn ON tn.oid = e.typnamespace WHERE o.oid = ${oid})`;

async function readUses(session: Session): Promise<readonly Use[]> {
  const { rows } = await session.query<{ uses: Use[] }>(`
WITH needed AS (
  SELECT d.refclassid, d.refobjid, d.refobjsubid FROM pg_catalog.pg_depend d
  JOIN pg_catalog.pg_proc p ON p.oid = d.objid
  WHERE d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND p.proname = '${statementName}'
    AND p.pronamespace = pg_catalog.pg_my_temp_schema() AND d.deptype = 'n'
)
SELECT coalesce(pg_catalog.json_agg(one), '[]') AS uses FROM (
  SELECT 'relation' AS kind, n.nspname AS schema, c.relname AS name, a.attname AS "column",
    (SELECT coalesce(pg_catalog.json_agg(x.attname ORDER BY x.attnum), '[]') FROM pg_catalog.pg_attribute x
      WHERE x.attrelid = c.oid AND x.attnum > 0 AND NOT x.attisdropped) AS columns,
    ${typeOf("a.atttypid")} AS type
  FROM needed d JOIN pg_catalog.pg_class c ON c.oid = d.refobjid AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = d.refobjsubid AND d.refobjsubid > 0
  UNION ALL
  SELECT 'type', '', '', NULL, '[]', ${typeOf("d.refobjid")} FROM needed d
  WHERE d.refclassid = 'pg_catalog.pg_type'::pg_catalog.regclass
  UNION ALL
  SELECT 'function', '', d.refobjid::pg_catalog.regprocedure::text, NULL, '[]', NULL FROM needed d
  WHERE d.refclassid = 'pg_catalog.pg_proc'::pg_catalog.regclass
) one`);
  return rows[0]!.uses;
}

function usesOf(
  uses: readonly Use[],
  names: QueryNames,
): Pick<ResolvedQuery, "tables" | "typeNames" | "functions"> {
  const relations = new Map<string, Use[]>();
  for (const use of uses)
    if (use.kind === "relation") {
      const key = qualifiedName(use.schema, use.name);
      relations.set(key, [...(relations.get(key) ?? []), use]);
    }
  return {
    tables: [...relations].map(([relation, list]) => tableUse(relation, list, names)),
    typeNames: [
      ...new Set(uses.flatMap(({ type }) => (type === null ? [] : [qualifiedName(...type)]))),
    ],
    functions: uses.filter(({ kind }) => kind === "function").map(({ name }) => name),
  };
}

function tableUse(relation: string, list: readonly Use[], names: QueryNames): TableUse {
  const { schema, name, columns } = list[0]!;
  const writes = names.writes
    .filter((one) => one.table === name && (one.schema ?? schema) === schema)
    .map((one): QueryWrite => ({ ...one, columns: writtenColumns(one, columns) }));
  // ON CONFLICT has the server note every column of the table, for EXCLUDED.
  const isNamed = (column: string) => !names.hasConflict || names.isWide || names.words.has(column);
  const used = list.flatMap(({ column }) => (column === null || !isNamed(column) ? [] : [column]));
  const written = writes.flatMap((one) => one.columns as readonly string[]);
  const isOnlyInserted =
    writes.length > 0 &&
    writes.every(({ access }) => access === "insert") &&
    used.every((column) => written.includes(column)) &&
    !names.hasConflict &&
    !names.hasReturning;
  return {
    relation,
    isUnqualified: names.unqualified.has(name),
    access: new Set<Access>([
      ...(isOnlyInserted ? [] : (["select"] as const)),
      ...writes.map(({ access }) => access),
    ]),
    columns: new Set([...used, ...written]),
    writes,
  };
}

function writtenColumns({ columns }: QueryWrite, all: readonly string[]): readonly string[] {
  if (columns === null) return all;
  return typeof columns === "number" ? all.slice(0, columns) : columns;
}
