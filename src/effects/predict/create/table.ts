import type { ColumnDef, Constraint, CreateStmt, Node, RangeVar } from "@pgsql/types";
import {
  byId,
  foreignKeysTo,
  indexesOf,
  partitionsOf,
  resolveType,
  type Relation,
  type TypeUse,
} from "../../world/index.ts";
import { rangeName, strings } from "../../world/nodes.ts";
import { serialTypes } from "../../world/type-use.ts";
import { provesOutside } from "../../world/proofs/bound-proof.ts";
import { baseOf } from "../alter-table/conversion.ts";
import { comparable } from "../alter-table/foreign-keys.ts";
import { mostColumns, tooManyColumns } from "../column-limit.ts";
import { refuseMissingAccessMethod, refuseMissingTablespace } from "../access.ts";
import { collationsClash } from "../collations.ts";
import { refuseBoundValues } from "../bound-values.ts";
import type { EffectDraft } from "../draft.ts";
import { refuseMissingFunctions } from "../query/call-function.ts";
import { refuseMissingSequences } from "../query/sequences.ts";
import { misfit } from "../../world/proofs/bounds.ts";
import { overlapping } from "../query/pruning.ts";
import { isTable, target } from "../names.ts";
import { mayReference } from "../persistence.ts";
import { persistenceOf } from "../../world/fold/context.ts";
import { refuseNotNullClauses, refuseTableNotNull } from "../not-null-clauses.ts";
import { hasSchema, isTaken, refuseTypeName, unlessThere } from "./new-name.ts";
import { checkKeys } from "./table-keys.ts";

/** CREATE TABLE and CREATE FOREIGN TABLE: what the new table is tied to (tablecmds.c, DefineRelation). */
export function predictCreateTable(
  draft: EffectDraft,
  statement: CreateStmt,
  kind: "table" | "foreign table" = "table",
): void {
  const name = rangeName(statement.relation);
  if (statement.if_not_exists === true)
    unlessThere(draft, name, (part) => {
      makeTable(part, statement, kind);
    });
  else makeTable(draft, statement, kind);
}

function makeTable(
  draft: EffectDraft,
  statement: CreateStmt,
  kind: "table" | "foreign table",
): void {
  const name = rangeName(statement.relation);
  if (isTaken(draft, name, statement.if_not_exists === true)) return;
  if (!hasSchema(draft, name) || refusedPersistence(draft, statement)) return;
  refuseTypeName(draft, name);
  refuseMissingTablespace(draft, statement.tablespacename);
  refuseMissingAccessMethod(draft, statement.accessMethod);
  if (draft.fails) return;
  const elements = statement.tableElts ?? [];
  const columns = elements.flatMap((node) => ("ColumnDef" in node ? [node.ColumnDef] : []));
  if (columns.length > mostColumns) tooManyColumns(draft);
  if (draft.fails) return;
  refuseTableNotNull(draft, elements);
  for (const column of columns) {
    knowType(draft, column);
    refuseNotNullClauses(draft, column.colname ?? "", constraintsOf(column));
    for (const { contype, raw_expr: expression } of constraintsOf(column))
      if (contype === "CONSTR_DEFAULT" && expression !== undefined) {
        refuseMissingSequences(draft, expression);
        refuseMissingFunctions(draft, expression);
      }
  }
  for (const node of elements)
    if ("TableLikeClause" in node) {
      const source = target(draft, node.TableLikeClause.relation);
      if (source === undefined) continue;
      if (source.index !== undefined || source.kind === "sequence")
        draft.fail("always", "42809", `relation "${source.name}" is invalid in LIKE clause`);
      else draft.lock(source, "AccessShare", "read");
    }
  if (statement.ofTypename !== undefined) {
    const type = resolveType(statement.ofTypename, draft.world, draft.searchPath);
    const composite = draft.find(type);
    if (composite !== undefined) draft.lock(composite, "AccessShare", "read");
  }
  const parents = (statement.inhRelations ?? []).flatMap((node) =>
    "RangeVar" in node ? [node.RangeVar] : [],
  );
  if (statement.partbound !== undefined) becomePartition(draft, parents[0], statement, kind);
  else inheritFrom(draft, parents, columns);
  for (const { key, own } of foreignKeysOf(columns, elements))
    reference(draft, statement, key, own, columns);
  checkKeys(draft, statement, columns, elements);
}

