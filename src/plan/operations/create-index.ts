import {
  qualifiedName,
  type Catalog,
  type Index,
  type MaterializedView,
  type Table,
} from "../../catalog/index.ts";
import { quoteIdent, quoteQualified, type ParseNode } from "../../sql/index.ts";
import { named, partitionsIn, sqlName } from "../lookup.ts";
import { transaction, type PlannedOperation, type Step, type TableName } from "../model.ts";
import { areSettled, columnsOf, freeName } from "../naming.ts";
import { plannedUntilGone, untilGone } from "../outgoing-unique.ts";
import { buildSteps, type IndexBuild } from "../online/index-build.ts";
import { areNeverEqual } from "./no-duplicates.ts";
import type { OperationInput, Recognised } from "./operation.ts";

/**
 * `CREATE INDEX`: built while writes go on, after the fills, so that the new release finds it. While an index that the
 * migration drops has its name, it has one of the plan's.
 */
export async function createIndex(input: OperationInput): Promise<Recognised | undefined> {
  const { before, after, start, existed, plan, searchPath } = input;
  const { node } = input.statement;
  if (!("IndexStmt" in node)) return undefined;
  const { relation, tableSpace } = node.IndexStmt;
  if (relation === undefined) return undefined;
  const table = indexed(before, relation, searchPath);
  const afterwards = indexed(after, relation, searchPath);
  const index = afterwards?.indexes.find(
    ({ name }) => table?.indexes.every((own) => own.name !== name) === true,
  );
  if (table === undefined || afterwards === undefined || index === undefined) return undefined;
  const isTable = "kind" in table;
  if (isTable && !existed(table)) return undefined;
  if (!isTable && named(start.materializedViews, relation, searchPath) === undefined)
    return undefined;
  // What is made only so that parts can be attached to it holds nothing.
  if (isTable && table.kind === "partitioned" && relation.inh !== true) return undefined;
  const build: IndexBuild = {
    catalog: after,
    table: { kind: "table", ...afterwards },
    index,
    nameOf: ({ name }) => freeName(start, table.schema, name, plan),
    tablespace: tableSpace,
  };
  const steps = buildSteps(build);
  const renames = renamed(build);
  const isSettled = !isTable || areSettled(input, table, columnsOf(index));
  const title = `index ${quoteIdent(index.name)} on ${sqlName(table)}`;
  const planned: PlannedOperation = {
    ...(isSettled ? { settle: steps, narrow: renames } : { narrow: [...steps, ...renames] }),
    ...said(title, table, {
      node,
      duplicates:
        index.unique && !areNeverEqual(input, table, index)
          ? duplicatesRefused(title, table, index)
          : undefined,
    }),
  };
  if (!isTable || !isSettled) return { title, planned };
  return { title, planned: plannedUntilGone(planned, await untilGone(input, table, index.name)) };
}

function indexed(
  { tables, materializedViews }: Catalog,
  relation: Parameters<typeof named>[1],
  searchPath: readonly string[],
): Table | MaterializedView | undefined {
  return named(tables, relation, searchPath) ?? named(materializedViews, relation, searchPath);
}

/**
 * Gives the index and its parts the names that they could not have yet. What has the name goes in the same moment: a
 * second time nothing is there that could be renamed, and the whole of it fails.
 */
function renamed({ catalog, table, index, nameOf }: IndexBuild): readonly Step[] {
  const renames = partsWithSchema(catalog, table, index).flatMap(([schema, part]) => {
    const made = nameOf(part);
    if (made === part.name) return [];
    return [`ALTER INDEX ${quoteQualified(schema, made)} RENAME TO ${quoteIdent(part.name)}`];
  });
  if (renames.length === 0) return [];
  const name = quoteQualified(table.schema, index.name);
  const drops = nameOf(index) === index.name ? [] : [`DROP INDEX IF EXISTS ${name}`];
  return [transaction(`index ${name} has its name`, [...drops, ...renames])];
}

function partsWithSchema(
  catalog: Catalog,
  table: Pick<Table, "schema" | "name">,
  index: Index,
): readonly (readonly [string, Index])[] {
  const parent = qualifiedName(table.schema, index.name);
  const parts = partitionsIn(catalog, table).flatMap((partition) =>
    partition.indexes.flatMap((part) =>
      part.partitionOf === parent ? partsWithSchema(catalog, partition, part) : [],
    ),
  );
  return [[table.schema, index], ...parts];
}

type Said = Pick<PlannedOperation, "notes" | "exemptions">;

/** What the old release notices of an index that holds its rows too. */
function said(
  title: string,
  table: TableName,
  { node, duplicates }: { readonly node: ParseNode; readonly duplicates: Said | undefined },
): Said {
  const each = [
    ...(duplicates === undefined ? [] : [duplicates]),
    ...(mayFail(node) ? [valuesRefused(title, table)] : []),
  ];
  return {
    notes: each.flatMap(({ notes = [] }) => notes),
    exemptions: each.flatMap(({ exemptions = [] }) => exemptions),
  };
}

function valuesRefused(
  what: string,
  { schema, name }: TableName,
): Pick<PlannedOperation, "notes" | "exemptions"> {
  return {
    notes: [
      `${what} refuses rows on which its expression fails (a number out of range, a text that is none of its type) from the backfill phase on, also while it is being built, and also those of the old release; such rows that are there make its build fail`,
    ],
    exemptions: [{ kind: "refuses-values", relation: qualifiedName(schema, name) }],
  };
}

/** Functions that have an answer for every value of their arguments. */
const neverFailing: ReadonlySet<string> = new Set([
  "lower",
  "upper",
  "length",
  "char_length",
  "btrim",
  "ltrim",
  "rtrim",
  "md5",
  "date_trunc",
  "coalesce",
]);

/** Whether an expression in it computes something that may fail: arithmetic, a cast, a function that is not known. */
function mayFail(part: unknown): boolean {
  if (typeof part !== "object" || part === null) return false;
  if (Array.isArray(part)) return part.some(mayFail);
  return Object.entries(part).some(([key, value]) => {
    if (key === "TypeCast" && !("A_Const" in (value as { arg?: object }).arg!)) return true;
    if (key === "A_Expr" && !comparing.test(lastName((value as { name?: unknown }).name)))
      return true;
    if (
      key === "FuncCall" &&
      !neverFailing.has(lastName((value as { funcname?: unknown }).funcname))
    )
      return true;
    return mayFail(value);
  });
}

const comparing = /^(?:=|<>|!=|<|<=|>|>=|~~\*?|!~~\*?|->>?|#>>?|\?)$/;

function lastName(parts: unknown): string {
  const last: unknown = Array.isArray(parts) ? parts.at(-1) : undefined;
  return (last as { String?: { sval?: string } } | undefined)?.String?.sval ?? "";
}

/**
 * @param what the unique index or key, as a title
 * @param index the index, where it may be one of some rows only
 */
export function duplicatesRefused(what: string, { schema, name }: TableName, index?: Index): Said {
  const those = (index?.predicate ?? null) === null ? "" : "WHERE its condition ";
  return {
    notes: [
      `${what} refuses duplicates from the backfill phase on, also while it is being built, and also those of the old release; rows that are there and equal make its build fail, so look for them first (${those}GROUP BY its columns HAVING count(*) > 1)`,
    ],
    exemptions: [{ kind: "refuses-duplicates", relation: qualifiedName(schema, name) }],
  };
}
