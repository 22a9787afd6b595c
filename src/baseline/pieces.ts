import type {
  Column,
  Constraint,
  Difference,
  Index,
  Sequence,
  TypeRef,
  View,
} from "../catalog/index.ts";
import { quoteIdent, quoteLiteral } from "../sql/index.ts";
import { asNeeded, hasNone, refusing, whereItDiffers, type Part } from "./needed.ts";
import type { Remaining } from "./remains.ts";

/** A statement that brings one object to what the migrations make. */
export interface Piece {
  /** Without a semicolon. */
  readonly sql: string;
  /** The same so that it changes nothing where the object is right already; `sql` itself when left away. */
  readonly needed?: string;
  /** True where something is lost, or undone that somebody wanted. */
  readonly loses?: true;
  /** True for what needs another object that may be missing too. */
  readonly isLast?: true;
  /** What a person may have to run besides, in words and SQL. */
  readonly hint?: string;
}

/** The statements for one object, in order; none where a catalog does not tell them. */
export function piecesOf(row: Remaining): readonly Piece[] {
  if (row.done === "renamed" && row.differences.length === 0) return [renameTable(row)];
  return row.differences.flatMap((each) => piecesFor(each, row));
}

function renameTable({ migrations, database }: Remaining): Piece {
  const [schema, name] = splitLast(migrations!);
  const [oldSchema, oldName] = splitLast(database!);
  const statements = [
    ...(name === oldName ? [] : [`ALTER TABLE ${database} RENAME TO ${name}`]),
    ...(schema === oldSchema ? [] : [`ALTER TABLE ${oldSchema}.${name} SET SCHEMA ${schema}`]),
  ];
  const isThere = (table: string) => `pg_catalog.to_regclass(${quoteLiteral(table)}) IS NOT NULL`;
  return {
    sql: statements.join(";\n"),
    needed: asNeeded(`${isThere(database!)} AND NOT ${isThere(migrations!)}`, statements),
  };
}

/** Where a difference is: the object, and as a part of its table. */
interface Place {
  readonly object: string;
  readonly table: string;
  readonly name: string;
  readonly row: Remaining;
}

type Writers = {
  readonly [Kind in Difference["kind"]]?: (
    difference: Extract<Difference, { kind: Kind }>,
    place: Place,
  ) => readonly Piece[];
};

const plain = (...statements: readonly string[]): readonly Piece[] =>
  statements.map((sql) => ({ sql }));

const losing = (sql: string): readonly Piece[] => [{ sql, loses: true }];

/** Statements that belong together, run where a condition holds. */
const when = (condition: string, ...statements: readonly string[]): readonly Piece[] => [
  { sql: statements.join(";\n"), needed: asNeeded(condition, statements) },
];

/** Statements that belong together, run where the server writes something otherwise. */
const differing = (
  part: Part,
  definition: string,
  ...statements: readonly string[]
): readonly Piece[] => [
  { sql: statements.join(";\n"), needed: whereItDiffers(part, definition, statements) },
];