/** Temporary tables have a schema of their own (namespace.c, RangeVarAdjustRelationPersistence). */
function refusedPersistence(draft: EffectDraft, { relation, partspec }: CreateStmt): boolean {
  const { schemaname: schema, relpersistence: persistence } = relation ?? {};
  if (persistence === "t" && schema !== undefined && schema !== "pg_temp")
    draft.fail("always", "42P16", "cannot create temporary relation in non-temporary schema");
  // Since 18 (tablecmds.c, DefineRelation).
  if (persistence === "u" && partspec !== undefined && draft.world.major >= 18)
    draft.fail("always", "0A000", "partitioned tables cannot be unlogged");
  return draft.fails;
}

function knowType(draft: EffectDraft, { typeName }: ColumnDef): void {
  if (typeName === undefined) return;
  const type = resolveType(typeName, draft.world, draft.searchPath);
  if (type.schema !== undefined) return;
  const written = strings(typeName.names);
  if (serialTypes[written.at(-1) ?? ""] !== undefined) return;
  if (draft.knowsAll && draft.world.extensions.size <= 1)
    draft.fail("always", "42704", `type "${written.join(".")}" does not exist`);
}

function constraintsOf({ constraints = [] }: ColumnDef): readonly Constraint[] {
  return constraints.flatMap((node) => ("Constraint" in node ? [node.Constraint] : []));
}

interface WrittenKey {
  readonly key: Constraint;
  /** Names of the referencing columns. */
  readonly own: readonly string[];
}

function foreignKeysOf(columns: readonly ColumnDef[], elements: readonly Node[]): WrittenKey[] {
  const keysIn = (nodes: readonly Node[] | undefined) =>
    (nodes ?? []).flatMap((node) =>
      "Constraint" in node && node.Constraint.contype === "CONSTR_FOREIGN" ? [node.Constraint] : [],
    );
  return [
    ...columns.flatMap(({ colname = "", constraints }) =>
      keysIn(constraints).map((key) => ({ key, own: [colname] })),
    ),
    ...keysIn(elements).map((key) => ({ key, own: strings(key.fk_attrs) })),
  ];
}

/** A foreign key puts triggers on the table that it references, and on its partitions: ShareRowExclusive. */
function reference(
  draft: EffectDraft,
  statement: CreateStmt,
  constraint: Constraint,
  own: readonly string[],
  columns: readonly ColumnDef[],
): void {
  const table = rangeName(statement.relation);
  const name = rangeName(constraint.pktable);
  if (name.name === table.name && (name.schema ?? "public") === (table.schema ?? "public")) return;
  const parent = target(draft, constraint.pktable);
  if (parent === undefined) return;
  if (!isTable(parent) || parent.kind === "foreign table") {
    draft.fail("always", "42809", `referenced relation "${parent.name}" is not a table`);
    return;
  }
  if (!mayReference(persistenceOf(statement.relation, table.schema ?? ""), parent.persistence)) {
    draft.fail("always", "42P16", "constraints may reference only tables that last as long");
    return;
  }
  if (!hasKey(draft, parent, constraint, columns)) return;
  if (!isComparable(draft, parent, constraint, own, columns)) return;
  lockTree(draft, parent, "foreign-key-parent");
}

function lockTree(draft: EffectDraft, parent: Relation, role: "foreign-key-parent" | "partition") {
  draft.lock(parent, "ShareRowExclusive", role);
  for (const partition of partitionsOf(draft.world, parent.id))
    lockTree(draft, partition, "partition");
}

