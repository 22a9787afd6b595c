import { quoteIdent } from "../../../src/sql/index.ts";
import { byId, indexesOf, partitionsOf, type Relation } from "../../../src/effects/world/index.ts";
import {
  anyColumn,
  anyPartitioned,
  anySchema,
  anyTable,
  anyType,
  anyCondition,
  realColumn,
  indexKey,
  newName,
  relationsOf,
  someColumns,
  valueFor,
  written,
  type Field,
} from "./names.ts";
import { drawActions } from "./schema.ts";

/** A subcommand of ALTER TABLE on that table. */
type Subcommand = (field: Field, table: Relation) => string;

const column = (field: Field, table: Relation): string => quoteIdent(anyColumn(field, table).name);

const cascade = ({ draw }: Field): string => (draw.chance(35) ? " CASCADE" : "");
const ifExists = ({ draw }: Field): string => (draw.chance(15) ? "IF EXISTS " : "");

const addColumn: Subcommand = (field, table) => {
  const { draw, major } = field;
  const type = draw.chance(12) ? draw.one(["serial", "bigserial"]) : anyType(field);
  const name = draw.chance(10) ? column(field, table) : newName(field);
  const source = realColumn(field, table);
  const isSerial = type.endsWith("serial");
  const value = draw.one([
    "",
    "",
    "",
    ...(isSerial
      ? []
      : [` DEFAULT ${defaultFor(field, type)}`, ` DEFAULT ${defaultFor(field, type)}`]),
    ...(draw.chance(25) && !isSerial ? [" GENERATED ALWAYS AS IDENTITY"] : []),
    ...(draw.chance(25) && !isSerial && source !== undefined
      ? [
          ` GENERATED ALWAYS AS (${quoteIdent(source.name)} IS NULL) ${major >= 18 && draw.chance(50) ? "VIRTUAL" : "STORED"}`,
        ]
      : []),
  ]);
  const attributes = [
    draw.chance(30) ? " NOT NULL" : "",
    value,
    draw.chance(8) ? " UNIQUE" : "",
    draw.chance(4) ? " PRIMARY KEY" : "",
    draw.chance(10) ? ` CHECK (${name} IS NOT NULL)` : "",
    draw.chance(8) ? ` REFERENCES ${reference(field)}` : "",
  ];
  const written = value.includes("GENERATED ALWAYS AS (") ? "boolean" : type;
  return `ADD COLUMN ${draw.chance(15) ? "IF NOT EXISTS " : ""}${name} ${written}${attributes.join("")}`;
};

const defaults: Readonly<Record<string, readonly string[]>> = {
  integer: ["0", "five()", "nextval('tickets')", "(random() * 10)::integer"],
  bigint: ["0", "nextval('tickets')"],
  smallint: ["1"],
  text: ["'x'", "now()::text", "current_user", "md5(random()::text)"],
  boolean: ["false"],
  timestamptz: ["now()", "clock_timestamp()", "'2024-01-01'"],
  timestamp: ["now()", "localtimestamp"],
  date: ["current_date", "'2024-01-01'"],
  uuid: ["gen_random_uuid()"],
  mood: ["'ok'", "'bad'"],
  posint: ["1", "five()", "-1"],
  smallpos: ["1"],
  jsonb: ["'{}'"],
};

function defaultFor({ draw }: Field, type: string): string {
  return draw.one(defaults[type] ?? ["NULL"]);
}

/** A table and its key, as after REFERENCES. */
function reference(field: Field): string {
  const { draw } = field;
  const keyed = relationsOf(field, "table", "partitioned table").filter(({ constraints }) =>
    constraints.some(({ kind }) => kind === "primary-key"),
  );
  const table = keyed.length === 0 || draw.chance(5) ? anyTable(field) : draw.one(keyed);
  const list = draw.chance(15) ? ` (${column(field, table)})` : "";
  return `${written(field, table)}${list}${drawActions(draw)}`;
}

/** A foreign key whose types mostly fit. */
const addForeignKey: Subcommand = (field, table) => {
  const { draw, world, major } = field;
  const fitting = relationsOf(field, "table", "partitioned table").flatMap((parent) =>
    parent.constraints.flatMap((key) => {
      if (key.kind !== "primary-key" || key.columns.length !== 1) return [];
      const type = parent.columns.find(({ name }) => name === key.columns[0])?.type.name;
      return table.columns
        .filter((own) => own.type.name === type && !own.type.array)
        .map((own) => ({ own: own.name, parent }));
    }),
  );
  const deferrable = draw.chance(15) ? " DEFERRABLE" : "";
  const ending = draw.chance(35)
    ? " NOT VALID"
    : major >= 18 && draw.chance(10)
      ? " NOT ENFORCED"
      : "";
  if (fitting.length === 0 || draw.chance(15))
    return `ADD CONSTRAINT ${newName(field)} FOREIGN KEY (${column(field, table)}) REFERENCES ${reference(field)}${deferrable}${ending}`;
  const { own, parent } = draw.one(fitting);
  const target = byId(world, parent.id) ?? parent;
  const name = draw.chance(60) ? `CONSTRAINT ${newName(field)} ` : "";
  return `ADD ${name}FOREIGN KEY (${quoteIdent(own)}) REFERENCES ${written(field, target)}${drawActions(draw)}${deferrable}${ending}`;
};

