import type { RowMaker } from "../clone/index.ts";
import type { Catalog } from "../catalog/index.ts";
import type { SentStatements, StatementShape } from "../effects/index.ts";
import { sqlState, type Session } from "../pg/index.ts";
import { parseSql, quoteQualified, type QualifiedName } from "../sql/index.ts";
import { Tables } from "./columns-in-scope.ts";
import { DrawnRows, type DrawnRow, type Place } from "./drawn-rows.ts";
import type { Operation } from "./load.ts";
import { parametersOf, sourcesOf, type ValueSource } from "./parameters.ts";

/** A statement of the application that the load sends. */
export interface SentOperation extends Operation {
  readonly shape: StatementShape;
}

/** What of an application's statements can be sent. */
export interface ApplicationLoad {
  readonly operations: readonly SentOperation[];
  readonly at: (turn: number) => SentOperation;
  /** Those that cannot, and why. */
  readonly leftOut: readonly { readonly shape: StatementShape; readonly why: string }[];
  /** What one takes alone on average, by their calls, in ms. */
  readonly meanMs: number;
}

export interface ApplicationLoadRequest {
  readonly session: Session;
  readonly catalog: Catalog;
  readonly makers: readonly RowMaker[];
  readonly statements: SentStatements;
  readonly seed: number;
}

/** Sets of values of each statement; they are used in turn. */
const mostSets = 200;
/** New rows that are made for all statements that put some in, by their share of the calls. */
const newRows = 2_000;
/** And for each at the least. */
const leastNewRows = 20;
/** Values in a list at the most. */
const longestList = 100;
/** Longer than this, and so many times as long as there: the values that were drawn ask for more than the application does. */
const slow = { ms: 1_000, times: 20 };

/**
 * The application's statements with values of rows that are there, each tried once in a transaction that is taken back. One with a
 * parameter of which the column is not known is left out, as is one that fails.
 */
export async function applicationLoad(request: ApplicationLoadRequest): Promise<ApplicationLoad> {
  const { session, catalog, makers, statements, seed } = request;
  const relations = relationsOf(catalog);
  const [[path]] = (await session.queryArrays(
    "SELECT pg_catalog.current_schemas(false)::text[]",
  )) as [[string[]]];
  const tables = new Tables(
    new Map([...relations].map(([name, { columns }]) => [name, columns])),
    path,
  );
  const rows = new DrawnRows(session, seed, (name) => relations.get(name)!, makers);
  const calls = statements.shapes.reduce((sum, shape) => sum + shape.calls, 0);
  const ground = { tables, rows, mayBreak: constraintsOf(catalog), calls };
  const operations: SentOperation[] = [];
  const leftOut: { shape: StatementShape; why: string }[] = [];
  let [allMs, allCalls] = [0, 0];
  for (const shape of statements.shapes) {
    const made = await operationOf(shape, ground);
    const tried = typeof made === "string" ? made : await tryOnce(session, made);
    if (typeof made === "string" || typeof tried === "string") {
      leftOut.push({ shape, why: String(tried) });
      continue;
    }
    operations.push(made);
    allMs += tried * shape.calls;
    allCalls += shape.calls;
  }
  return {
    operations,
    at: byCalls(operations, seed),
    leftOut,
    meanMs: allCalls === 0 ? 0 : allMs / allCalls,
  };
}

interface Relation extends Place {
  readonly columns: readonly string[];
}

function relationsOf({
  tables,
  views,
  materializedViews,
}: Catalog): ReadonlyMap<QualifiedName, Relation> {
  return new Map(
    Object.entries({ ...tables, ...views, ...materializedViews }).map(([name, one]) => [
      name,
      {
        sql: quoteQualified(one.schema, one.name),
        isSampled: views[name] === undefined && tables[name]?.kind !== "foreign",
        columns: one.columns.map((column) => column.name),
      },
    ]),
  );
}

