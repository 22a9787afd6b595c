import { randomFrom, type Random } from "./random.ts";

/** A column of the made schema, as the oracle and the mutations need it. */
export interface MadeColumn {
  readonly name: string;
  readonly type: string;
  readonly nullable: boolean;
  readonly default: string | undefined;
  readonly identity: "ALWAYS" | "BY DEFAULT" | undefined;
  readonly generated: string | undefined;
}

export interface MadeTable {
  readonly name: string;
  readonly columns: readonly MadeColumn[];
  readonly primaryKey: readonly string[];
  /** Name and columns of unique constraints and indexes; `where` for partial, `expression` for expression ones. */
  readonly unique: readonly {
    readonly name: string;
    readonly columns: readonly string[];
    readonly where?: string;
    readonly expression?: string;
    readonly constraint: boolean;
  }[];
  readonly parents: readonly {
    readonly name: string;
    readonly column: string;
    readonly table: string;
    readonly onDelete: "CASCADE" | "SET NULL" | "NO ACTION" | "RESTRICT";
  }[];
  readonly indexes: readonly { readonly name: string; readonly column: string }[];
  readonly checks: readonly { readonly name: string; readonly expression: string }[];
}

export interface MadeSchema {
  readonly tables: readonly MadeTable[];
  readonly enums: readonly { readonly name: string; readonly labels: readonly string[] }[];
  readonly ddl: readonly string[];
}

const enums = [
  { name: "status", labels: ["new", "paid", "sent", "refunded"] },
  { name: "kind", labels: ["download", "license", "bundle"] },
  { name: "Mood", labels: ["sad", "ok", "happy"] },
  { name: "priority", labels: ["low", "mid", "high"] },
];

const domains = [
  "CREATE DOMAIN email AS text CHECK (VALUE <> '')",
  "CREATE DOMAIN cents AS integer NOT NULL DEFAULT 0 CHECK (VALUE >= 0)",
];

/** Values of a text column that plays an enum. */
export const phases: readonly string[] = ["draft", "live", "closed"];

/** Plain columns to pick from: type, default. */
const kinds: readonly (readonly [string, string | undefined])[] = [
  ["text", undefined],
  ["text", "'none'::text"],
  ["character varying(120)", undefined],
  ["character varying(40)", "'x'::character varying"],
  ["character(8)", undefined],
  ["smallint", "1"],
  ["integer", undefined],
  ["integer", "0"],
  ["bigint", undefined],
  ["numeric(12,2)", "0"],
  ["numeric", undefined],
  ["real", undefined],
  ["double precision", "1.5"],
  ["boolean", "true"],
  ["boolean", undefined],
  ["uuid", "gen_random_uuid()"],
  ["timestamp with time zone", "now()"],
  ["timestamp without time zone", undefined],
  ["timestamp(3) with time zone", undefined],
  ["date", "CURRENT_DATE"],
  ["time without time zone", undefined],
  ["interval", undefined],
  ["jsonb", "'{}'::jsonb"],
  ["json", undefined],
  ["bytea", undefined],
  ["inet", undefined],
  ["text[]", "'{}'::text[]"],
  ["integer[]", undefined],
  ["status", "'new'::status"],
  ["kind", undefined],
  ['"Mood"', "'ok'::\"Mood\""],
  ["priority", undefined],
  ["status[]", undefined],
  ["email", undefined],
  ["cents", undefined],
];

const oddNames = ["order", "Camel Case", "größe", "select"];

/** A schema of `count` tables with most of what Postgres has, the same for the same seed. */
export function makeSchema(seed: number, count: number): MadeSchema {
  const random = randomFrom(seed);
  const tables: MadeTable[] = [];
  for (let number = 0; number < count; number++) tables.push(makeTable(number, tables, random));
  return {
    tables,
    enums,
    ddl: [
      ...enums.map(
        ({ name, labels }) =>
          `CREATE TYPE "${name}" AS ENUM (${labels.map((label) => `'${label}'`).join(", ")})`,
      ),
      ...domains,
      ...tables.flatMap(tableDdl),
    ],
  };
}