const changeType: Subcommand = (field, table) => {
  const { draw } = field;
  const own = anyColumn(field, table);
  const type = anyType(field);
  const name = quoteIdent(own.name);
  const using = draw.chance(35)
    ? ` USING ${draw.one([`${name}::${type}`, `${name}::text::${type}`, `NULL::${type}`])}`
    : "";
  return `ALTER COLUMN ${name} ${draw.chance(20) ? "SET DATA " : ""}TYPE ${type}${using}`;
};

/** A type that the column may well get. */
const widen: Subcommand = (field, table) => {
  const own = anyColumn(field, table);
  if (!("type" in own)) return changeType(field, table);
  const wider: Readonly<Record<string, readonly string[]>> = {
    int2: ["integer", "bigint"],
    int4: ["bigint", "numeric", "text", "posint"],
    int8: ["numeric", "integer", "text"],
    varchar: ["text", "varchar(300)", "varchar(3)", "varchar"],
    text: ["varchar", "varchar(50)", "plain", "filled"],
    bpchar: ["text", "char(10)"],
    numeric: ["numeric(20,2)", "numeric(10,2)", "numeric", "double precision"],
    timestamp: ["timestamptz", "date", "timestamp(3)"],
    timestamptz: ["timestamp", "timestamptz(3)"],
    date: ["timestamp", "timestamptz", "text"],
    json: ["jsonb", "text"],
    jsonb: ["json", "text"],
    posint: ["integer", "bigint", "smallpos"],
    plain: ["text", "varchar(20)", "filled"],
  };
  const types = wider[own.type.name];
  if (types === undefined || own.type.array) return changeType(field, table);
  return `ALTER COLUMN ${quoteIdent(own.name)} TYPE ${field.draw.one(types)}`;
};

const dropConstraint: Subcommand = (field, { constraints }) => {
  const { draw } = field;
  const name = constraints.length === 0 ? "nothing" : draw.one(constraints).name;
  return `DROP CONSTRAINT ${ifExists(field)}${quoteIdent(name)}${cascade(field)}`;
};

const nameOfIndex = ({ draw, world }: Field, table: Relation): string => {
  const indexes = indexesOf(world, table.id);
  return indexes.length === 0 ? "nothing" : quoteIdent(draw.one(indexes).name);
};

const nameOfTrigger = ({ draw }: Field, { triggers }: Relation): string =>
  triggers.length === 0 ? "nothing" : quoteIdent(draw.one(triggers).name);

const addKey: Subcommand = (field, table) => {
  const { draw } = field;
  const name = draw.chance(60) ? `CONSTRAINT ${newName(field)} ` : "";
  const kind = draw.one(["UNIQUE", "PRIMARY KEY"]);
  if (draw.chance(25)) return `ADD ${name}${kind} USING INDEX ${nameOfIndex(field, table)}`;
  const deferrable = draw.chance(10) ? " DEFERRABLE" : "";
  return `ADD ${name}${kind} (${someColumns(field, table, 2).join(", ")})${deferrable}`;
};