const writers: Writers = {
  "missing-column": ({ before }, { table }) =>
    withSequences(
      table,
      [before],
      plain(`ALTER TABLE ${table} ADD COLUMN IF NOT EXISTS ${columnSql(before)}`),
    ),
  "extra-column": (_, { table, name }) =>
    losing(`ALTER TABLE ${table} DROP COLUMN IF EXISTS ${name}`),
  "column-type-changed": ({ before, after }, { table, name }) =>
    convertColumn(table, name, { from: after, to: before }),
  "column-nullability-changed": ({ before }, { table, name }) =>
    plain(`ALTER TABLE ${table} ALTER COLUMN ${name} ${before ? "DROP" : "SET"} NOT NULL`),
  "column-default-changed": ({ before }, { table, name }) =>
    plain(
      before === null
        ? `ALTER TABLE ${table} ALTER COLUMN ${name} DROP DEFAULT`
        : `ALTER TABLE ${table} ALTER COLUMN ${name} SET DEFAULT ${before}`,
    ),
  "missing-constraint": ({ before }, { table, name }) =>
    when(hasNone({ of: "constraint", table, name }), addConstraint(table, before)),
  "extra-constraint": (_, { table, name }) =>
    losing(`ALTER TABLE ${table} DROP CONSTRAINT IF EXISTS ${name}`),
  "constraint-changed": ({ before }, { table, name }) =>
    differing(
      { of: "constraint", table, name },
      before.definition,
      `ALTER TABLE ${table} DROP CONSTRAINT IF EXISTS ${name}`,
      addConstraint(table, before),
    ),
  "constraint-validity-changed": ({ before }, { table, name }) =>
    before ? plain(`ALTER TABLE ${table} VALIDATE CONSTRAINT ${name}`) : [],
  "missing-index": ({ before }) => [createIndex(before)],
  "extra-index": (_, { object }) => losing(`DROP INDEX IF EXISTS ${object}`),
  "index-changed": ({ before }, { object }) =>
    differing(
      { of: "index", table: object, name: "" },
      before.definition,
      `DROP INDEX IF EXISTS ${object}`,
      before.definition,
    ),
  "index-validity-changed": (_, { object }) =>
    when(
      `EXISTS (SELECT FROM pg_catalog.pg_index WHERE indexrelid = pg_catalog.to_regclass(${quoteLiteral(object)}) AND NOT indisvalid)`,
      `REINDEX INDEX ${object}`,
    ),
  "missing-table": ({ before }, { object }) => createTable(object, before),
  "extra-table": (_, { object }) => losing(`DROP TABLE IF EXISTS ${object}`),
  "missing-view": ({ before }, { object }) =>
    plain(
      `CREATE OR REPLACE VIEW ${object}${optionsSql(before)} AS\n${withoutEnd(before.definition)}`,
    ),
  "view-definition-changed": ({ before }, { object, row }) =>
    row.what === "view" ? plain(`CREATE OR REPLACE VIEW ${object} AS\n${withoutEnd(before)}`) : [],
  "extra-view": (_, { object }) => losing(`DROP VIEW IF EXISTS ${object}`),
  "missing-enum": ({ before }, { object }) =>
    when(
      `pg_catalog.to_regtype(${quoteLiteral(object)}) IS NULL`,
      `CREATE TYPE ${object} AS ENUM (${before.labels.map(quoteLiteral).join(", ")})`,
    ),
  "extra-enum": (_, { object }) => losing(`DROP TYPE IF EXISTS ${object}`),
  "missing-enum-value": ({ before }, { object }) =>
    plain(`ALTER TYPE ${object} ADD VALUE IF NOT EXISTS ${quoteLiteral(before)}`),
  "missing-sequence": ({ before }, { object }) => createSequence(object, before),
  "sequence-owner-changed": ({ before }, { object }) => ownedBy(object, before),
  "extra-sequence": (_, { object }) => losing(`DROP SEQUENCE IF EXISTS ${object}`),
  "missing-trigger": ({ before }, { table, name }) =>
    when(hasNone({ of: "trigger", table, name }), before.definition),
  "extra-trigger": (_, { table, name }) => losing(`DROP TRIGGER IF EXISTS ${name} ON ${table}`),
  "missing-schema": (_, { object }) => plain(`CREATE SCHEMA IF NOT EXISTS ${object}`),
  "missing-extension": (_, { object }) => plain(`CREATE EXTENSION IF NOT EXISTS ${object}`),
};

function piecesFor(difference: Difference, row: Remaining): readonly Piece[] {
  const { object } = difference;
  const [table, name] = splitLast(object);
  const write = writers[difference.kind] as
    | ((difference: Difference, place: Place) => readonly Piece[])
    | undefined;
  return write?.(difference, { object, table, name, row }) ?? [];
}

/** Types that keep every value of another one. */
const keeping: Readonly<Record<string, RegExp>> = {
  text: /./,
  "character varying": /./,
  integer: /^smallint$/,
  bigint: /^(?:smallint|integer)$/,
};

/** A value that the type does not keep, cut off or rounded, is lost by it: one that does not come back as it was stops it. */
function convertColumn(
  table: string,
  name: string,
  { from, to }: { readonly from: TypeRef; readonly to: TypeRef },
): readonly Piece[] {
  const sql = `ALTER TABLE ${table} ALTER COLUMN ${name} TYPE ${to.text} USING ${name}::${to.text}`;
  const part: Part = { of: "type", table, name };
  if (keeping[to.text]?.test(from.text) === true) return differing(part, to.text, sql);
  const others = `FROM ${table} WHERE ${name}::${to.text}::${from.text}::text IS DISTINCT FROM ${name}::text`;
  const message = `values of ${table}.${name} are not kept by ${to.text}: SELECT * ${others}`;
  const refuse = refusing(table, `EXISTS (SELECT ${others})`, message);
  return [
    {
      sql,
      needed: whereItDiffers(part, to.text, [...refuse, sql]),
      hint: `look first which values do not come back as they are: SELECT * ${others};`,
    },
  ];
}

function optionsSql({ options }: View): string {
  const list = Object.entries(options).map(
    ([name, value]) => `${quoteIdent(name)} = ${quoteLiteral(value)}`,
  );
  return list.length === 0 ? "" : ` WITH (${list.join(", ")})`;
}

/** A view's definition without its semicolon. */
function withoutEnd(definition: string): string {
  return definition.trim().replace(/;$/, "");
}

function splitLast(object: string): readonly [string, string] {
  // The last dot outside of quotes.
  let quoted = false;
  let at = -1;
  for (let index = 0; index < object.length; index++) {
    if (object[index] === '"') quoted = !quoted;
    if (object[index] === "." && !quoted) at = index;
  }
  return at === -1 ? ["", object] : [object.slice(0, at), object.slice(at + 1)];
}

