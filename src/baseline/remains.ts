import { pairOf, whatIs, type Pair, type Thing } from "../agreement/index.ts";
import type { Difference, QualifiedName } from "../catalog/index.ts";
import type { Queryable } from "../pg/index.ts";
import type { PrintedCatalog } from "./prints.ts";

/** One object in which the database is not as the prefix leaves it. */
export interface Remaining {
  readonly object: QualifiedName;
  /** `column`, `index`, `foreign key`, … */
  readonly what: string;
  /** What was done to it: somebody has … */
  readonly done: "dropped" | "added" | "changed" | "renamed";
  /** What the migrations make; null for nothing. */
  readonly migrations: string | null;
  /** What the database has; null for nothing. */
  readonly database: string | null;
  /** The same in a sentence. */
  readonly sentence: string;
  /** What tells the two apart, for the statements that bring them together. */
  readonly differences: readonly Difference[];
}

/** What remains different between a prefix and the database, with renames told as such. */
export async function remaining(
  prefix: PrintedCatalog,
  database: PrintedCatalog,
  evaluate: Queryable,
): Promise<readonly Remaining[]> {
  const pair = await pairOf(prefix, database, evaluate);
  const renamed = renamedTables(pair);
  const told = new Set([...renamed.keys(), ...renamed.values()]);
  const rows: Remaining[] = [...renamed].map(([from, to]) =>
    renamedRow(pair.before.get(from)!, pair.after.get(to)!),
  );
  const names = new Map([...renamed].map(([from, to]) => [objectIn(from), objectIn(to)]));
  for (const [key, differences] of pair.differences)
    if (!told.has(key) && !differences.every((one) => follows(one, names)))
      rows.push(rowOf(key, differences, pair));
  return rows;
}

function objectIn(key: string): string {
  return key.slice("table ".length);
}

/** True for a foreign key or a sequence that only refers to a table by its new name. */
function follows(difference: Difference, names: ReadonlyMap<string, string>): boolean {
  if (difference.kind === "sequence-owner-changed") {
    const { before, after } = difference;
    return before !== null && names.get(before.table) === after?.table;
  }
  if (difference.kind !== "constraint-changed") return false;
  const { before, after } = difference;
  return (
    before.kind === "foreign-key" &&
    after.kind === "foreign-key" &&
    names.get(before.references.table) === after.references.table
  );
}

/** Tables that one side has under another name: with the same columns. */
function renamedTables({ differences, before, after }: Pair): ReadonlyMap<string, string> {
  const extra = new Map<string, string>();
  for (const [key, [first]] of differences)
    if (first?.kind === "extra-table") extra.set(columnsOf(key, after), key);
  const renamed = new Map<string, string>();
  for (const [key, [first]] of differences) {
    if (first?.kind !== "missing-table") continue;
    const columns = columnsOf(key, before);
    const twin = extra.get(columns);
    if (twin === undefined) continue;
    renamed.set(key, twin);
    extra.delete(columns);
  }
  return renamed;
}

function columnsOf(key: string, things: Pair["before"]): string {
  const table = objectIn(key);
  const columns: string[] = [];
  for (const { word, table: own, item, text } of things.values())
    if (word === "column" && own === table)
      columns.push(`${(item as { name: string }).name} ${text}`);
  return columns.toSorted().join("\n");
}

function renamedRow(from: Thing, to: Thing): Remaining {
  return {
    object: from.object,
    what: whatIs(from),
    done: "renamed",
    migrations: from.object,
    database: to.object,
    sentence: `${whatIs(from)} ${from.object} is called ${to.object}`,
    differences: [],
  };
}

function rowOf(key: string, differences: readonly Difference[], pair: Pair): Remaining {
  const inMigrations = pair.before.get(key);
  const inDatabase = pair.after.get(pair.twins.get(key) ?? key);
  const thing = (inMigrations ?? inDatabase)!;
  const name = `${whatIs(thing)} ${thing.object}`;
  const base = { object: thing.object, what: whatIs(thing), differences };
  const sides = { migrations: inMigrations?.text ?? null, database: inDatabase?.text ?? null };
  if (inDatabase === undefined)
    return { ...base, ...sides, done: "dropped", sentence: `${name} is not there` };
  if (inMigrations === undefined)
    return { ...base, ...sides, done: "added", sentence: `${name} was added: ${inDatabase.text}` };
  if (inMigrations.object !== inDatabase.object)
    return {
      ...base,
      ...sides,
      done: "renamed",
      sentence: `${name} is called ${inDatabase.object}`,
    };
  return {
    ...base,
    ...sides,
    done: "changed",
    sentence: `${name} was changed: ${changes(differences) || `${inMigrations.text} is ${inDatabase.text}`}`,
  };
}

/** The facets that differ, in words: `type of column`, … */
function changes(differences: readonly Difference[]): string {
  return differences
    .map(({ kind }) => kind.replace(/-changed$/, "").replaceAll("-", " "))
    .join(", ");
}