const simple: readonly Subcommand[] = [
  (field, table) => `ALTER COLUMN ${column(field, table)} SET NOT NULL`,
  (field, table) => `ALTER COLUMN ${column(field, table)} DROP NOT NULL`,
  (field, table) => `ALTER COLUMN ${column(field, table)} DROP DEFAULT`,
  (field, table) => {
    const own = anyColumn(field, table);
    return `ALTER COLUMN ${quoteIdent(own.name)} SET DEFAULT ${valueFor(field, own)}`;
  },
  (field, table) => `ALTER COLUMN ${column(field, table)} SET STATISTICS 50`,
  (field, table) =>
    `ALTER COLUMN ${column(field, table)} SET STORAGE ${field.draw.one(["PLAIN", "EXTENDED", "MAIN"])}`,
  (field, table) => `ALTER COLUMN ${column(field, table)} SET (n_distinct = 5)`,
  (field, table) => {
    const { draw, major } = field;
    const name = draw.chance(70) ? `CONSTRAINT ${newName(field)} ` : "";
    const ending = draw.chance(40)
      ? " NOT VALID"
      : major >= 18 && draw.chance(10)
        ? " NOT ENFORCED"
        : draw.chance(8)
          ? " NO INHERIT"
          : "";
    return `ADD ${name}CHECK (${anyCondition(field, table)})${ending}`;
  },
  addKey,
  addKey,
  addForeignKey,
  addForeignKey,
  dropConstraint,
  dropConstraint,
  (field, { constraints }) =>
    `VALIDATE CONSTRAINT ${constraints.length === 0 ? "nothing" : quoteIdent((constraints.find(({ valid }) => !valid) ?? field.draw.one(constraints)).name)}`,
  (field, { constraints }) => {
    const keys = constraints.filter(({ kind }) => kind === "foreign-key");
    const name = keys.length === 0 ? "nothing" : field.draw.one(keys).name;
    return `ALTER CONSTRAINT ${quoteIdent(name)} ${field.draw.one(["DEFERRABLE", "NOT DEFERRABLE", "DEFERRABLE INITIALLY DEFERRED"])}`;
  },
  (field, table) =>
    field.major >= 18
      ? `ADD CONSTRAINT ${newName(field)} NOT NULL ${column(field, table)}${field.draw.chance(50) ? " NOT VALID" : ""}`
      : `ALTER COLUMN ${column(field, table)} SET NOT NULL`,
  (field) => field.draw.one(["SET UNLOGGED", "SET LOGGED"]),
  (field) =>
    field.draw.one([
      "SET (fillfactor = 70)",
      "RESET (fillfactor)",
      "SET (autovacuum_enabled = off)",
    ]),
  (field) => field.draw.one(["ENABLE", "DISABLE", "FORCE", "NO FORCE"]) + " ROW LEVEL SECURITY",
  (field, table) =>
    `${field.draw.one(["ENABLE", "DISABLE", "ENABLE ALWAYS", "ENABLE REPLICA"])} TRIGGER ${nameOfTrigger(field, table)}`,
  (field) => `${field.draw.one(["ENABLE", "DISABLE"])} TRIGGER ${field.draw.one(["ALL", "USER"])}`,
  (field, { rules }) => {
    const [rule] = rules as readonly (string | { readonly name: string })[];
    const name = rule === undefined ? "nothing" : typeof rule === "string" ? rule : rule.name;
    return `${field.draw.one(["ENABLE", "DISABLE"])} RULE ${quoteIdent(name)}`;
  },
  (field, table) => `CLUSTER ON ${nameOfIndex(field, table)}`,
  () => "SET WITHOUT CLUSTER",
  (field, table) =>
    `REPLICA IDENTITY ${field.draw.one(["FULL", "NOTHING", "DEFAULT", `USING INDEX ${nameOfIndex(field, table)}`])}`,
  (field, table) =>
    `ALTER COLUMN ${column(field, table)} ADD GENERATED ${field.draw.one(["ALWAYS", "BY DEFAULT"])} AS IDENTITY`,
  (field, table) => {
    const identity = table.columns.find((each) => each.identity !== undefined);
    const name = identity === undefined ? column(field, table) : quoteIdent(identity.name);
    return `ALTER COLUMN ${name} ${field.draw.one(["DROP IDENTITY", "DROP IDENTITY IF EXISTS", "SET GENERATED ALWAYS", "RESTART WITH 500"])}`;
  },
  (field, table) => {
    const generated = table.columns.find((each) => each.generated !== undefined);
    const name = generated === undefined ? column(field, table) : quoteIdent(generated.name);
    return `ALTER COLUMN ${name} ${field.draw.one(["DROP EXPRESSION", "DROP EXPRESSION IF EXISTS", ...(field.major >= 17 ? ["SET EXPRESSION AS (8)"] : [])])}`;
  },
  (field) => `INHERIT ${written(field, anyTable(field))}`,
  (field, { inherits }) => {
    const parent = byId(field.world, inherits[0] ?? 0) ?? anyTable(field);
    return `NO INHERIT ${written(field, parent)}`;
  },
  () => "OWNER TO CURRENT_USER",
];

const subcommand: Subcommand = (field, table) => {
  const { draw } = field;
  const kind = draw.one([
    "add",
    "add",
    "drop",
    "type",
    "type",
    "simple",
    "simple",
    "simple",
    "simple",
    "simple",
  ]);
  if (kind === "add") return addColumn(field, table);
  if (kind === "drop")
    return `DROP COLUMN ${ifExists(field)}${column(field, table)}${cascade(field)}`;
  if (kind === "type") return draw.chance(55) ? widen(field, table) : changeType(field, table);
  return draw.one(simple)(field, table);
};

