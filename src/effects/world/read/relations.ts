import { groupBy } from "./group.ts";
import type { RelationKind } from "../../effect.ts";
import type { ObjectId, Relation, WorldColumn, WorldConstraint } from "../model.ts";
import { publishedTables, type Grants } from "./access.ts";
import {
  buildPolicy,
  buildRule,
  buildStatistics,
  buildTrigger,
  groupUses,
  type Uses,
} from "./attached.ts";
import { constraintOf } from "./constraints.ts";
import type { ExpressionTexts } from "./expressions.ts";
import type { AttachedRow, ColumnRow, ConstraintRow, IndexRow, RelationRow } from "./queries.ts";
import type { CatalogRows } from "./read-world.ts";
import type { TypeNames } from "./types.ts";

/** `pg_class.relkind`. */
const kinds: Readonly<Record<string, RelationKind>> = {
  r: "table",
  p: "partitioned table",
  f: "foreign table",
  v: "view",
  m: "materialized view",
  i: "index",
  I: "partitioned index",
  S: "sequence",
  c: "composite type",
};

const strategies = { r: "range", l: "list", h: "hash" } as const;

/** Names of columns by relation and number. */
export type ColumnNames = (relation: ObjectId, number: number) => string | undefined;

interface Rows {
  readonly columns: ReadonlyMap<number, readonly ColumnRow[]>;
  readonly constraints: ReadonlyMap<number, readonly WorldConstraint[]>;
  /** Name of the constraint behind which an index stands. */
  readonly constraintOfIndex: ReadonlyMap<number, string>;
  readonly indexes: ReadonlyMap<number, IndexRow>;
  readonly identityIndexes: ReadonlyMap<number, string>;
  readonly attached: ReadonlyMap<number, readonly AttachedRow[]>;
  readonly reads: ReadonlyMap<number, Relation["view"]>;
  readonly uses: Uses;
  readonly published: ReturnType<typeof publishedTables>;
  readonly grants: Grants;
  readonly schemas: ReadonlyMap<number, string>;
  readonly nameOf: ColumnNames;
}

export function buildRelations(
  catalog: CatalogRows,
  types: TypeNames,
  texts: ExpressionTexts,
  grants: Grants,
): readonly Relation[] {
  const columns = groupBy(catalog.columns, (row) => row.relation);
  const numbers = new Map(
    catalog.columns.map((row) => [`${row.relation} ${row.number}`, row.name]),
  );
  const nameOf: ColumnNames = (relation, number) => numbers.get(`${relation} ${number}`);
  const ofTables = catalog.constraints.filter((row) => row.relation !== 0);
  const definitions = new Map(catalog.relations.map((row) => [row.oid, row]));
  const views = groupBy(catalog.reads, (row) => row.view);
  const names = new Map(catalog.relations.map((row) => [row.oid, row.name]));
  const rows: Rows = {
    columns,
    constraints: constraintsByRelation(ofTables, nameOf, texts),
    constraintOfIndex: new Map(
      ofTables
        .filter((row) => row.kind === "p" || row.kind === "u" || row.kind === "x")
        .map((row) => [row.index, row.name]),
    ),
    indexes: new Map(catalog.indexes.map((row) => [row.index, row])),
    identityIndexes: new Map(
      catalog.indexes
        .filter((row) => row.replica_identity)
        .map((row) => [row.table, names.get(row.index) ?? ""]),
    ),
    attached: groupBy(catalog.attached, (row) => row.relation),
    reads: new Map(
      catalog.relations
        .filter((row) => row.definition !== null)
        .map((row) => [
          row.oid,
          {
            query: texts.query(row.definition),
            populated: row.populated,
            reads: (views.get(row.oid) ?? [])
              .filter((read) => definitions.has(read.relation))
              .map((read) => ({
                relation: read.relation,
                columns: read.columns.flatMap((number) => nameOf(read.relation, number) ?? []),
              })),
          },
        ]),
    ),
    uses: groupUses(catalog.uses),
    published: publishedTables(catalog.publications, nameOf, texts),
    grants,
    schemas: new Map(catalog.schemas.map((row) => [row.oid, row.name])),
    nameOf,
  };
  return catalog.relations.map((row) => buildRelation(row, rows, types, texts));
}

function constraintsByRelation(
  rows: readonly ConstraintRow[],
  nameOf: ColumnNames,
  texts: ExpressionTexts,
): ReadonlyMap<number, readonly WorldConstraint[]> {
  const grouped = groupBy(rows, (row) => row.relation);
  return new Map(
    [...grouped].map(([relation, group]) => [
      relation,
      group.flatMap((row) => constraintOf(row, nameOf, texts) ?? []),
    ]),
  );
}

