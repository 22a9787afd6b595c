import { qualifiedName } from "../sql/index.ts";
import { LockstepError } from "../errors/index.ts";
import type { Queryable } from "../pg/index.ts";
import { readShapes } from "./shapes.ts";
import type { Duration, RelationShape, RelationSize, SentStatements, Sizes } from "./sizes.ts";
import { readTargetSettings } from "./target-settings.ts";

/**
 * Tables, partitioned tables (with all that is below them) and materialized views. `reltuples` is -1 until the first
 * VACUUM or ANALYZE; then the live rows of the cumulative statistics count (catalogs.sgml, pg_class). Those begin anew after a crash
 * and after pg_upgrade, and a standby has its own: where they know of fewer rows than there are pages they are wrong, for a row
 * takes no more than a page. Then rows are guessed as the planner does, from the size and the types (plancat.c, estimate_rel_size).
 */
const sizesSql = `
  WITH found AS (
    SELECT c.oid, n.nspname, c.relname, c.relkind, c.relispartition, c.reltuples::float8 AS tuples,
           CASE WHEN c.relkind = 'p' THEN 0 ELSE pg_catalog.pg_relation_size(c.oid) END::float8 AS bytes,
           CASE WHEN c.relkind = 'p' THEN 0 ELSE pg_catalog.pg_total_relation_size(c.oid) END::float8 AS total,
           pg_catalog.pg_stat_get_live_tuples(c.oid)::float8 AS live, pg_catalog.pg_stat_get_dead_tuples(c.oid)::float8 AS dead,
           pg_catalog.current_setting('block_size')::float8 AS page,
           (SELECT 28 + coalesce(sum(CASE WHEN a.attlen > 0 THEN a.attlen ELSE 32 END), 0)::float8 FROM pg_catalog.pg_attribute a
             WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS width
      FROM pg_catalog.pg_class c
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'm', 'p')
       AND c.relpersistence <> 't'
       AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'),
  own AS (
    SELECT f.*, f.tuples < 0 AND f.bytes / f.page > f.live + f.dead AS guessed,
           CASE WHEN f.tuples >= 0 THEN f.tuples
                WHEN f.bytes / f.page > f.live + f.dead
                THEN f.bytes / f.page * greatest(1, floor((f.page - 24) / f.width))
                ELSE f.live END AS rows
      FROM found f WHERE f.bytes IS NOT NULL AND f.total IS NOT NULL)
  SELECT o.nspname AS schema, o.relname AS name,
         coalesce(leaves.guessed, o.guessed) AS guessed,
         coalesce(leaves.rows, o.rows) AS rows,
         coalesce(leaves.bytes, o.bytes) AS bytes,
         coalesce(leaves.total, o.total) AS total
    FROM own o
    LEFT JOIN LATERAL (
      SELECT bool_or(l.guessed) AS guessed, sum(l.rows) AS rows, sum(l.bytes) AS bytes, sum(l.total) AS total
        FROM pg_catalog.pg_partition_tree(o.oid) t
        JOIN own l ON l.oid = t.relid
       WHERE t.isleaf) leaves ON o.relkind = 'p'
   ORDER BY 1, 2`;

interface SizeRow {
  readonly schema: string;
  readonly name: string;
  readonly guessed: boolean;
  readonly rows: number;
  readonly bytes: number;
  readonly total: number;
}

/**
 * How big the tables of a database are. Reads the catalog only: no row of a table, and nothing is changed.
 * @throws LockstepError `privilege-missing` when the role may not read the catalog
 */
export async function readSizes(database: Queryable): Promise<Sizes> {
  return read(database, async () => new Map());
}

/**
 * The same with the form of the rows: everything that a clone is made by. Of `pg_stats` no value is read, only how many there
 * are, how often, and how wide.
 * @throws LockstepError `privilege-missing` when the role may not read the catalog
 */
export async function readStatistics(database: Queryable): Promise<Sizes> {
  return read(database, async () => readShapes(database));
}

async function read(
  database: Queryable,
  shapesOf: () => ReturnType<typeof readShapes>,
): Promise<Sizes> {
  try {
    await database.query("BEGIN TRANSACTION READ ONLY");
    const { rows } = await database.query<SizeRow>(sizesSql);
    const shapes = await shapesOf();
    const server = await database.query<{ server_version: string }>("SHOW server_version");
    return {
      version: 1,
      takenAt: new Date().toISOString(),
      serverVersion: server.rows[0]!.server_version,
      settings: await readTargetSettings(database),
      relations: Object.fromEntries(
        rows.map((row) => {
          const name = qualifiedName(row.schema, row.name);
          const shape = shapes.get(name);
          return [name, shape === undefined ? size(row) : { ...size(row), shape }];
        }),
      ),
    };
  } catch (error) {
    if ((error as { code?: unknown }).code !== "42501") throw error;
    throw notAllowed(error as Error);
  } finally {
    await database.query("ROLLBACK");
  }
}