/** As many columns as are referenced, of types that compare with theirs (tablecmds.c, ATAddForeignKeyConstraint). */
function isComparable(
  draft: EffectDraft,
  parent: Relation,
  constraint: Constraint,
  own: readonly string[],
  columns: readonly ColumnDef[],
): boolean {
  const { world, searchPath } = draft;
  const primary = parent.constraints.find(({ kind }) => kind === "primary-key");
  const written = strings(constraint.pk_attrs);
  const referenced =
    written.length === 0 && primary?.kind === "primary-key" ? primary.columns : written;
  if (referenced.length !== own.length) {
    draft.fail(
      "always",
      "42830",
      "number of referencing and referenced columns for foreign key disagree",
    );
    return false;
  }
  const odd = own.find((name, at) => {
    const type = columns.find(({ colname }) => colname === name)?.typeName;
    const other = parent.columns.find((column) => column.name === referenced[at]);
    if (type === undefined || other === undefined || !other.typeKnown) return false;
    const mine = resolveType(type, world, searchPath);
    return !comparable(world.major, baseOf(world, mine), baseOf(world, other.type));
  });
  if (odd !== undefined) {
    draft.fail(
      "always",
      "42804",
      `foreign key constraint cannot be implemented: "${odd}" is of another type`,
    );
    return false;
  }
  const clashing = own.find((name, at) => {
    const column = columns.find(({ colname }) => colname === name);
    const other = parent.columns.find((each) => each.name === referenced[at]);
    if (column === undefined || other === undefined) return false;
    const collation = strings(column.collClause?.collname).at(-1);
    return collationsClash(world, collation, other.collation);
  });
  if (clashing !== undefined)
    draft.fail(
      "always",
      "42P21",
      `foreign key constraint cannot be implemented: "${clashing}" has another collation`,
    );
  return clashing === undefined;
}

/** The referenced columns must be those of a primary key or unique index without a predicate. */
function hasKey(
  draft: EffectDraft,
  parent: Relation,
  constraint: Constraint,
  columns: readonly ColumnDef[],
): boolean {
  const wanted = strings(constraint.pk_attrs);
  const keys = indexesOf(draft.world, parent.id).filter(
    ({ index }) => index?.unique === true && index.predicate === undefined,
  );
  const primary = parent.constraints.some(({ kind }) => kind === "primary-key");
  if (parent.columns.length === 0 && columns.length === 0) return true;
  const found =
    wanted.length === 0
      ? primary
      : keys.some(
          ({ index }) =>
            index!.columns.length === wanted.length &&
            wanted.every((column) => index!.columns.includes(column)),
        );
  if (!found)
    draft.fail(
      "always",
      wanted.length === 0 ? "42704" : "42830",
      wanted.length === 0
        ? `there is no primary key for referenced table "${parent.name}"`
        : `there is no unique constraint matching given keys for referenced table "${parent.name}"`,
    );
  return found;
}

/** INHERITS: ShareUpdateExclusive on the parents; columns of one name must have one type. */
function inheritFrom(
  draft: EffectDraft,
  ranges: readonly RangeVar[],
  columns: readonly ColumnDef[],
): void {
  const types = new Map<string, TypeUse>();
  const merge = (name: string, type: TypeUse) => {
    const other = types.get(name);
    if (other === undefined) types.set(name, type);
    else if (type.schema !== undefined && other.schema !== undefined && type.name !== other.name)
      draft.fail("always", "42804", `column "${name}" has a type conflict`);
  };
  for (const range of ranges) {
    const parent = target(draft, range);
    if (parent === undefined) continue;
    if (!isTable(parent)) {
      draft.fail("always", "42809", `"${parent.name}" is not a table or foreign table`);
      continue;
    }
    if (parent.kind === "partitioned table" || parent.partitionOf !== undefined) {
      const what = parent.kind === "partitioned table" ? "partitioned table" : "partition";
      draft.fail("always", "42809", `cannot inherit from ${what} "${parent.name}"`);
      continue;
    }
    for (const { name, type } of parent.columns) merge(name, type);
    draft.lock(parent, "ShareUpdateExclusive", "inheritance-parent");
  }
  for (const { colname = "", typeName } of columns)
    merge(colname, resolveType(typeName, draft.world, draft.searchPath));
}

