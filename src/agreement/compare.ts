import {
  qualifiedName,
  type Catalog,
  type CatalogPart,
  type Constraint,
  type Difference,
  type PartialCatalog,
} from "../catalog/index.ts";
import {
  contractParts,
  type ContractCatalog,
  type Origin,
  type SchemaCatalog,
  type SchemaSource,
} from "../contract/index.ts";
import type { Queryable } from "../pg/index.ts";
import { beyondTheCode, outsideOfSchemas } from "./beyond.ts";
import { codeDisagreement } from "./cause-code.ts";
import { databaseDisagreement, type DatabaseFacts } from "./cause-database.ts";
import { facetWords } from "./facet-words.ts";
import { ledgerRemarks } from "./ledger-remarks.ts";
import type { Agreement, AgreementRow, Disagreement, LeftOut, RowSeverity, Said } from "./model.ts";
import { pairOf, type Beyond, type Pair } from "./pairs.ts";
import { nameOf, thingsOf, whatIs, type Thing } from "./things.ts";

/** The code's side. */
export interface CodeSide {
  readonly kind: SchemaSource["kind"];
  readonly schema: SchemaCatalog;
  /** The schema file, as it is called in sentences. */
  readonly file: string;
  /** The command that writes a migration from it. */
  readonly generate: string;
}

export interface AgreementRequest {
  readonly code: CodeSide | undefined;
  readonly migrations: {
    /** What all migrations of the folder make, without the ledger. */
    readonly catalog: Catalog;
    /** The folder as it is called. */
    readonly name: string;
    /** Which statement touched an object last. */
    readonly origins: ReadonlyMap<string, Origin>;
    /** The scratch database that holds them; evaluates defaults that are constants. */
    readonly scratch: Queryable;
  };
  readonly database: DatabaseFacts | undefined;
  /** Why there is none, when one was wanted. */
  readonly databaseUnknown?: string | undefined;
  /** Objects without which this code's statements fail. */
  readonly breaks: (object: string) => boolean;
}

/** Compares code, migrations and database, object by object, and finds out why they differ. */
export async function compareThree(request: AgreementRequest): Promise<Agreement> {
  const { code, migrations, database } = request;
  const leftOut = new Map<string, Set<string>>();
  const isLeftOut = new Set<string>();
  const leaveOut = (key: string, what: string) => {
    isLeftOut.add(key);
    leftOut.set(what, (leftOut.get(what) ?? new Set()).add(key));
  };
  const beyond = code === undefined ? undefined : beyondOf(code);
  const own = onlyParts(migrations.catalog, contractParts);
  const expected = code && onlyParts(code.schema.catalog, contractParts);
  const { scratch } = migrations;
  const written =
    code === undefined ? undefined : await pairOf(expected!, own, scratch, { beyond, leaveOut });
  const shipped =
    code === undefined || database === undefined
      ? undefined
      : await pairOf(expected!, onlyParts(database.catalog, contractParts), scratch, {
          beyond,
          leaveOut: (key) => void isLeftOut.add(key),
        });
  const live =
    database === undefined
      ? undefined
      : await pairOf(migrations.catalog, database.catalog, scratch);
  const applied =
    database?.applied === undefined
      ? undefined
      : await pairOf(database.applied, database.catalog, scratch);
  const keys = keysOf(written, live, shipped);
  const rows: AgreementRow[] = [];
  for (const key of keys)
    rows.push(
      await rowOf(key, { request, written, live, shipped, applied, isLeftOut: isLeftOut.has(key) }),
    );
  return {
    sides: {
      code: code?.file,
      migrations: migrations.name,
      database: database?.environment,
    },
    databaseUnknown: request.databaseUnknown,
    objects: countObjects(live?.before ?? written?.after ?? thingsOf(migrations.catalog)),
    rows: rows.toSorted(bySeverity),
    ledger:
      database === undefined || live === undefined
        ? []
        : ledgerRemarks(database, live.differences.size === 0, migrations.origins),
    leftOut: [...leftOut].map(([what, of]): LeftOut => ({ what, count: of.size })),
  };
}

/** Pairs that a row is made of. */
interface Pairs {
  readonly request: AgreementRequest;
  /** Code to migrations. */
  readonly written: Pair | undefined;
  /** Migrations to database. */
  readonly live: Pair | undefined;
  /** Code to database. */
  readonly shipped: Pair | undefined;
  /** What the applied migrations make, to the database. */
  readonly applied: Pair | undefined;
  readonly isLeftOut: boolean;
}