function size({ rows, bytes, total, guessed }: SizeRow): RelationSize {
  const known = { rows: Math.round(rows), bytes, totalBytes: total };
  return guessed ? { ...known, isGuessed: true } : known;
}

function notAllowed(cause: Error): LockstepError {
  return new LockstepError(
    "privilege-missing",
    {
      what: "this role may not read how big the tables are",
      expected:
        "SELECT on pg_class and pg_namespace, and the size functions: every role has them by default",
      found: cause.message,
      why: "the rights of PUBLIC on the catalog were taken away on this server",
      next: ["name a role that has them: --url", "or grant it pg_monitor"],
    },
    { cause },
  );
}

/**
 * Sizes from the text of a file that `lockstep stats export` wrote.
 * @throws LockstepError `sizes-invalid`
 */
export function parseSizes(text: string, path: string): Sizes {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw invalid(path, (error as Error).message);
  }
  const { version, serverVersion, relations, settings = {} } = (value ?? {}) as Partial<Sizes>;
  if (version !== 1) throw invalid(path, `version ${JSON.stringify(version)}`);
  if (typeof serverVersion !== "string" || !/^\d/.test(serverVersion))
    throw invalid(path, "no serverVersion");
  if (typeof relations !== "object" || relations === null || Array.isArray(relations))
    throw invalid(path, "no relations");
  const isText = (one: unknown) => typeof one === "string";
  if (typeof settings !== "object" || !Object.values(settings ?? {}).every(isText))
    throw invalid(path, "settings that are no texts");
  for (const [name, one] of Object.entries(relations)) {
    const numbers = [one?.rows, one?.bytes, one?.totalBytes];
    if (!numbers.every((number) => typeof number === "number" && number >= 0 && number <= most))
      throw invalid(path, `no sizes at ${name}`);
    if (one.shape !== undefined && !isShape(one.shape)) throw invalid(path, `no shape at ${name}`);
  }
  const applied: unknown = (value as Partial<Sizes>).migrations?.applied ?? [];
  if (!Array.isArray(applied) || !applied.every(isText))
    throw invalid(path, "applied migrations that are no texts");
  const { statements, durations = [] } = value as Partial<Sizes>;
  if (!Array.isArray(durations) || !durations.every(isDuration))
    throw invalid(path, "durations that are none");
  if (statements !== undefined && !areStatements(statements))
    throw invalid(path, "statements that are none");
  return value as Sizes;
}

/** No partitioned table of any server has more rows, or bytes: from here on numbers are not whole. */
const most = Number.MAX_SAFE_INTEGER;

/** Before the point numeric has 131,072 of them at the most (manual 8.1). */
function isDigits(digits: unknown): boolean {
  return (
    digits === undefined ||
    (typeof digits === "number" && Number.isInteger(digits) && digits >= 1 && digits <= 131_072)
  );
}

function isDuration(one: unknown): boolean {
  const { migration, line, ms, at } = (one ?? {}) as Partial<Duration>;
  return (
    typeof migration === "string" &&
    typeof line === "number" &&
    typeof ms === "number" &&
    typeof at === "string"
  );
}

/** What a clone reads of it; a number that is none would only show in the rows. */
function isShape(shape: Partial<RelationShape> | null): boolean {
  if (shape === null || typeof shape !== "object") return false;
  const columns = Object.values(shape.columns ?? { none: null });
  const isNumber = (one: unknown) => typeof one === "number" && Number.isFinite(one);
  return (
    isNumber(shape.toastBytes) &&
    columns.every(
      (column) =>
        column !== null &&
        [column.nulls, column.distinct, column.width, column.correlation ?? 0].every(isNumber) &&
        isDigits(column.digits) &&
        Array.isArray(column.commonest) &&
        column.commonest.every(isNumber),
    )
  );
}

function areStatements(one: Partial<SentStatements> | null): boolean {
  if (one === null || typeof one !== "object") return false;
  const { since, takenAt, shapes, leftOut } = one;
  const isNumber = (value: unknown) => typeof value === "number" && value >= 0;
  const isTime = (value: unknown) => typeof value === "string" && !Number.isNaN(Date.parse(value));
  return (
    (since === null || isTime(since)) &&
    isTime(takenAt) &&
    Array.isArray(shapes) &&
    shapes.every(
      (shape) =>
        typeof shape?.sql === "string" && [shape.calls, shape.meanMs, shape.rows].every(isNumber),
    ) &&
    Array.isArray(leftOut) &&
    leftOut.every((part) => typeof part?.why === "string" && isNumber(part.calls))
  );
}

function invalid(path: string, found: string): LockstepError {
  return new LockstepError("sizes-invalid", {
    what: `${path} does not hold sizes`,
    expected:
      "the JSON that lockstep stats export writes: version 1, serverVersion, and rows, bytes and totalBytes of each relation",
    found,
    from: path,
    next: [`lockstep stats export --out ${path}`],
  });
}
