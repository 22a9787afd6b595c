import type { Column, Constraint, Difference, Index, Table, View } from "../catalog/index.ts";
import type { SchemaSource } from "../contract/index.ts";
import { shapeOf } from "./same.ts";
import { keyOf, type Thing, type Things } from "./things.ts";

/** What is asked of a difference between the code's catalog (`before`) and that of the migrations (`after`). */
interface Subject {
  readonly difference: Difference;
  readonly code: Thing | undefined;
  readonly migrations: Thing | undefined;
  readonly sides: { readonly before: Things; readonly after: Things };
}

/**
 * What a schema language has no words for. Where the migrations have such a thing, the code does not say that it should
 * not be there: it is compared with the database only.
 */
interface Language {
  /** Differences of these kinds are nothing that the language speaks of, by what they are called. */
  readonly facets: Readonly<Partial<Record<Difference["kind"], string>>>;
  /** What else the language cannot say: its name, or undefined when it can. */
  readonly cannotSay: (subject: Subject) => string | undefined;
}

/** What no schema language speaks of. */
const ofTheServer = {
  "column-inheritance-changed": "inheritance",
  "constraint-inheritance-changed": "inheritance",
  "table-inheritance-changed": "inheritance",
  "not-null-inheritance-changed": "inheritance",
  "not-null-validity-changed": "state of NOT NULL",
  "constraint-validity-changed": "state of a constraint",
  "constraint-enforcement-changed": "state of a constraint",
  "index-inheritance-changed": "partitioned index",
  "index-validity-changed": "state of an index",
  "table-options-changed": "storage option",
  "table-persistence-changed": "unlogged table",
  "replica-identity-changed": "replica identity",
  "foreign-table-changed": "foreign table",
  "table-kind-changed": "partitioned table",
  "partition-key-changed": "partitioned table",
  "partition-changed": "partition",
  "extra-domain": "domain",
  "extra-composite-type": "composite type",
} as const;

/** What only some of them speak of. */
const ofSome = {
  "column-collation-changed": "collation",
  "constraint-deferrability-changed": "deferrable constraint",
  "index-options-changed": "storage option",
  "row-security-changed": "row security",
  "extra-sequence": "sequence",
  "sequence-changed": "sequence option",
  "sequence-owner-changed": "sequence option",
  "sequence-persistence-changed": "sequence option",
} as const;

const drizzle: Language = {
  facets: {
    ...ofTheServer,
    "column-collation-changed": "collation",
    "constraint-deferrability-changed": "deferrable constraint",
  },
  cannotSay: (subject) =>
    exclusion(subject) ?? partition(subject) ?? readView(subject) ?? keyName(subject),
};

/** Classes with decorators (TypeORM, MikroORM): checks and partial indexes can be said. */
const classes: Language = {
  facets: {
    ...ofTheServer,
    ...ofSome,
    "extra-view": "view",
    "extra-materialized-view": "materialized view",
  },
  cannotSay: (subject) => exclusion(subject) ?? partition(subject) ?? readView(subject),
};

const languages: Readonly<Record<string, Language>> = {
  drizzle,
  sequelize: {
    ...classes,
    cannotSay: (subject) =>
      checkOrExclusion(subject) ?? partition(subject) ?? readView(subject) ?? generated(subject),
  },
  prisma: {
    facets: {
      ...ofTheServer,
      ...ofSome,
      "column-generation-changed": "generated column",
      "enum-order-changed": "order of enum values",
      "view-definition-changed": "view",
      "view-options-changed": "view",
      "extra-view": "view",
      "extra-materialized-view": "materialized view",
    },
    cannotSay: (subject) =>
      checkOrExclusion(subject) ??
      partition(subject) ??
      indexBeyondColumns(subject) ??
      listNullability(subject) ??
      generated(subject) ??
      readView(subject),
  },
};

/** What the code's language has no words for, when that is all there is to a difference. */
export function beyondTheCode(
  kind: SchemaSource["kind"],
  difference: Difference,
  before: Things,
  after: Things,
): string | undefined {
  const { facets, cannotSay } = languages[kind] ?? classes;
  const key = keyOf(difference);
  return (
    facets[difference.kind] ??
    cannotSay({
      difference,
      code: before.get(key),
      migrations: after.get(key),
      sides: { before, after },
    })
  );
}