function makeTable(number: number, before: readonly MadeTable[], random: Random): MadeTable {
  const name = number % 17 === 3 ? `Odd Table ${number}` : `t${number}`;
  const own = (suffix: string) => `t${number}_${suffix}`;
  const columns: MadeColumn[] = [];
  const add = (column: Partial<MadeColumn> & Pick<MadeColumn, "name" | "type">) =>
    columns.push({
      nullable: false,
      default: undefined,
      identity: undefined,
      generated: undefined,
      ...column,
    });
  const composite = number % 9 === 5;
  const key = random.pick(["always", "by-default", "uuid", "serial"] as const);
  if (composite) {
    add({ name: "region", type: "text" });
    add({ name: "number", type: "integer" });
  } else if (key === "uuid") add({ name: "id", type: "uuid", default: "gen_random_uuid()" });
  else if (key === "serial")
    add({ name: "id", type: "integer", default: `nextval('${own("seq")}'::regclass)` });
  else add({ name: "id", type: "bigint", identity: key === "always" ? "ALWAYS" : "BY DEFAULT" });
  const singles = before.filter(({ primaryKey }) => primaryKey.length === 1);
  const parents: MadeTable["parents"][number][] = [];
  for (const parent of random.some(singles, random.below(3))) {
    const onDelete = random.pick(["CASCADE", "SET NULL", "NO ACTION", "RESTRICT"] as const);
    const column = `parent${parents.length}_id`;
    const type = parent.columns[0]!.type;
    add({ name: column, type, nullable: onDelete === "SET NULL" || random.chance(0.5) });
    parents.push({ name: own(`fk${parents.length}`), column, table: parent.name, onDelete });
  }
  const plain = 4 + random.below(7);
  for (let at = 0; at < plain; at++) {
    const [type, given] = random.pick(kinds);
    const odd = random.chance(0.06) ? oddNames[at % oddNames.length] : undefined;
    const column = odd !== undefined && !columns.some((one) => one.name === odd) ? odd : `c${at}`;
    // The domain `cents` is NOT NULL by itself.
    add({ name: column, type, default: given, nullable: type !== "cents" && random.chance(0.5) });
  }
  if (random.chance(0.3)) {
    add({ name: "base", type: "integer", default: "1" });
    add({ name: "doubled", type: "integer", nullable: true, generated: "(base % 1000)" });
  }
  if (random.chance(0.4)) {
    add({ name: "phase", type: "character varying(20)", nullable: random.chance(0.5) });
  }
  const unique: MadeTable["unique"][number][] = [];
  const keyable = (one: MadeColumn) =>
    ["text", "character varying(120)", "integer", "bigint"].includes(one.type) &&
    one.default === undefined &&
    one.generated === undefined &&
    !one.name.startsWith("parent") &&
    one.name !== "id" &&
    one.name !== "region" &&
    one.name !== "number";
  for (const [at, column] of random.some(columns.filter(keyable), 2).entries()) {
    const style = random.pick(["constraint", "index", "partial", "expression"] as const);
    const base = { name: own(`unique${at}`), columns: [column.name] };
    if (style === "constraint") unique.push({ ...base, constraint: true });
    else if (style === "expression" && column.type.startsWith("text"))
      unique.push({ ...base, constraint: false, expression: `lower("${column.name}")` });
    else if (style === "partial" && !composite)
      unique.push({ ...base, constraint: false, where: "(id IS NOT NULL)" });
    else unique.push({ ...base, constraint: false });
  }
  const amounts = columns.filter(({ type }) => type === "integer" || type === "numeric(12,2)");
  const check = amounts.find((one) => one.generated === undefined && one.name !== "id");
  return {
    name,
    columns,
    primaryKey: composite ? ["region", "number"] : ["id"],
    unique,
    parents,
    indexes: parents.map(({ column }, at) => ({ name: own(`idx${at}`), column })),
    checks:
      check === undefined ? [] : [{ name: own("check"), expression: `"${check.name}" > -1000000` }],
  };
}

function tableDdl(table: MadeTable, number: number): readonly string[] {
  const name = `"${table.name}"`;
  const parts = table.columns.map((column) => columnDdl(column));
  parts.push(`CONSTRAINT "t${number}_pkey" PRIMARY KEY (${list(table.primaryKey)})`);
  for (const one of table.unique)
    if (one.constraint) parts.push(`CONSTRAINT "${one.name}" UNIQUE (${list(one.columns)})`);
  for (const one of table.parents)
    parts.push(
      `CONSTRAINT "${one.name}" FOREIGN KEY ("${one.column}") REFERENCES "${one.table}" ON DELETE ${one.onDelete}`,
    );
  for (const one of table.checks) parts.push(`CONSTRAINT "${one.name}" CHECK (${one.expression})`);
  const serial = table.columns[0]!.default?.startsWith("nextval");
  return [
    ...(serial === true ? [`CREATE SEQUENCE t${number}_seq AS integer`] : []),
    `CREATE TABLE ${name} (${parts.join(", ")})`,
    ...table.unique
      .filter(({ constraint }) => !constraint)
      .map(
        (one) =>
          `CREATE UNIQUE INDEX "${one.name}" ON ${name} (${one.expression ?? list(one.columns)})${one.where === undefined ? "" : ` WHERE ${one.where}`}`,
      ),
    ...table.indexes.map((one) => `CREATE INDEX "${one.name}" ON ${name} ("${one.column}")`),
  ];
}

/** A column as CREATE TABLE writes it. */
export function columnDdl(column: MadeColumn): string {
  return [
    `"${column.name}" ${column.type}`,
    column.generated === undefined ? "" : ` GENERATED ALWAYS AS ${column.generated} STORED`,
    column.identity === undefined ? "" : ` GENERATED ${column.identity} AS IDENTITY`,
    column.default === undefined ? "" : ` DEFAULT ${column.default}`,
    column.nullable || column.type === "cents" ? "" : " NOT NULL",
  ].join("");
}

function list(names: readonly string[]): string {
  return names.map((name) => `"${name}"`).join(", ");
}