function constraintsOf({ tables, domains }: Catalog): ReadonlySet<string> {
  return new Set([
    ...Object.values(tables).flatMap(({ constraints, indexes }) =>
      [...constraints, ...indexes].flatMap(({ name }) => name),
    ),
    ...Object.values(domains).flatMap(({ checks }) => checks.map(({ name }) => name)),
  ]);
}

interface Ground {
  readonly tables: Tables;
  readonly rows: DrawnRows;
  readonly mayBreak: ReadonlySet<string>;
  /** Of all statements. */
  readonly calls: number;
}

/** A statement with sets of values, or why it has none. */
async function operationOf(
  shape: StatementShape,
  { tables, rows, mayBreak, calls }: Ground,
): Promise<SentOperation | string> {
  const parsed = await parseSql(shape.sql, "a statement of the load").catch(() => []);
  const kind = kinds[parsed[0]?.kind ?? ""];
  if (parsed.length !== 1 || kind === undefined) return "it cannot be parsed";
  const { node } = parsed[0]!;
  const sources = sourcesOf(node, tables);
  const numbers = [...parametersOf(node)].toSorted((a, b) => a - b);
  const unknown = numbers.filter((number) => !sources.has(number));
  if (unknown.length > 0)
    return `what ${unknown.map((number) => `$${number}`).join(", ")} is compared with, or written into, is not known`;
  // A number that is left out in the text counts too.
  const wanted = Array.from({ length: numbers.at(-1) ?? 0 }, (_, index) => sources.get(index + 1));
  const mostNew = Math.max(leastNewRows, Math.round((newRows * shape.calls) / calls));
  const sets = await valuesFor(wanted, { shape, tables, rows, mostNew });
  if (typeof sets === "string") return sets;
  let next = 0;
  const isNew = wanted.some((source) => source?.from === "new-row");
  return {
    shape,
    sql: shape.sql,
    relation: relationIn(node, tables) ?? "no table",
    kind,
    mayBreak,
    next: () => {
      // A row that was put in is there: it is not put in twice.
      if (isNew && next >= sets.length) return undefined;
      return { sql: shape.sql, values: sets[next++ % sets.length]! };
    },
  };
}

const kinds: Readonly<Record<string, Operation["kind"]>> = {
  SelectStmt: "read",
  InsertStmt: "insert",
  UpdateStmt: "update",
  DeleteStmt: "delete",
  MergeStmt: "merge",
};

interface Wish {
  readonly shape: StatementShape;
  readonly tables: Tables;
  readonly rows: DrawnRows;
  /** New rows of each table at the most. */
  readonly mostNew: number;
}