function buildRelation(
  row: RelationRow,
  rows: Rows,
  types: TypeNames,
  texts: ExpressionTexts,
): Relation {
  const attached = rows.attached.get(row.oid) ?? [];
  const named = (kind: AttachedRow["kind"]) => attached.filter((item) => item.kind === kind);
  const parents = (row.parents ?? []).map(Number);
  const isIndex = row.kind === "i" || row.kind === "I";
  const isPartition = row.bound !== null;
  const bound = texts.bound(row.bound);
  const schemaName = (oid: number | null) => rows.schemas.get(oid ?? 0) ?? "pg_catalog";
  return {
    id: row.oid,
    schema: rows.schemas.get(row.schema) ?? "",
    name: row.name,
    kind: kinds[row.kind] ?? "table",
    persistence:
      row.persistence === "u" ? "unlogged" : row.persistence === "t" ? "temporary" : "permanent",
    columns: isIndex
      ? []
      : (rows.columns.get(row.oid) ?? []).map((column) =>
          buildColumn(column, types, texts, rows.grants),
        ),
    constraints: rows.constraints.get(row.oid) ?? [],
    inherits: isIndex || isPartition ? [] : parents,
    partitioning:
      row.partition_strategy === null
        ? undefined
        : {
            strategy: strategies[row.partition_strategy as keyof typeof strategies],
            columns: (row.partition_columns ?? []).flatMap(
              (number) => rows.nameOf(row.oid, number) ?? [],
            ),
            expressions: texts.expressions(row.partition_expressions),
          },
    partitionOf: isPartition
      ? { parent: parents[0] ?? 0, isDefault: row.bound === "DEFAULT", bound }
      : undefined,
    index: isIndex ? buildIndex(row, parents[0], rows, texts) : undefined,
    ownedBy: owner(row, rows.nameOf),
    sequenceType: (row.sequence_type as Relation["sequenceType"] | null) ?? undefined,
    view: rows.reads.get(row.oid),
    rowSecurity: row.row_security,
    triggers: named("trigger").map((item) => buildTrigger(item, texts, schemaName)),
    rules: named("rule").map((item) => buildRule(item, rows.uses, rows.nameOf, texts)),
    policies: named("policy").map((item) => buildPolicy(item, rows.uses, rows.nameOf, texts)),
    statistics: named("statistics").map((item) => buildStatistics(item, texts, schemaName)),
    replicaIdentity: replicaIdentity(row, rows),
    tablespace: row.tablespace ?? undefined,
    accessMethod: isIndex ? undefined : (row.access_method ?? undefined),
    ofType: row.of_type ?? undefined,
    foreignServer: row.foreign_server ?? undefined,
    publications: rows.published.get(row.oid) ?? [],
    owner: row.owner,
    grants: rows.grants.of("relation", row.oid),
    onCommit: undefined,
  };
}

function buildColumn(
  row: ColumnRow,
  types: TypeNames,
  texts: ExpressionTexts,
  grants: Grants,
): WorldColumn {
  const [expression] = texts.expressions(row.expression);
  return {
    number: row.number,
    name: row.name,
    type: types.use(row.type, row.modifier),
    collation: row.collation ?? undefined,
    notNull: row.not_null,
    default: row.generated === "" ? expression : undefined,
    identity: row.identity === "" ? undefined : row.identity === "a" ? "always" : "default",
    generated:
      row.generated === "" || expression === undefined
        ? undefined
        : { kind: row.generated === "v" ? "virtual" : "stored", expression },
    inherited: row.inherited,
    local: row.local,
    grants: grants.of("relation", row.relation, row.number),
    typeKnown: true,
  };
}

function buildIndex(
  row: RelationRow,
  partOf: number | undefined,
  rows: Rows,
  texts: ExpressionTexts,
): Relation["index"] {
  const index = rows.indexes.get(row.oid);
  if (index === undefined) return undefined;
  const names = index.columns.map((number) =>
    number === 0 ? undefined : rows.nameOf(index.table, number),
  );
  return {
    table: index.table,
    method: row.access_method ?? "btree",
    columns: names.slice(0, index.key_count),
    options: index.options.map(([operatorClass, collation, descending, nullsFirst]) => ({
      operatorClass: operatorClass ?? undefined,
      collation: collation ?? undefined,
      descending,
      nullsFirst,
    })),
    include: names.slice(index.key_count).flatMap((name) => name ?? []),
    expressions: texts.expressions(index.expressions),
    predicate: texts.expressions(index.predicate)[0],
    unique: index.unique,
    nullsNotDistinct: index.nulls_not_distinct,
    valid: index.valid,
    clustered: index.clustered,
    constraint: rows.constraintOfIndex.get(row.oid),
    partOf,
  };
}

function owner(row: RelationRow, nameOf: ColumnNames): Relation["ownedBy"] {
  if (row.owner_table === null || row.owner_column === null) return undefined;
  const column = nameOf(row.owner_table, row.owner_column);
  return column === undefined ? undefined : { table: row.owner_table, column };
}

function replicaIdentity(row: RelationRow, rows: Rows): Relation["replicaIdentity"] {
  switch (row.replica_identity) {
    case "f":
      return "full";
    case "n":
      return "nothing";
    case "i": {
      const index = rows.identityIndexes.get(row.oid);
      return index === undefined ? "nothing" : { index };
    }
    default:
      return "default";
  }
}