function columnSql({
  name,
  type,
  nullable,
  default: fallback,
  identity,
  generated,
  collation,
}: Column): string {
  return [
    quoteIdent(name),
    type.text,
    ...(collation === null ? [] : [`COLLATE ${collation}`]),
    ...(generated === null
      ? []
      : [`GENERATED ALWAYS AS (${generated.expression}) ${generated.kind.toUpperCase()}`]),
    ...(identity === null
      ? []
      : [`GENERATED ${identity.generation === "always" ? "ALWAYS" : "BY DEFAULT"} AS IDENTITY`]),
    ...(fallback === null ? [] : [`DEFAULT ${fallback}`]),
    ...(nullable ? [] : ["NOT NULL"]),
  ].join(" ");
}

function addConstraint(table: string, { name, definition }: Constraint): string {
  return `ALTER TABLE ${table} ADD CONSTRAINT ${quoteIdent(name)} ${definition}`;
}

function createSequence(object: string, sequence: Sequence): readonly Piece[] {
  const { type, start, increment, min, max, cache, cycle, ownedBy: owner } = sequence;
  const options = `AS ${type} START WITH ${start} INCREMENT BY ${increment} MINVALUE ${min} MAXVALUE ${max} CACHE ${cache}${cycle ? " CYCLE" : ""}`;
  const create = {
    sql: `CREATE SEQUENCE ${object} ${options}`,
    needed: `CREATE SEQUENCE IF NOT EXISTS ${object} ${options}`,
  };
  if (owner === null) return [create];
  const column = quoteIdent(owner.column);
  const hint = `where rows are there already, it goes on behind them with: SELECT setval(${quoteLiteral(object)}, (SELECT max(${column}) FROM ${owner.table}));`;
  return [{ ...create, hint }, ...ownedBy(object, owner)];
}

function ownedBy(object: string, owner: Sequence["ownedBy"]): readonly Piece[] {
  const column = owner === null ? "NONE" : `${owner.table}.${quoteIdent(owner.column)}`;
  return [{ sql: `ALTER SEQUENCE ${object} OWNED BY ${column}`, isLast: true }];
}

function createIndex({ definition }: Index): Piece {
  return {
    sql: definition,
    needed: definition.replace(/^(CREATE (?:UNIQUE )?INDEX) /, "$1 IF NOT EXISTS "),
  };
}

function createTable(
  object: string,
  table: Extract<Difference, { kind: "missing-table" }>["before"],
): readonly Piece[] {
  if (table.kind !== "table") return [];
  const isLast = ({ kind }: Constraint) => kind === "foreign-key";
  const lines = [
    ...table.columns.map(columnSql),
    ...table.constraints
      .filter((each) => !isLast(each))
      .map(({ name, definition }) => `CONSTRAINT ${quoteIdent(name)} ${definition}`),
  ];
  const kind = table.persistence === "unlogged" ? "UNLOGGED TABLE" : "TABLE";
  const create = (head: string) => `${head} ${object} (\n  ${lines.join(",\n  ")}\n)`;
  const indexes = table.indexes.filter(({ constraint }) => constraint === null).map(createIndex);
  const secured = [
    ...(table.rowSecurity ? [`ALTER TABLE ${object} ENABLE ROW LEVEL SECURITY`] : []),
    ...(table.forceRowSecurity ? [`ALTER TABLE ${object} FORCE ROW LEVEL SECURITY`] : []),
  ];
  const pieces = withSequences(object, table.columns, [
    { sql: create(`CREATE ${kind}`), needed: create(`CREATE ${kind} IF NOT EXISTS`) },
    ...indexes,
    ...plain(...secured),
  ]);
  return [
    ...pieces,
    // Two tables may refer to each other.
    ...table.constraints
      .filter(isLast)
      .flatMap((each) =>
        when(
          hasNone({ of: "constraint", table: object, name: quoteIdent(each.name) }),
          addConstraint(object, each),
        ).map((piece) => ({ ...piece, isLast: true as const })),
      ),
  ];
}

/** With the sequences of serial columns, which come and go with these. */
function withSequences(
  table: string,
  columns: readonly Column[],
  pieces: readonly Piece[],
): readonly Piece[] {
  const serial = columns.flatMap(({ name, type, default: given }) => {
    const found = /^nextval\('((?:[^']|'')+)'::regclass\)$/.exec(given ?? "")?.[1];
    return found === undefined ? [] : [{ name, type, sequence: found.replaceAll("''", "'") }];
  });
  return [
    ...serial.flatMap(({ sequence, type }) =>
      plain(`CREATE SEQUENCE IF NOT EXISTS ${sequence} AS ${type.text}`),
    ),
    ...pieces,
    ...serial.flatMap(({ sequence, name }) =>
      plain(`ALTER SEQUENCE ${sequence} OWNED BY ${table}.${quoteIdent(name)}`),
    ),
  ];
}
