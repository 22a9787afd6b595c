import { readFileSync } from "node:fs";
import { relative, resolve } from "node:path";
import { introspect, qualifiedName } from "../catalog/index.ts";
import { LockstepError } from "../errors/index.ts";
import type { Session } from "../pg/index.ts";
import type { Scratch } from "../scratch/index.ts";
import { loadParser, maskLiterals } from "../sql/index.ts";
import type { MigrationFolder } from "../tools/index.ts";
import { hashContract } from "./canonical.ts";
import {
  contractVersion,
  type Access,
  type Contract,
  type ContractBody,
  type ContractQuery,
} from "./contract.ts";
import {
  contractFromCatalog,
  contractParts,
  type Annotations,
  type ContractCatalog,
} from "./from-catalog.ts";
import { withListedValues } from "./listed-values.ts";
import { statementsOf } from "./origins.ts";
import { readQueries, type FiledQuery } from "./query-file.ts";
import {
  resolveQuery,
  type RefusedQuery,
  type ResolvedQuery,
  type TableUse,
} from "./query-resolve.ts";
import { catalogOnScratch } from "./scratch-ddl.ts";

export interface QueriesOptions {
  /** Files of SQL, absolute or relative to `root`. */
  readonly files: readonly string[];
  readonly root: string;
  /** The release's migrations: what a statement needs is asked of the database that they make. */
  readonly folder?: MigrationFolder | undefined;
}

/**
 * What the code's own statements need: the columns that they read and write, of the types that the migrations give them, and
 * that the server takes each of them. Without migrations only the latter.
 * @throws LockstepError `contract-source` when the migrations' own database refuses a statement, `sql-syntax`
 */
export async function loadQueries(
  { files, root, folder }: QueriesOptions,
  scratch: Scratch,
): Promise<Omit<ContractBody, "env" | "checks" | "role">> {
  const queries = await readQueryFiles(files, root);
  const asked = await askMigrated(queries, folder, scratch);
  if (asked === undefined) return { ...nothing, queries: queries.map((one) => unasked(one)) };
  const { taken, refused } = parted(asked.resolved);
  if (refused.length > 0) throw await refusedByOwn(refused);
  return needsOf(asked.catalog, taken);
}

/**
 * The statements of files, in their order.
 * @param files absolute, or relative to `root`, which the places of statements are relative to
 * @throws LockstepError `sql-syntax`
 */
export async function readQueryFiles(
  files: readonly string[],
  root: string,
): Promise<readonly FiledQuery[]> {
  await loadParser();
  const lists = files.map(async (file) => {
    const path = resolve(root, file);
    return readQueries(readFileSync(path, "utf8"), relative(root, path).replaceAll("\\", "/"));
  });
  return (await Promise.all(lists)).flat();
}

/** What statements need of a database as it stands, and which of them it does not take. */
export interface AskedQueries {
  /** Of those that it takes. */
  readonly contract: Contract;
  readonly taken: readonly ResolvedQuery[];
  readonly refused: readonly RefusedQuery[];
}

/**
 * Asks a database what the code's statements need of it. Nothing of them is run and nothing stays.
 * @param session no transaction is open
 */
export async function askQueries(
  queries: readonly FiledQuery[],
  session: Session,
  release: string,
): Promise<AskedQueries> {
  await loadParser();
  const catalog = await introspect(session, { parts: contractParts });
  const resolved: (ResolvedQuery | RefusedQuery)[] = [];
  for (const query of queries) resolved.push(await resolveQuery(query, session));
  const { taken, refused } = parted(resolved);
  const body: ContractBody = {
    ...(await withListedValues(needsOf(catalog, taken))),
    env: [],
    checks: [],
  };
  const hash = hashContract(body);
  const { serverMajor: major } = catalog;
  return {
    contract: { version: contractVersion, release, hash, source: "queries", major, ...body },
    taken,
    refused,
  };
}

function parted(resolved: readonly (ResolvedQuery | RefusedQuery)[]) {
  return {
    taken: resolved.filter((one): one is ResolvedQuery => !("refused" in one)),
    refused: resolved.filter((one): one is RefusedQuery => "refused" in one),
  };
}

function needsOf(catalog: ContractCatalog, taken: readonly ResolvedQuery[]) {
  return {
    ...contractFromCatalog(usedOf(catalog, taken), annotationsOf(taken)),
    queries: taken.map((one) => ({ ...unasked(one), uses: one.tables.flatMap(usesOf) })),
  };
}

const nothing = {
  tables: [],
  views: [],
  enums: [],
  domains: [],
  composites: [],
  sequences: [],
} as const;

function unasked(query: FiledQuery): ContractQuery {
  return { sql: query.sql, types: query.types, uses: [], from: placeOf(query) };
}

