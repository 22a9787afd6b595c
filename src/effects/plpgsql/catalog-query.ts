import type { Node, RangeVar, SelectStmt } from "@pgsql/types";
import { builtinFacts } from "../world/builtin/facts.ts";
import { isConstraintName } from "../world/derived.ts";
import { byId, relationsNamed } from "../world/lookup.ts";
import type { World } from "../world/model.ts";
import { strings } from "../world/nodes.ts";
import type { Asking, AskingQuery, JoinedRow, Source } from "./asking.ts";
import { oneDecides, operandOf, readCondition, type Condition } from "./catalog-conditions.ts";
import { catalogTable, type CatalogRow } from "./catalog-rows.ts";

export interface CatalogAnswer {
  readonly sources: readonly Source[];
  readonly rows: readonly JoinedRow[];
  /** True when the server finds no others: the world knows everything, and none of the server's own objects is meant. */
  readonly isAll: boolean;
}

/** True when what is not in the world does not exist. */
export function knowsAll({ complete, uncertain }: World): boolean {
  return complete && uncertain.length === 0;
}

/** Clauses with which the rows that come out are not those that are found. */
const reshaping = [
  "groupClause",
  "havingClause",
  "withClause",
  "limitOffset",
  "limitCount",
  "larg",
  "distinctClause",
] as const;

/**
 * The rows that a query over system catalogs finds, as far as the world tells: catalogs joined by conditions of equality,
 * IN, LIKE, AND, OR and NOT over columns and constants. Undefined for any other query.
 */
export function askCatalog(asking: Asking, select: SelectStmt): CatalogAnswer | undefined {
  if (reshaping.some((clause) => select[clause] !== undefined)) return undefined;
  const from = readFrom(select.fromClause ?? []);
  if (from === undefined || from.sources.length === 0) return undefined;
  const { sources } = from;
  const inQuery = within(asking, sources);
  const conditions: Condition[] = [];
  for (const node of [...from.conditions, ...(select.whereClause ? [select.whereClause] : [])]) {
    const condition = readCondition(inQuery, node);
    if (condition === undefined) return undefined;
    conditions.push(condition);
  }
  const joined = join(asking.world, sources, conditions);
  if (joined === undefined) return undefined;
  const names = conditions.flatMap((condition) => condition.names);
  const isOwn = names.length > 0 && !names.some((name) => isServers(asking.world, name));
  return { sources, rows: joined.rows, isAll: isOwn && joined.isSure && knowsAll(asking.world) };
}

interface From {
  readonly sources: readonly Source[];
  readonly conditions: readonly Node[];
}

function readFrom(items: readonly Node[]): From | undefined {
  const sources: Source[] = [];
  const conditions: Node[] = [];
  const read = (node: Node | undefined): boolean => {
    if (node === undefined) return false;
    if ("RangeVar" in node) {
      const source = sourceOf(node.RangeVar);
      if (source === undefined) return false;
      sources.push(source);
      return true;
    }
    if (!("JoinExpr" in node)) return false;
    const { jointype, isNatural, usingClause, larg, rarg, quals, alias } = node.JoinExpr;
    if (jointype !== "JOIN_INNER" || isNatural || usingClause !== undefined || alias !== undefined)
      return false;
    if (quals !== undefined) conditions.push(quals);
    return read(larg) && read(rarg);
  };
  return items.every(read) ? { sources, conditions } : undefined;
}

function sourceOf(range: RangeVar): Source | undefined {
  const { schemaname, relname = "", alias } = range;
  const table = catalogTable(schemaname, relname);
  if (table === undefined || strings(alias?.colnames).length > 0) return undefined;
  return { alias: alias?.aliasname ?? relname, columns: table.columns, table };
}

/** The rows of a source that its own conditions may leave: those of what is named are looked up. */
function rowsOf(world: World, { table }: Source, own: readonly Condition[]): readonly CatalogRow[] {
  const equalities = own.flatMap((condition) => condition.equalities);
  const wanted = (column: string | undefined) => {
    const texts = equalities.find((equality) => equality.column === column)?.texts;
    return texts && [...new Set(texts)];
  };
  const constraints = wanted(table.constraintName);
  if (constraints?.every((name) => !isConstraintName(world, name)) === true)
    return table.rows(world, []);
  const relations =
    wanted(table.relationName)?.flatMap((name) => relationsNamed(world, name)) ??
    wanted(table.relationOid)?.flatMap((oid) => byId(world, Number(oid)) ?? []);
  return table.rows(world, relations ?? [...world.relations.values()]);
}