/** Values of one call belong together: all of a table come from one row of it. */
async function valuesFor(
  wanted: readonly (ValueSource | undefined)[],
  { shape, tables, rows, mostNew }: Wish,
): Promise<readonly (readonly unknown[])[] | string> {
  const drawn = new Map<QualifiedName, readonly DrawnRow[]>();
  const fresh = new Map<QualifiedName, readonly DrawnRow[]>();
  const perCall = 1 + Math.max(0, ...wanted.map((one) => (one?.from === "new-row" ? one.row : 0)));
  for (const source of wanted) {
    if (source?.from === "row" && !drawn.has(source.relation)) {
      const own = await rows.of(source.relation, tables.columnsOf(source.relation));
      if (own.length === 0) return `${source.relation} has no rows to draw values of`;
      // Nothing is equal to NULL: rows that have all of the values come first.
      const columns = wanted.flatMap((one) =>
        one?.from === "row" && one.relation === source.relation ? [one.column] : [],
      );
      const whole = own.filter((row) => columns.every((column) => row.get(column) !== null));
      drawn.set(source.relation, whole.length > 0 ? whole : own);
    }
    if (source?.from === "new-row" && !fresh.has(source.relation)) {
      const own = await rows.toCome(source.relation, Math.max(perCall, mostNew));
      if (own === undefined || own.length < perCall)
        return `no new rows of ${source.relation} can be made`;
      fresh.set(source.relation, own);
    }
    if (source?.from === "new-row" && !fresh.get(source.relation)![0]!.has(source.column))
      return `what new rows have in ${source.column} is not known`;
  }
  const newCalls = [...fresh.values()].map((own) => Math.floor(own.length / perCall));
  const count = wanted.length === 0 ? 1 : Math.min(mostSets, ...newCalls);
  const listed = Math.max(1, Math.min(longestList, Math.round(shape.rows)));
  return Array.from({ length: Math.max(1, count) }, (_, call) =>
    wanted.map((source) => {
      if (source === undefined) return null;
      if (source.from === "offset") return "0";
      if (source.from === "limit") return String(Math.max(1, Math.ceil(shape.rows)));
      if (source.from === "any") return "1";
      if (source.from === "true") return "true";
      if (source.from === "new-row")
        return fresh.get(source.relation)![call * perCall + source.row]!.get(source.column)!;
      const own = drawn.get(source.relation)!;
      if (!source.many) return own[call % own.length]!.get(source.column)!;
      return arrayOf(
        Array.from({ length: listed }, (_one, index) =>
          own[(call + index) % own.length]!.get(source.column)!,
        ),
      );
    }),
  );
}

/** An array as the server reads it (arrays.sgml). */
function arrayOf(values: readonly (string | null)[]): string {
  const items = values.map((value) =>
    value === null ? "NULL" : `"${value.replaceAll(/["\\]/g, String.raw`\$&`)}"`,
  );
  return `{${items.join(",")}}`;
}

/** The first table that a statement names. */
function relationIn(node: unknown, tables: Tables): QualifiedName | undefined {
  let found: QualifiedName | undefined;
  JSON.stringify(node, (_name, value: unknown) => {
    const { relname, schemaname } = (value ?? {}) as Readonly<Record<string, unknown>>;
    if (typeof relname === "string")
      found ??= tables.find(typeof schemaname === "string" ? schemaname : undefined, relname);
    return value;
  });
  return found;
}

/** How long it took, in ms; why it failed otherwise. */
async function tryOnce(session: Session, operation: SentOperation): Promise<number | string> {
  const asked = operation.next()!;
  await session.query("BEGIN");
  try {
    await session.query(`SET LOCAL statement_timeout = ${slow.ms * 10}`);
    const began = performance.now();
    await session.queryArrays(asked.sql, asked.values);
    const ms = performance.now() - began;
    const { meanMs } = operation.shape;
    const isSlow = ms > slow.ms && ms > slow.times * meanMs;
    return isSlow
      ? `it takes ${Math.round(ms)} ms with the values that were drawn, and ${meanMs.toFixed(1)} ms there`
      : ms;
  } catch (error) {
    const state = sqlState(error);
    if (state === undefined) throw error;
    // Of a value: the message would hold it.
    return state.startsWith("22")
      ? `a value that was drawn does not fit (${state})`
      : (error as Error).message;
  } finally {
    await session.query("ROLLBACK");
  }
}

/** Each as often as it is called, on average; the same seed gives the same order. */
function byCalls(
  operations: readonly SentOperation[],
  seed: number,
): (turn: number) => SentOperation {
  let sum = 0;
  const limits = operations.map(({ shape }) => (sum += shape.calls));
  return (turn) => {
    const at = chance(turn, seed) * sum;
    const index = limits.findIndex((limit) => at < limit);
    return operations[index === -1 ? operations.length - 1 : index]!;
  };
}

/** From 0 to 1, by a number (the finalizer of MurmurHash3). */
function chance(turn: number, seed: number): number {
  let mixed = Math.imul(turn + 1, 0x9e3779b1) ^ seed;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return ((mixed ^ (mixed >>> 16)) >>> 0) / 2 ** 32;
}