function usesOf({ relation, columns }: TableUse): readonly string[] {
  return columns.size === 0
    ? [relation]
    : [...columns].map((column) => `${relation}.${qualifiedName(column)}`);
}

/** The first places that send it. */
export function placeOf({ from }: FiledQuery): string {
  const [first = "", second, ...more] = from;
  if (second === undefined) return first;
  return more.length === 0 ? `${first}, ${second}` : `${first}, ${second} and ${more.length} more`;
}

async function askMigrated(
  queries: readonly FiledQuery[],
  folder: MigrationFolder | undefined,
  scratch: Scratch,
): Promise<
  | {
      readonly catalog: ContractCatalog;
      readonly resolved: readonly (ResolvedQuery | RefusedQuery)[];
    }
  | undefined
> {
  if (folder === undefined) return undefined;
  const resolved: (ResolvedQuery | RefusedQuery)[] = [];
  const catalog = await catalogOnScratch(scratch, await statementsOf(folder), async (session) => {
    for (const query of queries) resolved.push(await resolveQuery(query, session));
  });
  return { catalog, resolved };
}

/** The catalog with the types and sequences that the statements need; tables are chosen by the annotations. */
function usedOf(catalog: ContractCatalog, queries: readonly ResolvedQuery[]): ContractCatalog {
  const types = new Set(queries.flatMap(({ typeNames }) => typeNames));
  const relations = new Set(
    queries.flatMap(({ tables }) => tables.map(({ relation }) => relation)),
  );
  const only = <Of>(all: Readonly<Record<string, Of>>, names: ReadonlySet<string>) =>
    Object.fromEntries(Object.entries(all).filter(([name]) => names.has(name)));
  return {
    ...catalog,
    enums: only(catalog.enums, types),
    sequences: only(catalog.sequences, relations),
  };
}

/** What all statements together do with a table. */
interface Usage {
  readonly access: Set<Access>;
  isUnqualified: boolean;
  /** Columns with the place of the first statement that uses them. */
  readonly columns: Map<string, string>;
  readonly from: string;
  readonly writes: TableUse["writes"][number][];
}

function annotationsOf(queries: readonly ResolvedQuery[]): Annotations {
  const usages = new Map<string, Usage>();
  for (const query of queries)
    for (const { relation, isUnqualified, access, columns, writes } of query.tables) {
      const from = placeOf(query);
      const usage: Usage = usages.get(relation) ?? {
        access: new Set(),
        isUnqualified: false,
        columns: new Map(),
        from,
        writes: [],
      };
      usages.set(relation, usage);
      usage.isUnqualified ||= isUnqualified;
      for (const one of access) usage.access.add(one);
      for (const one of columns) if (!usage.columns.has(one)) usage.columns.set(one, from);
      usage.writes.push(...writes);
    }
  const places = new Map<string, string>();
  for (const [relation, { columns, from }] of usages) {
    places.set(`relation ${relation}`, from);
    for (const [column, place] of columns)
      places.set(`column ${relation}.${qualifiedName(column)}`, place);
  }
  return {
    from: (address) => places.get(address),
    wanted: (relation) => usages.has(relation),
    unqualified: (relation) => usages.get(relation)?.isUnqualified ?? false,
    access: (relation) => [...(usages.get(relation)?.access ?? [])],
    column: (relation, column) => columnOf(usages.get(relation)!, column),
  };
}

function columnOf(
  { columns, writes }: Usage,
  column: string,
): ReturnType<NonNullable<Annotations["column"]>> {
  if (!columns.has(column)) return { used: false };
  const gives = (one: Usage["writes"][number]) =>
    (one.columns as readonly string[]).includes(column) && !one.defaulted.includes(column);
  const inserts = writes.filter(({ access }) => access === "insert");
  const isGiven = writes.some(gives);
  return {
    supplied: inserts.every(gives),
    // A column that is only read, or left to the database, is given no NULL.
    ...(isGiven || inserts.length > 0 ? {} : { nullable: null }),
    ...(isGiven ? {} : { given: false }),
  };
}

async function refusedByOwn(refused: readonly RefusedQuery[]): Promise<LockstepError> {
  const [first] = refused as [RefusedQuery];
  const others = refused.slice(1, 6).map((one) => `${placeOf(one)}: ${one.refused}`);
  return new LockstepError("contract-source", {
    what: `${placeOf(first)}: the database that the migrations make refuses a statement of the code`,
    expected: "migrations that make what every statement needs",
    found: [`${first.refused}, in: ${await maskLiterals(first.sql, 160)}`, ...others].join("\n"),
    from: placeOf(first),
    why: "a migration is missing, or the code no longer sends the statement",
    next: [
      "write the migration that it needs",
      "or record again what the code sends: lockstep contract record -- npm test",
    ],
  });
}
