import type { QualifiedName, Statement } from "../../sql/index.ts";
import type { Work } from "../effect.ts";
import { blocksWrites } from "../lock-modes.ts";
import type { Counters } from "./counters.ts";
import type { ToldWork } from "./messages.ts";
import type { Edge, Oid, SeenLock, SeenRelation } from "./relations.ts";

/** What work is told from. */
export interface WorkInput {
  readonly statement: Statement;
  /** Relations that existed before the file. */
  readonly existing: ReadonlySet<Oid>;
  /** The locked relations as they were before the statement, and as they are after it. */
  readonly before: ReadonlyMap<Oid, SeenRelation>;
  readonly after: ReadonlyMap<Oid, SeenRelation>;
  readonly counters: ReadonlyMap<Oid, Counters>;
  readonly told: ToldWork;
  /** Foreign keys that were checked. */
  readonly checked: readonly Edge[];
  readonly edges: readonly Edge[];
  readonly locks: readonly SeenLock[];
}

/**
 * What was done with the rows of existing relations, told from what changed: storage, counters, the server's messages.
 *
 * A rewrite, an index build and a foreign-key check read their tables in full; a `scan` is listed only where a table is read
 * besides. What a query reads (INSERT … SELECT, CREATE TABLE AS) is the planner's choice and no fact of the statement.
 */
export function workOf(input: WorkInput): readonly Work[] {
  const builds = indexBuilds(input);
  const rewrites = rewritesOf(input);
  return [
    ...rewrites,
    ...builds,
    ...scansOf(input, rewrites),
    ...input.checked.flatMap((edge) => foreignKeyCheck(edge, input)),
    ...rowChangesOf(input),
  ].sort(byText);
}

/** An order that does not depend on oids. */
function byText(a: Work, b: Work): number {
  const [left, right] = [a, b].map((work) => JSON.stringify(work));
  return left! < right! ? -1 : Number(left! > right!);
}

const storedTables = new Set(["table", "materialized view"]);

function rewritesOf({ statement, existing, before, after }: WorkInput) {
  const emptied = statement.kind === "TruncateStmt";
  return [...before.values()].flatMap(({ oid, kind, name, filenode }): Work[] => {
    const now = after.get(oid);
    if (!existing.has(oid) || !storedTables.has(kind) || now === undefined) return [];
    if (now.filenode === filenode) return [];
    return [{ kind: "rewrite", relation: name, ...(emptied ? { emptied } : {}) }];
  });
}

/** New indexes of existing tables, and existing ones with new storage. */
function indexBuilds({ existing, before, after, statement, locks }: WorkInput): Work[] {
  return [...after.values()].flatMap((index): Work[] => {
    if (index.kind !== "index" || index.table === undefined || !existing.has(index.table))
      return [];
    const table = before.get(index.table) ?? after.get(index.table);
    const old = before.get(index.oid) ?? replacedBy(index, before, after, statement);
    if (table === undefined || old?.filenode === index.filenode) return [];
    const name = old?.name ?? index.name;
    const again = old !== undefined && existing.has(old.oid);
    // REINDEX CONCURRENTLY makes another index of the name; partitions are locked in Share before that nevertheless.
    const concurrent =
      statement.kind === "ReindexStmt"
        ? old?.oid !== index.oid
        : !locks.some(({ oid, mode }) => oid === table.oid && blocksWrites(mode));
    return [{ kind: "index-build", relation: table.name, index: name, again, concurrent }];
  });
}

/** Subcommands that drop indexes and make them again (tablecmds.c, RememberAllDependentForRebuilding). */
const remaking: ReadonlySet<string> = new Set(["AT_AlterColumnType", "AT_SetExpression"]);

/**
 * The index whose place a new one takes: ALTER COLUMN … TYPE drops and makes them again under their names, REINDEX
 * CONCURRENTLY swaps them. An index that is dropped and made by the statement's own words is a new one.
 */
