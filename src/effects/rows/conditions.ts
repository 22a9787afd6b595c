import type { Session } from "../../pg/index.ts";
import { quoteIdent } from "../../sql/index.ts";
import { candidatesFor } from "./candidates.ts";
import type { Condition, Table, TableColumn } from "./tables.ts";

/** Longest list of combinations that is tried for columns under common conditions. */
const limit = 240;
/** Rows that a combination is tried on: more than any pattern of values repeats after. */
const tried = 120;

/** Columns that conditions tie together. */
interface Group {
  readonly columns: readonly TableColumn[];
  readonly conditions: readonly Condition[];
}

/**
 * Finds values for columns under conditions: combinations of candidates are tried on the server, and the first one that
 * meets all conditions on all rows is taken, else the one that meets them on most. Expressions are changed in place.
 *
 * @param bound columns whose values foreign keys decide: they have that value or none
 * @param rows how many g counts
 * @returns the conditions that no combination meets at all
 */
export async function meetConditions(
  session: Session,
  table: Table,
  expressions: Map<string, string>,
  bound: ReadonlyMap<string, string>,
  rows: number,
): Promise<readonly Condition[]> {
  const unmet: Condition[] = [];
  for (const { columns, conditions } of groupsOf(table)) {
    const lists = await Promise.all(
      columns.map(async (column) => {
        const own = expressions.get(column.name)!;
        const value = bound.get(column.name);
        if (value !== undefined) return boundCandidates(column, own, value, rows);
        return candidatesFor(
          column,
          own,
          conditions.map(({ expression }) => expression),
        );
      }),
    );
    const combinations = product(lists, limit);
    const best = await bestOf(session, columns, conditions, combinations);
    if (best === undefined) unmet.push(...conditions);
    else for (const [index, { name }] of columns.entries()) expressions.set(name, best[index]!);
  }
  return unmet;
}

/** A foreign key's column has its own parent, the next one, or none. */
function boundCandidates(
  column: TableColumn,
  own: string,
  value: string,
  rows: number,
): readonly string[] {
  const next = `(SELECT ${value} FROM (SELECT 1 + g % ${rows} AS g) AS next)`;
  return [own, value, next, ...(column.notNull ? [] : ["NULL"])];
}

/** All conditions that share a column, directly or through others, are met together. */
function groupsOf({ columns, conditions }: Table): readonly Group[] {
  const groups: { names: Set<string>; conditions: Condition[] }[] = [];
  for (const condition of conditions) {
    const names = new Set(condition.columns);
    const mine = [condition];
    for (const group of groups.filter((each) =>
      condition.columns.some((name) => each.names.has(name)),
    )) {
      for (const name of group.names) names.add(name);
      mine.push(...group.conditions);
      groups.splice(groups.indexOf(group), 1);
    }
    groups.push({ names, conditions: mine });
  }
  return groups.map(({ names, conditions: own }) => ({
    columns: columns.filter(({ name }) => names.has(name)),
    conditions: own,
  }));
}

/** Combinations with one element of each list, those near the beginning of the lists first. */
function product(
  lists: readonly (readonly string[])[],
  most: number,
): readonly (readonly string[])[] {
  let all: { readonly picks: readonly string[]; readonly rank: number }[] = [
    { picks: [], rank: 0 },
  ];
  for (const list of lists) {
    all = all.flatMap(({ picks, rank }) =>
      list.map((pick, index) => ({ picks: [...picks, pick], rank: rank + index })),
    );
    all.sort((a, b) => a.rank - b.rank);
    all.length = Math.min(all.length, most);
  }
  return all.map(({ picks }) => picks);
}

async function bestOf(
  session: Session,
  columns: readonly TableColumn[],
  conditions: readonly Condition[],
  combinations: readonly (readonly string[])[],
): Promise<readonly string[] | undefined> {
  const test = conditions.map(({ expression }) => `((${expression}) IS NOT FALSE)`).join(" AND ");
  const count = (picks: readonly string[]) => {
    const values = columns.map(
      ({ name, type }, index) => `(${picks[index]})::${type.sql} AS ${quoteIdent(name)}`,
    );
    return `(SELECT pg_catalog.count(*) FILTER (WHERE ${test})::int
               FROM (SELECT ${values.join(", ")} FROM pg_catalog.generate_series(1, ${tried}) AS g) AS v)`;
  };
  const counts = await countAll(session, combinations.map(count));
  const most = Math.max(...counts);
  return most > 0 ? combinations[counts.indexOf(most)] : undefined;
}

/** Runs the queries in one; when one of them fails (a cast, a division by zero), each on its own. */
async function countAll(session: Session, queries: readonly string[]): Promise<readonly number[]> {
  const together = await attempt(session, `SELECT ARRAY[${queries.join(", ")}]`);
  if (together !== undefined) return together as number[];
  const counts: number[] = [];
  for (const query of queries) {
    counts.push(((await attempt(session, `SELECT ${query}`)) as number | undefined) ?? 0);
    if (counts.at(-1) === tried) break;
  }
  return counts;
}

async function attempt(session: Session, query: string): Promise<unknown> {
  await session.query("SAVEPOINT attempt");
  try {
    const [[value]] = (await session.queryArrays(query)) as [[unknown]];
    return value;
  } catch {
    await session.query("ROLLBACK TO SAVEPOINT attempt");
    return undefined;
  }
}
