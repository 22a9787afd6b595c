import { parseSql, quoteLiteral } from "../../sql/index.ts";
import type { TableColumn } from "./tables.ts";
import type { ValueType } from "./types.ts";
import { sometimesNull, valueOf } from "./values.ts";

/** Texts that patterns and length checks of real schemas accept. */
const samples = [
  "a",
  "A",
  "1",
  "abc",
  "ABC",
  "a1",
  "a@example.org",
  "https://example.org/a",
  "#aabbcc",
  "00:00",
  "a".repeat(32),
  "a".repeat(40),
  "a".repeat(64),
];

const texts = new Set(["text", "varchar", "bpchar", "citext", "name"]);
const numbers = new Set(["int2", "int4", "int8", "numeric", "float4", "float8", "money"]);

/** Lengths that checks of digests ask for. */
const digests = [16, 20, 32, 64];

/**
 * Expressions that may be tried for a column under a condition, best first: its own, a tame one, the constants that
 * the conditions name, samples of text, null.
 */
export async function candidatesFor(
  column: TableColumn,
  own: string,
  conditions: readonly string[],
): Promise<readonly string[]> {
  const type = baseOf(column.type);
  const tame = valueOf(column.type, "tame");
  const literals = await literalsIn(column, conditions);
  const any =
    literals.length > 1 && type.kind === "base" && !type.isArray
      ? [`(ARRAY[${literals.join(", ")}])[1 + g % ${literals.length}]`]
      : [];
  const words = texts.has(type.name)
    ? samples.map((text) => `${quoteLiteral(text)}::${column.type.sql}`)
    : [];
  const bytes =
    type.name === "bytea"
      ? digests.map((length) => `pg_catalog.decode(pg_catalog.repeat('ab', ${length}), 'hex')`)
      : [];
  const empty = type.isArray ? [`'{}'::${column.type.sql}`] : [];
  const varied = [tame, ...any].filter((expression) => expression !== undefined);
  const all = [
    own,
    ...(column.notNull ? varied : varied.flatMap((value) => [sometimesNull(value), value])),
    ...literals,
    ...empty,
    ...bytes,
    ...words,
    ...(column.notNull ? [] : ["NULL"]),
  ];
  return [...new Set(all)];
}

/** The constants that conditions name and that can be values of a column, of numbers with their neighbours, as SQL. */
export async function literalsIn(
  { type }: TableColumn,
  conditions: readonly string[],
): Promise<readonly string[]> {
  const constants = new Set<string>();
  for (const condition of conditions)
    for (const constant of await constantsIn(condition)) constants.add(constant);
  return fitting(baseOf(type), [...constants]).map(
    (literal) => `${quoteLiteral(literal)}::${type.sql}`,
  );
}

function baseOf(type: ValueType): ValueType {
  return type.kind === "domain" ? baseOf(type.inner!) : type;
}

/** Constants that can be values of the type; of numbers their neighbours too. */
function fitting(type: ValueType, constants: readonly string[]): readonly string[] {
  if (type.isArray) return [];
  if (type.kind === "enum") return constants.filter((text) => type.labels.includes(text));
  if (!numbers.has(type.name)) return constants;
  const values = constants
    .filter((text) => text.trim() !== "")
    .map(Number)
    .filter(Number.isSafeInteger);
  return [...new Set(values.flatMap((value) => [value, value + 1, value - 1]))].map(String);
}

/** Every constant of an expression, as text. */
async function constantsIn(expression: string): Promise<readonly string[]> {
  const statements = await parseSql(`SELECT ${expression}`, "condition");
  const found: string[] = [];
  const walk = (tree: unknown): void => {
    if (typeof tree !== "object" || tree === null) return;
    const { A_Const: constant } = tree as { A_Const?: Readonly<Record<string, unknown>> };
    if (constant === undefined) {
      for (const below of Object.values(tree)) walk(below);
      return;
    }
    const { sval, ival, fval } = constant as {
      sval?: { sval?: string };
      ival?: { ival?: number };
      fval?: { fval?: string };
    };
    // Protobuf leaves out what is empty or zero.
    if (sval !== undefined) found.push(...arrayElements(sval.sval ?? ""));
    else if (ival !== undefined) found.push(String(ival.ival ?? 0));
    else if (fval?.fval !== undefined) found.push(fval.fval);
  };
  for (const { node } of statements) walk(node);
  return found;
}

/** `{a,b}` stands for its elements: so `= ANY ('{a,b}'::text[])` is deparsed. */
function arrayElements(text: string): readonly string[] {
  const inner = /^\{(.*)\}$/s.exec(text)?.[1];
  return inner === undefined
    ? [text]
    : [text, ...inner.split(",").map((each) => each.replaceAll('"', ""))];
}
