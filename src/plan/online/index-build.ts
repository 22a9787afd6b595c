import { qualifiedName, type Catalog, type Index, type Table } from "../../catalog/index.ts";
import { loadedParser, quoteIdent, quoteQualified } from "../../sql/index.ts";
import { partitionsIn, sqlName } from "../lookup.ts";
import { outside, transaction, type Change, type Step } from "../model.ts";

export interface IndexBuild {
  /** The catalog that has the index, valid, on the table and on each partition. */
  readonly catalog: Catalog;
  readonly table: Pick<Table, "schema" | "name" | "kind">;
  readonly index: Index;
  /** Name to build it under; those of partitions too. */
  readonly nameOf: (index: Index) => string;
  readonly tablespace?: string | undefined;
}

/**
 * Builds an index while writes go on. A partitioned table's cannot be built so: each partition gets its own, and one
 * short transaction makes the parents of what is there (manual 5.12.2, 11.12).
 */
export function buildSteps(build: IndexBuild): readonly Step[] {
  const { table, index, nameOf } = build;
  if (table.kind !== "partitioned") return [leafStep(build)];
  const { leaves, joins } = partsOf(build);
  const name = quoteQualified(table.schema, nameOf(index));
  return [
    ...leaves.map(leafStep),
    transaction(
      `index ${name}, of what the partitions have`,
      joins,
      // Its parts go with it; those that were not attached yet are dropped by their own steps.
      [`DROP INDEX IF EXISTS ${name}`],
    ),
  ];
}

function leafStep(build: IndexBuild): Step {
  const { table, index, nameOf, tablespace } = build;
  const name = quoteQualified(table.schema, nameOf(index));
  return outside(
    `index ${name} on ${sqlName(table)}`,
    indexStatement(index, { name: nameOf(index), concurrently: true, tablespace }),
    [dropped(name)],
  );
}

/** An index that a build left behind invalid goes in the same way as one that is done. */
export function dropped(name: string): Change {
  return { kind: "outside", statement: `DROP INDEX CONCURRENTLY IF EXISTS ${name}` };
}

/** Its indexes on partitions that hold rows, and the statements that join them, the lowest level first. */
function partsOf(build: IndexBuild): {
  readonly leaves: readonly IndexBuild[];
  readonly joins: readonly string[];
} {
  const { catalog, table, index, nameOf, tablespace } = build;
  const parent = qualifiedName(table.schema, index.name);
  const own = quoteQualified(table.schema, nameOf(index));
  const leaves: IndexBuild[] = [];
  const below: string[] = [];
  const attached: string[] = [];
  for (const partition of partitionsIn(catalog, table)) {
    const part = partition.indexes.find(({ partitionOf }) => partitionOf === parent);
    // A foreign partition has none.
    if (part === undefined) continue;
    const next: IndexBuild = { ...build, table: partition, index: part };
    if (partition.kind === "partitioned") {
      const { leaves: more, joins } = partsOf(next);
      leaves.push(...more);
      below.push(...joins);
    } else leaves.push(next);
    attached.push(
      `ALTER INDEX ${own} ATTACH PARTITION ${quoteQualified(partition.schema, nameOf(part))}`,
    );
  }
  const made = indexStatement(index, { name: nameOf(index), concurrently: false, tablespace });
  return { leaves, joins: [...below, made, ...attached] };
}

export interface IndexWriting {
  readonly name: string;
  readonly concurrently: boolean;
  readonly tablespace?: string | undefined;
}

/**
 * The definition that Postgres prints (`CREATE [UNIQUE] INDEX name ON …`, ruleutils.c) as a statement that makes the
 * index under another name.
 */
export function indexStatement(
  { definition, unique }: Index,
  { name, concurrently, tablespace }: IndexWriting,
): string {
  const bytes = Buffer.from(definition, "utf8");
  const { tokens } = loadedParser().scanSync(definition);
  const on = tokens[unique ? 4 : 3]!.start;
  const where = whereOf(tokens) ?? bytes.length;
  const text = (from: number, to: number) => bytes.toString("utf8", from, to).trim();
  return [
    `CREATE ${unique ? "UNIQUE " : ""}INDEX${concurrently ? " CONCURRENTLY" : ""}`,
    quoteIdent(name),
    text(on, where),
    ...(tablespace === undefined ? [] : [`TABLESPACE ${quoteIdent(tablespace)}`]),
    text(where, bytes.length),
  ]
    .filter((part) => part !== "")
    .join(" ");
}

/** Byte offset of the WHERE of a partial index. */
function whereOf(
  tokens: readonly { readonly text: string; readonly start: number }[],
): number | undefined {
  let depth = 0;
  for (const { text, start } of tokens) {
    if (text === "(") depth++;
    else if (text === ")") depth--;
    else if (depth === 0 && text === "WHERE") return start;
  }
  return undefined;
}