/** More combinations than this are not gone through. */
const mostCombinations = 1_000_000;

interface Joined {
  readonly rows: readonly JoinedRow[];
  /** True when every condition was known to hold or not to hold. */
  readonly isSure: boolean;
}

/** Sources are first cut to the rows that their own conditions leave. */
function join(
  world: World,
  sources: readonly Source[],
  conditions: readonly Condition[],
): Joined | undefined {
  let rows: readonly JoinedRow[] = [new Map()];
  let isSure = true;
  const seen = new Set<string>();
  const keep = (tests: readonly Condition[]) => (row: JoinedRow) => {
    const value = oneDecides(
      tests.map(({ holds }) => holds(row)),
      false,
    );
    if (value === undefined) isSure = false;
    return value === true;
  };
  for (const source of sources) {
    const { alias } = source;
    if (seen.has(alias)) return undefined;
    const isOwn = ({ aliases }: Condition) => [...aliases].every((name) => name === alias);
    const own = conditions.filter(isOwn);
    const left = rowsOf(world, source, own)
      .map((row) => new Map([[alias, row]]))
      .filter(keep(own));
    seen.add(alias);
    if (rows.length * left.length > mostCombinations) return undefined;
    const common = conditions.filter(
      (condition) =>
        !isOwn(condition) &&
        condition.aliases.has(alias) &&
        [...condition.aliases].every((name) => seen.has(name)),
    );
    rows = rows.flatMap((before) =>
      left.map((row) => new Map([...before, ...row])).filter(keep(common)),
    );
  }
  return { rows, isSure };
}

/** Names of the server's own functions, types and relations, which a world does not list. */
function isServers({ major }: World, name: string): boolean {
  const { functions, types } = builtinFacts(major);
  return (
    functions.has(name) ||
    types.has(name) ||
    name.startsWith("pg_") ||
    name === "information_schema" ||
    catalogTable("information_schema", name) !== undefined
  );
}

function within(asking: Asking, sources: readonly Source[]): AskingQuery {
  return { ...asking, sources, valueOf: (query) => onlyValue(asking, query) };
}

/** The value of `SELECT column FROM catalog WHERE …` when it gives one. */
export function onlyValue(asking: Asking, query: SelectStmt): string | undefined {
  const [row, ...otherRows] = valuesOf(asking, query) ?? [];
  const [text, ...others] = row?.values() ?? [];
  return otherRows.length === 0 && others.length === 0 ? text : undefined;
}

/** What comes out of a query over catalogs, all of it: rows of values by the names of their columns. */
export function valuesOf(
  asking: Asking,
  select: SelectStmt,
): readonly ReadonlyMap<string, string>[] | undefined {
  const answer = askCatalog(asking, select);
  if (answer?.isAll !== true) return undefined;
  const targets = (select.targetList ?? []).map((node) =>
    "ResTarget" in node ? node.ResTarget : {},
  );
  const [first] = targets;
  if (targets.length === 1 && isCount(first?.val))
    return [new Map([[first?.name ?? "count", String(answer.rows.length)]])];
  const columns = targets.map(({ name, val }) => {
    const operand = val && operandOf(within(asking, answer.sources), val);
    return operand?.kind === "column" ? { name: name ?? operand.column, ...operand } : undefined;
  });
  const rows = answer.rows.map((row) =>
    columns.map((column) => column && row.get(column.alias)?.[column.column]),
  );
  if (columns.includes(undefined) || rows.some((row) => row.includes(undefined))) return undefined;
  return rows.map((row) => new Map(row.map((text, index) => [columns[index]!.name, text!])));
}

/** `count(*)`. */
function isCount(node: Node | undefined): boolean {
  if (node === undefined || !("FuncCall" in node)) return false;
  const { funcname, agg_star: isStar, over, agg_filter: filter } = node.FuncCall;
  return strings(funcname).at(-1) === "count" && isStar === true && !over && !filter;
}