/** ALTER TABLE with one to four subcommands. */
export function alterTable(field: Field): string {
  const { draw } = field;
  const table = anyTable(field);
  const count = draw.chance(65) ? 1 : draw.one([2, 2, 3, 4]);
  const list = Array.from({ length: count }, () => subcommand(field, table));
  const only = draw.chance(8) ? "ONLY " : "";
  return `ALTER TABLE ${ifExists(field)}${only}${written(field, table)} ${list.join(", ")}`;
}

/** The forms of ALTER TABLE that stand alone. */
export function alterTableAlone(field: Field): string {
  const { draw } = field;
  const table = anyTable(field);
  const name = written(field, table);
  return draw.one([
    () => `ALTER TABLE ${name} RENAME TO ${newName(field)}`,
    () => `ALTER TABLE ${name} RENAME COLUMN ${column(field, table)} TO ${newName(field)}`,
    () =>
      `ALTER TABLE ${name} RENAME CONSTRAINT ${table.constraints.length === 0 ? "nothing" : quoteIdent(draw.one(table.constraints).name)} TO ${newName(field)}`,
    () => `ALTER TABLE ${name} SET SCHEMA ${anySchema(field)}`,
    () => attach(field),
    () => attach(field),
    () => detach(field, ""),
    () => detach(field, ""),
    () => attachIndex(field),
  ])();
}

const bounds = [
  "FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')",
  "FOR VALUES FROM ('2023-01-01') TO ('2024-01-01')",
  "FOR VALUES FROM ('2025-06-01') TO ('2026-06-01')",
  "FOR VALUES IN ('z')",
  "FOR VALUES IN ('a', 'q')",
  "DEFAULT",
  "FOR VALUES WITH (MODULUS 4, REMAINDER 3)",
] as const;

/** A bound that mostly fits the partitioned table. */
export function anyBound({ draw }: Field, { partitioning }: Relation): string {
  if (draw.chance(15)) return draw.one(bounds);
  if (partitioning?.strategy === "list") return draw.one(bounds.slice(3, 6));
  if (partitioning?.strategy === "hash") return bounds[6];
  return draw.one([...bounds.slice(0, 3), "DEFAULT"]);
}

function attach(field: Field): string {
  const { draw } = field;
  const parent = anyPartitioned(field);
  const alike = relationsOf(field, "table", "partitioned table").filter(
    ({ id, partitionOf, columns }) =>
      id !== parent.id &&
      partitionOf === undefined &&
      columns.length === parent.columns.length &&
      columns.every(({ name }) => parent.columns.some((own) => own.name === name)),
  );
  const table = alike.length === 0 || draw.chance(25) ? anyTable(field) : draw.one(alike);
  return `ALTER TABLE ${written(field, parent)} ATTACH PARTITION ${written(field, table)} ${anyBound(field, parent)}`;
}

export function detach(field: Field, ending: string): string {
  const parent = anyPartitioned(field);
  const own = partitionsOf(field.world, parent.id);
  const part = own.length === 0 || field.draw.chance(8) ? anyTable(field) : field.draw.one(own);
  return `ALTER TABLE ${written(field, parent)} DETACH PARTITION ${written(field, part)}${ending}`;
}

function attachIndex(field: Field): string {
  const { draw } = field;
  const parents = relationsOf(field, "partitioned index");
  const parts = relationsOf(field, "index");
  if (parents.length === 0 || parts.length === 0) return attach(field);
  return `ALTER INDEX ${written(field, draw.one(parents))} ATTACH PARTITION ${written(field, draw.one(parts))}`;
}

/** CREATE INDEX, and its CONCURRENTLY. */
export function createIndex(field: Field, concurrently = ""): string {
  const { draw, major } = field;
  const table = draw.chance(10)
    ? draw.one([...relationsOf(field, "materialized view"), anyTable(field)])
    : anyTable(field);
  const keys = draw.some(table.columns, 1, 2).map((each) => indexKey(field, each));
  const unique = draw.chance(25);
  const include = draw.chance(10) ? ` INCLUDE (${column(field, table)})` : "";
  const nulls = unique && major >= 15 && draw.chance(15) ? " NULLS NOT DISTINCT" : "";
  const where = draw.chance(20) ? ` WHERE ${anyCondition(field, table)}` : "";
  const name = draw.chance(50)
    ? ` ${draw.chance(12) ? "IF NOT EXISTS " : ""}${newName(field)}`
    : "";
  const only = draw.chance(8) ? "ONLY " : "";
  const list = keys.length === 0 ? "nothing" : keys.join(", ");
  return `CREATE ${unique ? "UNIQUE " : ""}INDEX${concurrently}${name} ON ${only}${written(field, table)} (${list})${include}${nulls}${where}`;
}
