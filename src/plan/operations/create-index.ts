import {
  qualifiedName,
  type Catalog,
  type Index,
  type MaterializedView,
  type Table,
} from "../../catalog/index.ts";
import { quoteIdent, quoteQualified } from "../../sql/index.ts";
import { named, partitionsIn, sqlName } from "../lookup.ts";
import { transaction, type Step } from "../model.ts";
import { areSettled, columnsOf, freeName } from "../naming.ts";
import { buildSteps, type IndexBuild } from "../online/index-build.ts";
import type { OperationInput, Recognised } from "./operation.ts";

/**
 * `CREATE INDEX`: built while writes go on, after the fills, so that the new release finds it. While an index that the
 * migration drops has its name, it has one of the plan's.
 */
export function createIndex({
  statement: { node },
  before,
  after,
  start,
  existed,
  plan,
  searchPath,
}: OperationInput): Recognised | undefined {
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
  const isSettled = !isTable || areSettled(start, table, columnsOf(index));
  const title = `index ${quoteIdent(index.name)} on ${sqlName(table)}`;
  return {
    title,
    planned: {
      ...(isSettled ? { settle: steps, narrow: renames } : { narrow: [...steps, ...renames] }),
      notes: index.unique ? [uniqueNote(title)] : [],
    },
  };
}

function indexed(
  { tables, materializedViews }: Catalog,
  relation: Parameters<typeof named>[1],
  searchPath: readonly string[],
): Table | MaterializedView | undefined {
  return named(tables, relation, searchPath) ?? named(materializedViews, relation, searchPath);
}

/** Gives the index and its parts the names that they could not have yet. */
function renamed({ catalog, table, index, nameOf }: IndexBuild): readonly Step[] {
  return partsWithSchema(catalog, table, index).flatMap(([schema, part]) => {
    const made = nameOf(part);
    if (made === part.name) return [];
    const [from, to] = [quoteQualified(schema, made), quoteIdent(part.name)];
    return [
      transaction(`index ${to} has its name`, [`ALTER INDEX IF EXISTS ${from} RENAME TO ${to}`]),
    ];
  });
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

/** @param what the unique index or key, as a title */
export function uniqueNote(what: string): string {
  return `${what} refuses duplicates from the end of the backfill phase on, also those of the old release; rows that are there and equal make its build fail, so look for them first (GROUP BY its columns HAVING count(*) > 1)`;
}
