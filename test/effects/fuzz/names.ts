import { quoteIdent, quoteQualified } from "../../../src/sql/index.ts";
import {
  relationName,
  type Relation,
  type World,
  type WorldColumn,
} from "../../../src/effects/world/index.ts";
import type { Draw } from "./draw.ts";

/** What statements are drawn from: the catalog before the statement. */
export interface Field {
  readonly draw: Draw;
  readonly world: World;
  readonly major: number;
}

/** Name as it is written in a statement: without its schema where that is found without it, mostly. */
export function written(
  { draw }: Field,
  { schema, name }: { schema: string; name: string },
): string {
  return schema === "public" && !draw.chance(15) ? quoteIdent(name) : quoteQualified(schema, name);
}

export function relationsOf(
  { world }: Field,
  ...kinds: readonly Relation["kind"][]
): readonly Relation[] {
  return [...world.relations.values()].filter(
    ({ kind, schema }) => kinds.includes(kind) && schema !== "pg_temp",
  );
}

const tables = ["table", "partitioned table"] as const;

/** Any table; now and then a view or what is not there. */
export function anyTable(field: Field): Relation {
  const { draw } = field;
  if (draw.chance(4)) {
    const others = relationsOf(field, "view", "materialized view", "sequence", "index").filter(
      // What Postgres calls the columns of expressions is left to the server.
      ({ index }) => index === undefined || index.expressions.length === 0,
    );
    if (others.length > 0) return draw.one(others);
  }
  return draw.one(relationsOf(field, ...tables));
}

export function anyPartitioned(field: Field): Relation {
  const found = relationsOf(field, "partitioned table");
  return found.length === 0 ? anyTable(field) : field.draw.one(found);
}

const fallback = { name: "nothing" };

/** A column of the relation, now and then one that it has not. */
export function anyColumn({ draw }: Field, { columns }: Relation): WorldColumn | typeof fallback {
  if (columns.length === 0 || draw.chance(2)) return fallback;
  return draw.one(columns);
}

/** A column for an expression, where only Postgres looks for columns that are not there. */
export function realColumn({ draw }: Field, { columns }: Relation): WorldColumn | undefined {
  return columns.length === 0 ? undefined : draw.one(columns);
}

/** A condition on one of the relation's columns. */
export function anyCondition(field: Field, relation: Relation): string {
  const column = realColumn(field, relation);
  return column === undefined ? "true" : conditionOn(field, column);
}

export const newNames = [
  "fresh",
  "Fresh Name",
  "users",
  "x",
  "naïve",
  "tickets",
  'say "hi"',
  "another_name_that_is_very_long_so_that_names_made_of_it_are_cut_",
] as const;

export function newName({ draw }: Field): string {
  return quoteIdent(draw.one(newNames));
}

export function anySchema({ draw, world }: Field): string {
  if (draw.chance(4)) return "nowhere";
  return quoteIdent(draw.one([...world.schemas].filter((name) => !name.startsWith("pg_"))));
}

/** Types as a new column has them. */
export function anyType({ draw, world }: Field): string {
  const own = [...world.types.values()].filter(
    ({ kind }) => kind === "enum" || kind === "domain" || kind === "composite",
  );
  if (own.length > 0 && draw.chance(35)) {
    const { schema, name } = draw.one(own);
    return (
      (schema === "public" ? quoteIdent(name) : quoteQualified(schema, name)) +
      (draw.chance(8) ? "[]" : "")
    );
  }
  return draw.one([
    "integer",
    "bigint",
    "smallint",
    "text",
    "varchar(5)",
    "varchar(300)",
    "varchar",
    "char(5)",
    "numeric(12,2)",
    "numeric",
    "boolean",
    "date",
    "timestamp",
    "timestamptz",
    "timestamptz(3)",
    "jsonb",
    "json",
    "uuid",
    "text[]",
    "bytea",
    "double precision",
    "interval",
    "int4range",
  ]);
}

/** Type below a domain, as far as constants of it are concerned. */
export function baseName(world: World, column: WorldColumn | { name: string }): string {
  if (!("type" in column)) return "text";
  let { type } = column;
  for (let depth = 0; depth < 10; depth += 1) {
    if (type.array) return "array";
    const own = world.types.get(relationName({ schema: type.schema ?? "", name: type.name }));
    if (own?.domain === undefined) return own === undefined ? type.name : own.kind;
    type = own.domain.base;
  }
  return type.name;
}

const numbers = new Set(["int2", "int4", "int8", "numeric", "float4", "float8"]);
const texts = new Set(["text", "varchar", "bpchar"]);
const times = new Set(["date", "timestamp", "timestamptz"]);

/** A condition on a column that Postgres takes. */
export function conditionOn(field: Field, column: WorldColumn | { name: string }): string {
  const { draw, world } = field;
  const name = quoteIdent(column.name);
  const base = baseName(world, column);
  const special = numbers.has(base)
    ? [`${name} > 0`, `${name} = 5`, `${name} BETWEEN 1 AND 100`]
    : texts.has(base)
      ? [`${name} <> ''`, `${name} = 'x'`, `length(${name}) < 400`]
      : times.has(base)
        ? [`${name} > '2000-01-01'`, `${name} < '2024-06-01'`]
        : base === "bool"
          ? [name, `NOT ${name}`]
          : [];
  return draw.one([...special, `${name} IS NOT NULL`, `${name} IS NULL`]);
}

/** An expression for a default of a column that Postgres takes. */
export function valueFor(field: Field, column: WorldColumn | { name: string }): string {
  const { draw, world } = field;
  const base = baseName(world, column);
  if (draw.chance(12)) return "NULL";
  if (numbers.has(base))
    return draw.one([
      "1",
      "7",
      ...(base === "int4" || base === "int8" ? ["five()", "nextval('tickets')"] : []),
    ]);
  if (texts.has(base)) return draw.one(["'x'", "'ab'", "upper('x')"]);
  if (times.has(base)) return draw.one(["now()", "'2024-03-03'"]);
  const values: Readonly<Record<string, readonly string[]>> = {
    bool: ["true", "false"],
    uuid: ["gen_random_uuid()", "'00000000-0000-0000-0000-000000000001'"],
    jsonb: ["'{}'"],
    json: ["'[]'"],
    array: ["'{}'"],
    interval: ["'1 day'"],
    int4range: ["'[1,5)'"],
    bytea: ["'x'"],
  };
  return draw.one(values[base] ?? ["NULL"]);
}

/** What an index can be on. */
export function indexKey(field: Field, column: WorldColumn | { name: string }): string {
  const { draw, world } = field;
  const name = quoteIdent(column.name);
  const base = baseName(world, column);
  if (base === "json" || draw.chance(15)) return `(${name} IS NULL)`;
  if (texts.has(base)) return draw.one([name, name, `lower(${name})`]);
  return numbers.has(base) ? draw.one([name, name, `(${name} + 1)`]) : name;
}

/** Several of the columns' names, quoted. */
export function someColumns({ draw }: Field, { columns }: Relation, most: number): string[] {
  if (columns.length === 0) return ["nothing"];
  return draw.some(columns, 1, most).map(({ name }) => quoteIdent(name));
}