/**
 * PARTITION OF: AccessExclusive on the parent; a default partition is locked alike and read, as rows of the new partition
 * may be in it, unless its CHECKs prove that there are none. Foreign keys and indexes of the parent are made for the partition too.
 */
function becomePartition(
  draft: EffectDraft,
  range: RangeVar | undefined,
  statement: CreateStmt,
  kind: "table" | "foreign table",
): void {
  const parent = target(draft, range);
  if (parent === undefined) return;
  const { partbound } = statement;
  const problem =
    parent.partitioning && partbound && misfit(parent.partitioning.strategy, partbound);
  if (problem !== undefined) {
    draft.fail("always", "42P16", problem);
    return;
  }
  const isTemporary = statement.relation?.relpersistence === "t";
  if (isTemporary !== (parent.persistence === "temporary")) {
    const [own, other] = isTemporary ? ["temporary", "permanent"] : ["permanent", "temporary"];
    draft.fail(
      "always",
      "42809",
      `cannot create a ${own} relation as partition of ${other} relation "${parent.name}"`,
    );
    return;
  }
  if (parent.kind !== "partitioned table") {
    draft.fail("always", "42P17", `"${parent.name}" is not partitioned`);
    return;
  }
  const { world } = draft;
  const { strategy } = parent.partitioning ?? {};
  const letter = statement.partbound?.strategy;
  const isDefault = statement.partbound?.is_default === true;
  if (!isDefault && strategy !== undefined && letter !== undefined && letter !== strategy[0]) {
    draft.fail("always", "42P16", `invalid bound specification for a ${strategy} partition`);
    return;
  }
  if (statement.partbound !== undefined) refuseBoundValues(draft, parent, statement.partbound);
  if (draft.fails) return;
  draft.lock(parent, "AccessExclusive", "partition-parent");
  const standing = partitionsOf(world, parent.id).find(({ partitionOf }) => partitionOf?.isDefault);
  if (standing !== undefined) {
    if (isDefault) {
      const name = rangeName(statement.relation).name;
      draft.fail(
        "always",
        "42P17",
        `partition "${name}" conflicts with existing default partition "${standing.name}"`,
      );
      return;
    }
    const bound = statement.partbound;
    readDefault(draft, standing, "default-partition", (rest) =>
      bound === undefined || parent.partitioning === undefined
        ? false
        : provesOutside(rest, parent.partitioning, bound),
    );
  }
  const other = overlapping(world, parent, statement.partbound);
  if (other !== undefined) {
    const { name } = rangeName(statement.relation);
    draft.fail("always", "42P17", `partition "${name}" would overlap partition "${other.name}"`);
    return;
  }
  if (kind === "table")
    for (const index of indexesOf(world, parent.id))
      draft.lock(index, "ShareUpdateExclusive", "index");
  for (const constraint of parent.constraints) {
    if (constraint.kind !== "foreign-key") continue;
    const referenced = byId(world, constraint.references.table);
    if (referenced !== undefined) lockTree(draft, referenced, "foreign-key-parent");
  }
  // Until 14 the referencing table is only looked at (tablecmds.c, CloneFkReferenced).
  const mode = world.major >= 15 ? "ShareRowExclusive" : "AccessShare";
  for (const child of foreignKeysTo(world, parent.id)) draft.lock(child, mode, "foreign-key-child");
}

function readDefault(
  draft: EffectDraft,
  partition: Relation,
  role: "default-partition" | "partition",
  isProven: (partition: Relation) => boolean,
): void {
  draft.lock(partition, "AccessExclusive", role);
  // Partitions of a default partition that is proven are not even locked; those below are proven one by one.
  const isRead = !isProven(partition);
  if (isRead && partition.kind !== "partitioned table") draft.scan(partition);
  if (!isRead && role === "default-partition") return;
  for (const below of partitionsOf(draft.world, partition.id))
    readDefault(draft, below, "partition", isProven);
}