export function replacedBy(
  index: SeenRelation,
  before: ReadonlyMap<Oid, SeenRelation>,
  after: ReadonlyMap<Oid, SeenRelation>,
  statement: Statement,
): SeenRelation | undefined {
  const old = [...before.values()].find(
    ({ name, table, oid }) =>
      name === index.name && table === index.table && after.get(oid)?.name !== name,
  );
  if (old === undefined || !("AlterTableStmt" in statement.node)) return old;
  const commands = (statement.node.AlterTableStmt.cmds ?? []).flatMap((cmd) =>
    "AlterTableCmd" in cmd ? [cmd.AlterTableCmd] : [],
  );
  const isRemade = commands.some(({ subtype }) => remaking.has(subtype ?? "AT_AddColumn"));
  const isDropped = commands.some(
    ({ subtype, name }) =>
      (subtype === "AT_DropConstraint" && name === old.relname) ||
      // It went with its columns, and the new one is over others. Of another type an expression may become its column.
      (subtype === "AT_DropColumn" && old.keys !== index.keys),
  );
  return isRemade && !isDropped ? old : undefined;
}

const queries = new Set([
  "InsertStmt",
  "UpdateStmt",
  "DeleteStmt",
  "MergeStmt",
  "CopyStmt",
  "SelectStmt",
  "CreateTableAsStmt",
  "RefreshMatViewStmt",
  "CallStmt",
  "DoStmt",
  "ExecuteStmt",
  "ExplainStmt",
]);

/** Tables that were read in full for nothing else that is listed. */
function scansOf(
  { statement, existing, before, after, counters, told, checked, edges }: WorkInput,
  rewrites: readonly Work[],
): Work[] {
  // Keys are looked for in the partitions of a referenced table.
  const looked = withPartitions(
    checked.flatMap(({ from, to }) => [from, to]),
    edges,
  );
  const rewritten = new Set(rewrites.map(({ relation }) => relation));
  return [...counters].flatMap(([oid, { scans }]): Work[] => {
    const table = before.get(oid);
    if (!existing.has(oid) || table === undefined || scans === 0) return [];
    const names = [table.relname, after.get(oid)?.relname ?? table.relname];
    const verified = names.some((name) => told.verified.has(name));
    const forOthers =
      Math.max(...names.map((name) => told.builds.get(name) ?? 0)) +
      Number(rewritten.has(table.name));
    const besides = !queries.has(statement.kind) && !looked.has(oid) && scans > forOthers;
    return verified || besides ? [{ kind: "scan", relation: table.name }] : [];
  });
}

function withPartitions(tables: readonly Oid[], edges: readonly Edge[]): ReadonlySet<Oid> {
  const found = new Set(tables);
  // A set that grows is gone through to its new end.
  for (const table of found)
    for (const { kind, from, to } of edges)
      if (kind === "partition" && to === table) found.add(from);
  return found;
}

function foreignKeyCheck({ from, to }: Edge, { existing, before, after }: WorkInput): Work[] {
  const nameOf = (oid: Oid): QualifiedName | undefined => (before.get(oid) ?? after.get(oid))?.name;
  const relation = nameOf(from);
  const parent = nameOf(to);
  if (!existing.has(from) || relation === undefined || parent === undefined) return [];
  return [{ kind: "foreign-key-check", relation, parent }];
}

const commands = [
  ["inserted", "insert"],
  ["updated", "update"],
  ["deleted", "delete"],
] as const;

/** Rows written as the counters have it: also by triggers, cascades and inside functions. */
function rowChangesOf({ existing, before, counters }: WorkInput): Work[] {
  return [...counters].flatMap(([oid, counts]) => {
    const relation = before.get(oid)?.name;
    if (relation === undefined || !existing.has(oid)) return [];
    return commands.flatMap(([counter, command]): Work[] =>
      counts[counter] === 0 ? [] : [{ kind: "row-change", relation, command, bounded: false }],
    );
  });
}
