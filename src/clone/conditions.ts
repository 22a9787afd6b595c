import { rowMaking, type FillableColumn, type ValueType } from "../effects/index.ts";
import type { Session } from "../pg/index.ts";
import { quoteIdent } from "../sql/index.ts";
import { orNull, type TablePlan } from "./makers.ts";
import type { CloneTable } from "./structure.ts";

type Condition = CloneTable["conditions"][number];

/** Rows that an expression is tried on. */
const tried = 1_000;

const texts = new Set(["text", "varchar", "bpchar", "citext"]);
const numbers = new Set(["int2", "int4", "int8", "numeric", "float4", "float8"]);

/** Expressions that meet a table's conditions. */
export interface Met {
  readonly expressions: ReadonlyMap<string, string>;
  /** Columns whose values the conditions decide, not the statistics. */
  readonly unlike: readonly string[];
  /** A condition that nothing meets. */
  readonly unmet: Condition | undefined;
}

/**
 * Keeps the values that the statistics ask for where they meet the conditions; else tries the same values in other forms (an
 * address, a link, digits, those that the condition names), which keep nulls, skew and keys; else whatever meets them.
 * Rows that a condition of a key refuses are left out one by one: its values cannot be others.
 */
export async function meetAll(
  session: Session,
  table: CloneTable,
  plan: TablePlan,
  rows: number,
): Promise<Met> {
  const expressions = new Map(plan.expressions);
  const open: Condition[] = [];
  for (const condition of table.conditions) {
    const share = await shareMet(session, table, expressions, [condition]);
    if (share === 1) continue;
    const [name] = condition.columns.length === 1 ? condition.columns : [];
    const column = table.columns.find((each) => each.name === name);
    const all = table.conditions.filter(
      (each) => each.columns.length === 1 && each.columns[0] === name,
    );
    const form =
      column === undefined || plan.bound.has(column.name)
        ? undefined
        : await otherForm(session, table, { column, plan, expressions, conditions: all });
    if (form !== undefined) expressions.set(column!.name, form);
    else if (share === 0 || !condition.columns.some((each) => plan.keyed.has(each)))
      open.push(condition);
  }
  const { meetConditions } = await rowMaking();
  const before = new Map(expressions);
  const [unmet] = await meetConditions(
    session,
    { ...table, conditions: withTied(open, table.conditions) },
    expressions,
    plan.bound,
    rows,
  );
  const unlike = [...expressions].flatMap(([name, value]) =>
    before.get(name) === value ? [] : [name],
  );
  return { expressions, unlike, unmet };
}

/** With all conditions that share a column with them, directly or through others: what meets these must not break those. */
function withTied(open: readonly Condition[], all: readonly Condition[]): readonly Condition[] {
  const tied = new Set(open);
  const names = new Set<string>();
  for (const { columns } of tied) {
    for (const name of columns) names.add(name);
    for (const one of all) if (one.columns.some((name) => names.has(name))) tied.add(one);
  }
  return [...tied];
}

interface Asked {
  readonly column: FillableColumn;
  readonly plan: TablePlan;
  readonly expressions: ReadonlyMap<string, string>;
  /** All that read this column alone. */
  readonly conditions: readonly Condition[];
}

/** The first form of a column's values that meets its conditions in every row. */
async function otherForm(
  session: Session,
  table: CloneTable,
  { column, plan, expressions, conditions }: Asked,
): Promise<string | undefined> {
  const draw = plan.draws.get(column.name);
  if (draw === undefined) return undefined;
  const { literalsIn } = await rowMaking();
  const literals = await literalsIn(
    column,
    conditions.map(({ expression }) => expression),
  );
  const isKey = plan.keyed.has(column.name);
  const own = plan.bare.get(column.name) ?? "NULL";
  const good: string[] = [];
  for (const literal of literals)
    if (
      (await shareMet(
        session,
        table,
        new Map(expressions).set(column.name, literal),
        conditions,
      )) === 1
    )
      good.push(literal);
  const named =
    good.length < 2 || isKey
      ? []
      : [`(ARRAY[${good.join(", ")}])[1 + (${draw.number} - 1) % ${good.length}]`];
  for (const form of [...named, ...formsOf(column.type, own, draw.number, literals)]) {
    const whole = orNull(`(${form})::${column.type.sql}`, draw);
    const tryOut = new Map(expressions).set(column.name, whole);
    if ((await shareMet(session, table, tryOut, conditions)) < 1) continue;
    if (!isKey || (await isDistinct(session, column, whole))) return whole;
  }
  return undefined;
}

/** Forms in which no two values become the same. */
function formsOf(
  type: ValueType,
  own: string,
  number: string,
  literals: readonly string[],
): readonly string[] {
  if (type.isArray) return [];
  if (type.kind === "domain") return formsOf(type.inner!, own, number, literals);
  if (texts.has(type.name))
    return [
      `(${own})::text || '@example.org'`,
      `'https://example.org/' || (${own})::text`,
      `'v' || (${own})::text`,
      `pg_catalog.upper((${own})::text)`,
      // The digits become letters too.
      lettersOf(own),
      `pg_catalog.upper(${lettersOf(own)})`,
      `(${number})::text`,
      `pg_catalog.lpad((${number})::text, 10, '0')`,
      `'+' || (10000000000 + ${number})::text`,
      `pg_catalog.md5((${own})::text)`,
      `'#' || pg_catalog.lpad(pg_catalog.to_hex(${number}), 6, '0')`,
      `pg_catalog.md5((${own})::text)::uuid::text`,
    ];
  if (!numbers.has(type.name)) return [];
  return [
    ...literals.map((literal) => `${literal} + (${number})`),
    ...literals.map((literal) => `${literal} + 2 * (${number})`),
    `-(${number})`,
    `pg_catalog.exp(-((${number}) % 50))`,
  ];
}

function lettersOf(own: string): string {
  return `pg_catalog.translate((${own})::text, '0123456789', 'ghijklmnop')`;
}

async function isDistinct(
  session: Session,
  { type }: FillableColumn,
  expression: string,
): Promise<boolean> {
  const [[count]] = (await session.queryArrays(
    `SELECT pg_catalog.count(DISTINCT (${expression})::${type.sql})::int FROM pg_catalog.generate_series(1::bigint, ${tried}) AS g`,
  )) as [[number]];
  return count === tried;
}

/** Share of the first rows in which the conditions are not false; 0 also when they cannot be computed. */
async function shareMet(
  session: Session,
  { columns }: CloneTable,
  expressions: ReadonlyMap<string, string>,
  conditions: readonly Condition[],
): Promise<number> {
  const read = new Set(conditions.flatMap((condition) => condition.columns));
  const values = columns.flatMap(({ name, type }) =>
    read.has(name) ? [`(${expressions.get(name)})::${type.sql} AS ${quoteIdent(name)}`] : [],
  );
  const test = conditions.map(({ expression }) => `((${expression}) IS NOT FALSE)`).join(" AND ");
  await session.query("SAVEPOINT attempt");
  try {
    const [[share]] = (await session.queryArrays(
      `SELECT pg_catalog.count(*) FILTER (WHERE ${test})::float8 / ${tried}
         FROM (SELECT ${["g", ...values].join(", ")} FROM pg_catalog.generate_series(1::bigint, ${tried}) AS g) AS v`,
    )) as [[number]];
    return share;
  } catch {
    await session.query("ROLLBACK TO SAVEPOINT attempt");
    return 0;
  }
}
