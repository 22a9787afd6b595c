import { qualifiedName, type Catalog, type Index, type Table } from "../catalog/index.ts";
import { loadedParser, parseLoaded, quoteIdent } from "../sql/index.ts";
import { columnIn, heirsIn, partitionsIn, sqlName, tableIn } from "./lookup.ts";
import type { TableName } from "./model.ts";

/** Why the rows of a table cannot be filled in batches, and what a person can do first. */
export interface FillObstacle {
  readonly why: string;
  readonly instead: readonly string[];
}

/** As parse trees have it. */
type Command = "CMD_UPDATE" | "CMD_DELETE";

/**
 * A fill goes through a table by a key that every row has, or else by the place of its rows: what another server keeps
 * has no place here.
 *
 * @param start the catalog before the migration: keys that it makes itself come after the fills
 * @param command what its batches are
 * @param changed columns that they write
 * @returns undefined when rows can be filled
 */
export function fillObstacle(
  start: Catalog,
  name: TableName,
  command: Command = "CMD_UPDATE",
  changed: ReadonlySet<string> = new Set(),
): FillObstacle | undefined {
  const table = tableIn(start, name);
  if (table === undefined) return undefined;
  const ruled = rewritten(start, table, command);
  if (ruled !== undefined) return ruled;
  if (keyIndexes(table).length > 0 && heirsIn(start, table).length === 0) return undefined;
  const moving = treeOf(start, table).flatMap((part) => partitionColumns(part));
  const moved = moving.filter((column) => changed.has(column)).map(quoteIdent);
  if (moved.length > 0)
    return {
      why: `rows of ${sqlName(table)} have no key and are filled where they lie, partition by partition: a row that gets another ${[...new Set(moved)].join(", ")} may belong into another one, and its own refuses it`,
      instead: [
        `first, in a migration of its own: a primary key of ${sqlName(table)}, or a unique index of columns that are NOT NULL`,
        "in a maintenance window, as it is",
      ],
    };
  const far = treeOf(start, table).filter(({ kind }) => kind === "foreign");
  if (far.length === 0) return undefined;
  return {
    why: `rows of ${sqlName(table)} are filled in batches: it has no key for all of them by which they could be gone through, and those of ${far.map(sqlName).join(", ")} are kept elsewhere and have no place here`,
    instead: [
      `change the rows of ${far.map(sqlName).join(", ")} where they are kept, and DETACH PARTITION or NO INHERIT meanwhile`,
      "in a maintenance window, as it is",
    ],
  };
}

/** A rule takes the place of what a statement does, or adds to it, for the rows of a fill too (manual 39.4). */
function rewritten(start: Catalog, table: Table, command: Command): FillObstacle | undefined {
  const tables = new Set(
    treeOf(start, table).map(({ schema, name }) => qualifiedName(schema, name)),
  );
  const rule = Object.values(start.rules).find(
    (one) => tables.has(one.table) && one.enabled !== "disabled" && isAbout(one, command),
  );
  if (rule === undefined) return undefined;
  const name = quoteIdent(rule.name);
  return {
    why: `rows of ${sqlName(table)} are filled in batches, and the rule ${name} of ${rule.table} does something else instead of them, or more`,
    instead: [
      `a trigger that does what the rule does, and DROP RULE ${name}, in a migration before this one`,
      "in a maintenance window, as it is",
    ],
  };
}

function isAbout({ definition }: Catalog["rules"][string], command: Command): boolean {
  const [statement] = parseLoaded(definition, "rule");
  if (statement === undefined || !("RuleStmt" in statement.node)) return true;
  return statement.node.RuleStmt.event === command;
}

/** The table, its partitions and the tables that inherit from it, on every level. */
export function treeOf(start: Catalog, table: Table): readonly Table[] {
  const children = [...heirsIn(start, table), ...partitionsIn(start, table)];
  return [table, ...children.flatMap((child) => treeOf(start, child))];
}

/** Columns that say into which partition a row belongs, those that expressions read included. */
function partitionColumns({ partitionKey, columns }: Table): readonly string[] {
  if (partitionKey === null) return [];
  const words = new Set(
    loadedParser()
      .scanSync(partitionKey)
      .tokens.map(({ text }) => text),
  );
  return columns
    .map(({ name }) => name)
    .filter((name) => words.has(name) || words.has(quoteIdent(name)));
}

/** Indexes by which the backfill could go through a table that has no heirs. */
export function keyIndexes(table: Table): readonly Index[] {
  return table.indexes.filter((index) => isKeyIndex(table, index));
}

/** As the backfill wants it: every row has it, and no two rows share it even for a moment. */
function isKeyIndex(
  table: Table,
  { name, unique, valid, predicate, keys, constraint }: Index,
): boolean {
  const isDeferrable = table.constraints.some(
    (one) => one.name === (constraint ?? name) && one.deferrable !== "no",
  );
  return (
    unique &&
    valid &&
    predicate === null &&
    !isDeferrable &&
    keys.every(
      ({ column, descending }) =>
        column !== null && !descending && columnIn(table, column)?.notNull?.valid === true,
    )
  );
}