async function rowOf(key: string, pairs: Pairs): Promise<AgreementRow> {
  const { request, written, live, shipped, isLeftOut } = pairs;
  const { code, migrations, database } = request;
  const inCode = written?.before.get(key);
  const inMigrations = find(key, "after", written) ?? find(key, "before", live);
  // As the migrations call it, where the code has another name for it.
  const made = written?.twins.get(key) ?? key;
  const inDatabase = find(made, "after", live) ?? find(key, "after", shipped);
  const thing = (inCode ?? inMigrations ?? inDatabase)!;
  const madeThing = made === key ? thing : inMigrations!;
  const toMigrations = written?.differences.get(key);
  const places = {
    code: code === undefined ? undefined : placeOf(thing, code, labelsIn(toMigrations)),
    origin: originOf(madeThing, migrations.origins),
  };
  const toDatabase = live?.differences.get(made);
  const isAsApplied = pairs.applied !== undefined && !pairs.applied.differences.has(made);
  const isPushed =
    toMigrations !== undefined &&
    toDatabase !== undefined &&
    !isAsApplied &&
    !shipped!.differences.has(key);
  const disagreements: Disagreement[] = [];
  if (code !== undefined && toMigrations !== undefined)
    disagreements.push(
      codeDisagreement({ side: code, thing, inCode, inMigrations, isPushed, ...places }),
    );
  if (database !== undefined && toDatabase !== undefined && !isPushed)
    disagreements.push(
      databaseDisagreement({
        facts: database,
        thing: madeThing,
        inMigrations,
        inDatabase,
        origin: places.origin,
        isAsApplied,
      }),
    );
  const codeSays = code === undefined || (inCode === undefined && isLeftOut) ? undefined : inCode;
  const isSilent = code === undefined || (inCode === undefined && (isLeftOut || !isOfCode(thing)));
  const migrationsSay = saying(
    inMigrations,
    inCode ?? inDatabase,
    toMigrations ?? toDatabase,
    toMigrations === undefined ? "before" : "after",
  );
  const isAsMade = toDatabase === undefined && inMigrations?.object === inDatabase?.object;
  const databaseSays = isAsMade
    ? migrationsSay
    : saying(inDatabase, inMigrations, toDatabase, "after");
  return {
    object: thing.object,
    what: whatIs(thing),
    severity: severityOf(thing, disagreements, request, toMigrations, [inCode, inMigrations]),
    code: isSilent ? undefined : saying(codeSays, inMigrations, toMigrations, "before"),
    migrations: migrationsSay,
    database: database === undefined ? undefined : databaseSays,
    codeFrom: places.code,
    migrationFrom: places.origin?.from,
    disagreements,
  };
}

/** The object on one side of a pair, under whichever name it has there. */
function find(key: string, side: "before" | "after", pair: Pair | undefined): Thing | undefined {
  if (pair === undefined) return undefined;
  const twin = side === "after" ? pair.twins.get(key) : undefined;
  return pair[side].get(twin ?? key);
}

/** A line for one side; where the lines of both are the same, what it is in which they differ. */
function saying(
  thing: Thing | undefined,
  other: Thing | undefined,
  differences: readonly Difference[] | undefined,
  side: "before" | "after",
): Said | null {
  if (thing === undefined) return null;
  const { text, brief } = thing;
  if (other !== undefined && other.object !== thing.object)
    return whatIs(other) === whatIs(thing)
      ? { text: `${nameOf(thing)} ${text}`, brief: nameOf(thing) }
      : { text, brief };
  if (text !== other?.text || differences === undefined) return { text, brief };
  const words = facetWords(differences, side) || text;
  return { text: words, brief: words };
}

/** Parts of a catalog that schema files speak of. */
function isOfCode({ word }: Thing): boolean {
  return !["extension", "routine", "aggregate", "trigger", "policy", "rule", "statistics"].includes(
    word,
  );
}

function severityOf(
  thing: Thing,
  disagreements: readonly Disagreement[],
  { breaks }: AgreementRequest,
  toMigrations: readonly Difference[] | undefined,
  [inCode, inMigrations]: readonly (Thing | undefined)[],
): RowSeverity {
  const causes = disagreements.map(({ cause }) => cause);
  if (causes.every((cause) => cause === "pending" || cause === "elsewhere-only")) return "info";
  const labels = labelsIn(toMigrations).map((label) => `${thing.object}.${qualifiedName(label)}`);
  if ([thing.object, ...labels].some(breaks)) return "error";
  const isName =
    inCode !== undefined && inMigrations !== undefined && inCode.object !== inMigrations.object;
  const isOrder = toMigrations?.every(({ kind }) => kind === "enum-order-changed") === true;
  return causes.length === 1 && toMigrations !== undefined && (isName || isOrder)
    ? "info"
    : "warning";
}