function checkOrExclusion({ difference }: Subject): string | undefined {
  if (difference.kind !== "extra-constraint") return undefined;
  const { kind } = difference.after;
  return kind === "check"
    ? "CHECK constraint"
    : kind === "exclusion"
      ? "exclusion constraint"
      : undefined;
}

function exclusion(subject: Subject): string | undefined {
  const what = checkOrExclusion(subject);
  return what === "exclusion constraint" ? what : undefined;
}

function partition({ difference }: Subject): string | undefined {
  return difference.kind === "extra-table" && difference.after.partitionOf !== null
    ? "partition"
    : undefined;
}

/** `.primaryKey()` of a column takes no name: any primary key over that column is what it asks for. */
function keyName({ difference, sides }: Subject): string | undefined {
  if (difference.kind !== "missing-constraint" && difference.kind !== "extra-constraint")
    return undefined;
  const { before, after, object } = difference;
  const own = before ?? after;
  if (own.kind !== "primary-key" || own.columns.length !== 1) return undefined;
  const { table } = sides[before === null ? "after" : "before"].get(`constraint ${object}`)!;
  const others = [...sides[before === null ? "before" : "after"].values()];
  const isThere = others.some((one) => {
    if (one.word !== "constraint" || one.table !== table) return false;
    const { kind, columns } = one.item as Constraint;
    return kind === "primary-key" && columns.length === 1 && columns[0] === own.columns[0];
  });
  return isThere ? "name of a primary key" : undefined;
}

function indexBeyondColumns({ difference, code, migrations }: Subject): string | undefined {
  if (difference.kind !== "extra-index" && difference.kind !== "index-changed") return undefined;
  const index = migrations?.item as Index;
  const own = code?.item as Index | undefined;
  if (index.keys.some(({ expression }) => expression !== null)) return "index over an expression";
  if (index.predicate === null || (own?.predicate ?? null) !== null) return undefined;
  const isOnlyThat = own === undefined || shapeOf({ ...index, predicate: null }) === shapeOf(own);
  return isOnlyThat ? "partial index" : undefined;
}

/** A list is written without NOT NULL, and read as an empty one where the column holds NULL. */
function listNullability({ difference, code }: Subject): string | undefined {
  if (difference.kind !== "column-nullability-changed") return undefined;
  return (code!.item as Column).type.array ? "NOT NULL of a list" : undefined;
}

/** A default or a sequence that stands behind `@default(autoincrement())`, whichever form it has. */
function generated({ difference, code, migrations }: Subject): string | undefined {
  const isIdentity =
    difference.kind === "column-identity-changed" || difference.kind === "column-default-changed";
  if (!isIdentity) return undefined;
  const draws = (thing: Thing | undefined) => {
    const column = thing?.item as Column | undefined;
    return column?.identity != null || column?.default?.startsWith("nextval(") === true;
  };
  if (draws(code) && draws(migrations)) return "form of a serial";
  return (migrations?.item as Column | undefined)?.generated == null
    ? undefined
    : "generated column";
}

/** A view that the schema only reads from: what counts is that the columns which it names are there. */
function readView({ difference, code }: Subject): string | undefined {
  if (difference.kind === "view-columns-changed") {
    const there = new Map(difference.after.map(({ name, type }) => [name, type.text]));
    const isThere = difference.before.every(({ name, type }) => there.get(name) === type.text);
    return isThere ? "column of a view" : undefined;
  }
  if (difference.kind !== "view-definition-changed") return undefined;
  const { definition } = code!.item as View;
  return definition.trim().startsWith("SELECT NULL::") ? "view" : undefined;
}

/** True for an object of the migrations in a schema in which the code has none. */
export function outsideOfSchemas(difference: Difference, schemas: ReadonlySet<string>): boolean {
  if (!difference.kind.startsWith("extra-")) return false;
  const item = difference.after as Partial<Table> & { readonly name?: string };
  if (difference.kind === "extra-schema") return !schemas.has(item.name ?? "");
  return item.schema !== undefined && !schemas.has(item.schema);
}
