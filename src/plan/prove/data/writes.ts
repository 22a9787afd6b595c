import type { QualifiedName } from "../../../catalog/index.ts";
import { quoteLiteral } from "../../../sql/index.ts";
import type { Exemption } from "../../model.ts";
import { copyFrom } from "../release/copy.ts";
import {
  deleteOf,
  insertOf,
  statement,
  updateOf,
  type ReleaseStatement,
} from "../release/statements.ts";
import type { ReleaseTable } from "../release/tables.ts";
import type { Row } from "../rows.ts";
import type { TakenRows } from "./take.ts";

/** What becomes of the rows that were taken out of one table. */
export interface Parts {
  /** For statements that are rolled back. */
  readonly spare: readonly Row[];
  /** Whose values others get. */
  readonly donors: readonly Row[];
  /** To be written by the other release, in its form. */
  readonly other: readonly Row[];
  /** To be inserted, one after the other. */
  readonly inserts: readonly Row[];
  /** Rows that are there and that no write changes. */
  readonly fixed: readonly Row[];
  /** Rows that are there, to be changed or deleted. */
  readonly changing: readonly Row[];
}

export function partsOf({ kept, taken }: TakenRows): Parts {
  return {
    spare: taken.slice(0, 2),
    donors: taken.slice(2, 6),
    other: taken.slice(6, 16),
    inserts: taken.slice(16),
    fixed: kept.slice(0, 2),
    changing: kept.slice(2),
  };
}

/** What the writes of a release leave out, for the plan says so. */
export interface WriteRules {
  /** False for a table that COPY does not reach at every point. */
  isCopied(table: QualifiedName): boolean;
  /** Columns of a table that each INSERT names, because their default is another one before the migration. */
  named(table: QualifiedName): ReadonlySet<string>;
  /** Columns of a table that rows which are there keep as they are. */
  readOnce(table: QualifiedName): ReadonlySet<string>;
  /** False for a table whose rows stay. */
  mayGo(table: QualifiedName): boolean;
  /** False for a table in which replication could leave rows that a key refuses which the migration adds. */
  isReplicated(table: QualifiedName): boolean;
}

/** What is said of tables whose rows stay. */
const staying: ReadonlySet<Exemption["kind"]> = new Set([
  "read-once",
  "leaves-orphans",
  "still-referenced",
]);

/** What the notes of a plan say about writes. */
export function writeRules(exemptions: readonly Exemption[]): WriteRules {
  return {
    isCopied: (table) =>
      !exemptions.some(({ kind, relation }) => kind === "no-copy" && relation === table),
    mayGo: (table) =>
      !exemptions.some(({ kind, relation }) => relation === table && staying.has(kind)),
    isReplicated: () => true,
    named: (table) => columnsOf(exemptions, "new-default", table),
    readOnce: (table) => columnsOf(exemptions, "read-once", table),
  };
}

function columnsOf(
  exemptions: readonly Exemption[],
  kind: "new-default" | "read-once",
  table: QualifiedName,
): ReadonlySet<string> {
  return new Set(
    exemptions.flatMap((one) => (one.kind === kind && one.relation === table ? [one.column] : [])),
  );
}

/**
 * Writes that a release commits at each of so many points: a row that is new, one that is copied in, one that changes,
 * one that goes. Which columns an INSERT names varies.
 */
export function writesAt(
  points: number,
  tables: readonly ReleaseTable[],
  parts: ReadonlyMap<QualifiedName, Parts>,
  rules: WriteRules,
): readonly (readonly ReleaseStatement[])[] {
  return Array.from({ length: points }, (_, point) =>
    tables.flatMap((table) => {
      const own = parts.get(table.name);
      return own === undefined ? [] : writesTo(table, own, { point, points, rules });
    }),
  );
}

interface WritesAtPoint {
  readonly point: number;
  readonly points: number;
  readonly rules: WriteRules;
}

function writesTo(
  table: ReleaseTable,
  { inserts, donors, changing }: Parts,
  { point, points, rules }: WritesAtPoint,
): readonly ReleaseStatement[] {
  const of = (write: Parameters<typeof statement>[1]) => statement(table.name, write);
  const inserted = inserts[point];
  const writes: ReleaseStatement[] = [];
  // The key is given even where the application leaves it to the database, so that rows can be compared.
  const every = table.columns.filter(({ generated }) => generated === null);
  if (inserted !== undefined) {
    const [isIn, named] = [isGiven(inserted), rules.named(table.name)];
    const given = point % 3 === 2 ? every.filter((one) => named.has(one.name) || isIn(one)) : every;
    const insert = insertOf({ ...table, columns: [] }, given, inserted);
    const isReplicated = point % 4 === 1 && rules.isReplicated(table.name);
    writes.push(isReplicated ? of((value) => asReplication(insert(value))) : of(insert));
  }
  // From the end of the list, so that no row comes twice.
  const copied = point < inserts.length - points ? inserts.at(-1 - point) : undefined;
  const copy = copied && rules.isCopied(table.name) ? copyFrom(table, every, [copied]) : undefined;
  if (copy !== undefined) writes.push(copy);
  if (table.key.length === 0) return writes;
  const [changed, gone] = [changing[point * 2], changing[point * 2 + 1]];
  const donor = donors[point % Math.max(1, donors.length)];
  const readOnce = rules.readOnce(table.name);
  const free = table.writable.filter(({ name }) => !table.bound.has(name) && !readOnce.has(name));
  if (changed !== undefined && donor !== undefined && free.length > 0) {
    const some = point % 2 === 0 ? free : [free[point % free.length]!];
    writes.push(of(updateOf(table, changed, some, donor)));
  }
  if (gone !== undefined && point % 2 === 1 && rules.mayGo(table.name))
    writes.push(of(deleteOf(table, gone)));
  return writes;
}

/** As logical replication applies it: ordinary triggers do not fire (manual, ALTER TABLE, ENABLE REPLICA TRIGGER). */
function asReplication(sql: string): string {
  const role = (name: string) =>
    `PERFORM pg_catalog.set_config('session_replication_role', '${name}', true);`;
  return `DO ${quoteLiteral(`BEGIN ${role("replica")} ${sql}; ${role("origin")} END`)}`;
}

/** Leaves out columns that get NULL anyway. */
function isGiven(row: Row) {
  return ({ name, default: given }: { readonly name: string; readonly default: string | null }) =>
    given !== null || row[name] !== null;
}