/** By pair, and what only one of them tells. What stands in a table that the migrations lack only code and database can tell. */
function keysOf(
  written: Pair | undefined,
  live: Pair | undefined,
  shipped: Pair | undefined,
): readonly string[] {
  const keys = new Set([
    ...(written?.differences.keys() ?? []),
    ...(live?.differences.keys() ?? []),
  ]);
  // Told with what the code calls it.
  for (const twin of written?.twins.values() ?? []) keys.delete(twin);
  for (const key of shipped?.differences.keys() ?? []) {
    const table = (shipped!.before.get(key) ?? shipped!.after.get(key))?.table;
    if (table !== undefined && keys.has(`table ${table}`)) keys.add(key);
  }
  return [...keys];
}

const ranks = { error: 0, warning: 1, info: 2 } as const;

function bySeverity(a: AgreementRow, b: AgreementRow): number {
  return ranks[a.severity] - ranks[b.severity];
}

function beyondOf({ kind, schema }: CodeSide): Beyond {
  const schemas = schemasOf(schema.catalog);
  return (difference, { before, after }) => {
    if (outsideOfSchemas(difference, schemas)) return "object in another schema";
    return beyondTheCode(kind, difference, before, after);
  };
}

function schemasOf(catalog: ContractCatalog): ReadonlySet<string> {
  const schemas = new Set<string>(["public"]);
  for (const part of [catalog.tables, catalog.views, catalog.materializedViews, catalog.enums])
    for (const { schema } of Object.values(part)) schemas.add(schema);
  for (const { name } of catalog.schemas) schemas.add(name);
  return schemas;
}

/** Values of an enum that the migrations do not make. */
function labelsIn(differences: readonly Difference[] = []): readonly string[] {
  return differences.flatMap((one) => (one.kind === "missing-enum-value" ? [one.before] : []));
}

function placeOf(
  thing: Thing,
  { schema, file }: CodeSide,
  [label]: readonly string[],
): string | undefined {
  const from = schema.annotations.from ?? (() => undefined);
  if (label !== undefined) return from(`label ${thing.object}.${qualifiedName(label)}`) ?? file;
  const own = thing.address === undefined ? undefined : from(thing.address);
  if (own !== undefined) return own;
  const column = columnsOf(thing)[0];
  const hold =
    thing.table === undefined ? undefined : `${thing.table}.${qualifiedName(column ?? "")}`;
  return (
    (column === undefined ? undefined : from(`column ${hold}`)) ??
    (thing.table === undefined ? undefined : from(`relation ${thing.table}`)) ??
    file
  );
}

function columnsOf({ word, item }: Thing): readonly string[] {
  if (word === "constraint") return (item as Constraint).columns;
  if (word !== "index") return [];
  const { keys } = item as { readonly keys: readonly { readonly column: string | null }[] };
  return keys.flatMap(({ column }) => (column === null ? [] : [column]));
}

/** The statement that touched an object last; of a constraint's index, that of the constraint. */
function originOf(thing: Thing, origins: ReadonlyMap<string, Origin>): Origin | undefined {
  const own = thing.address === undefined ? undefined : origins.get(thing.address);
  if (own !== undefined || thing.word !== "constraint" || thing.table === undefined) return own;
  const { name } = thing.item as Constraint;
  const schema = thing.table.slice(0, thing.table.lastIndexOf("."));
  return origins.get(`index ${schema}.${qualifiedName(name)}`);
}

function onlyParts<Part extends CatalogPart>(
  catalog: PartialCatalog<Part>,
  parts: readonly Part[],
): PartialCatalog<Part> {
  const chosen = Object.fromEntries(parts.map((part) => [part, catalog[part]]));
  return { serverMajor: catalog.serverMajor, ...chosen } as PartialCatalog<Part>;
}

/** Tables, views, types and the like; not what is part of them. */
function countObjects(things: ReadonlyMap<string, Thing>): number {
  let amount = 0;
  for (const { table, word } of things.values())
    if (table === undefined && word !== "schema") amount++;
  return amount;
}
