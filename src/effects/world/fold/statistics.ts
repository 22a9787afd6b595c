import type { CreateStatsStmt } from "@pgsql/types";
import { qualifiedName, type QualifiedName } from "../../../sql/index.ts";
import { columnsIn, renameColumnIn } from "../expressions.ts";
import { byId } from "../lookup.ts";
import type { ExtendedStatistics, ObjectId, Relation, World } from "../model.ts";
import { dottedName, strings } from "../nodes.ts";
import { statisticsFacts } from "../written-facts.ts";
import { all, change, creationSchema, target, type FoldContext } from "./context.ts";
import { joinColumnNames, makeObjectName, truncateName } from "./object-names.ts";

/** CREATE STATISTICS; without a name `table_columns_stat` (statscmds.c, ChooseExtendedStatisticName). */
export function createStatistics(context: FoldContext, statement: CreateStatsStmt): void {
  const { world } = context;
  const [range] = all(statement.relations, "RangeVar");
  const relation = target(context, range);
  if (relation === undefined) return;
  const path = strings(statement.defnames);
  const facts = statisticsFacts(statement);
  if (path.length === 0) {
    const titles = all(statement.exprs, "StatsElem").map((element) => element.name ?? "expr");
    addStatistics(world, relation, { name: chosenName(world, relation, titles), ...facts });
    return;
  }
  const written = dottedName(path);
  const schema = creationSchema(context, written);
  const name = qualifiedName(schema, truncateName(written.name));
  if (!namesTaken(world).has(name)) addStatistics(world, relation, { name, ...facts });
}

/** LIKE … INCLUDING STATISTICS: copies with names chosen anew (parse_utilcmd.c, generateClonedExtStatsStmt). */
export function copyStatistics(world: World, source: Relation, id: ObjectId): void {
  for (const { keys, expressions } of source.statistics) {
    const table = byId(world, id);
    if (table === undefined) return;
    const numbers = new Map(source.columns.map(({ name, number }) => [name, number]));
    const inOrder = [...keys].sort((a, b) => (numbers.get(a) ?? 0) - (numbers.get(b) ?? 0));
    const titles = [...inOrder, ...expressions.map(() => "expr")];
    addStatistics(world, table, { name: chosenName(world, table, titles), keys, expressions });
  }
}

function chosenName(world: World, table: Relation, titles: readonly string[]): QualifiedName {
  const taken = namesTaken(world);
  for (let pass = 0; ; pass++) {
    const label = pass === 0 ? "stat" : `stat${pass}`;
    const name = makeObjectName(table.name, joinColumnNames(titles), label);
    const qualified = qualifiedName(table.schema, name);
    if (!taken.has(qualified)) return qualified;
  }
}

function namesTaken({ relations }: World): ReadonlySet<QualifiedName> {
  return new Set(
    [...relations.values()].flatMap(({ statistics }) => statistics.map(({ name }) => name)),
  );
}

function addStatistics(world: World, { id, statistics }: Relation, made: ExtendedStatistics): void {
  change(world, id, { statistics: [...statistics, made] });
}

/** The table of a statistics object, and the object's name with its schema. */
export function findStatistics(
  world: World,
  path: readonly string[],
  searchPath: readonly string[],
): { readonly table: Relation; readonly schema: string; readonly name: QualifiedName } | undefined {
  const written = dottedName(path);
  for (const schema of written.schema === undefined ? searchPath : [written.schema]) {
    const name = qualifiedName(schema, written.name);
    for (const table of world.relations.values())
      if (table.statistics.some((each) => each.name === name)) return { table, schema, name };
  }
  return undefined;
}

export function dropStatistics({ world, searchPath }: FoldContext, path: readonly string[]): void {
  const found = findStatistics(world, path, searchPath);
  if (found === undefined) return;
  const statistics = found.table.statistics.filter(({ name }) => name !== found.name);
  change(world, found.table.id, { statistics });
}

export function renameStatistics(
  { world, searchPath }: FoldContext,
  path: readonly string[],
  to: string,
): void {
  const found = findStatistics(world, path, searchPath);
  if (found !== undefined) nameStatistics(world, found, qualifiedName(found.schema, to));
}

export function moveStatistics(
  { world, searchPath }: FoldContext,
  path: readonly string[],
  to: string,
): void {
  const found = findStatistics(world, path, searchPath);
  if (found !== undefined) nameStatistics(world, found, qualifiedName(to, dottedName(path).name));
}

function nameStatistics(
  world: World,
  { table, name }: { readonly table: Relation; readonly name: QualifiedName },
  to: QualifiedName,
): void {
  change(world, table.id, {
    statistics: table.statistics.map((each) => (each.name === name ? { ...each, name: to } : each)),
  });
}

/** Statistics about a column go with it. */
export function withoutColumn(
  statistics: readonly ExtendedStatistics[],
  column: string,
): readonly ExtendedStatistics[] {
  const isAbout = ({ keys, expressions }: ExtendedStatistics) =>
    keys.includes(column) || expressions.some((each) => columnsIn(each).includes(column));
  return statistics.some(isAbout) ? statistics.filter((each) => !isAbout(each)) : statistics;
}

export function renameInStatistics(
  statistics: readonly ExtendedStatistics[],
  from: string,
  to: string,
): readonly ExtendedStatistics[] {
  return statistics.map((each) => ({
    ...each,
    keys: each.keys.map((key) => (key === from ? to : key)),
    expressions: renameColumnIn(each.expressions, from, to),
  }));
}
