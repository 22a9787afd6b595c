import type { Constraint } from "@pgsql/types";
import { qualifiedName } from "../../../sql/index.ts";
import type { Relation, WorldConstraint } from "../../world/index.ts";
import { childrenOf, indexesOf } from "../../world/index.ts";
import { strings } from "../../world/nodes.ts";
import { joinColumnNames, makeObjectName } from "../../world/fold/object-names.ts";
import { exclusionKeys, refuseKeyTypes } from "../key-types.ts";
import { makeNotNull } from "./not-null.ts";
import {
  changeOf,
  columnOf,
  descendantsOf,
  hasRows,
  lockDescendants,
  mayFail,
  refuse,
  remainingIndexes,
  roleOfChild,
  type Plan,
  type TableChange,
} from "./plan.ts";

type KeyKind = "primary-key" | "unique" | "exclusion";

const kinds: Readonly<Record<string, KeyKind>> = {
  CONSTR_PRIMARY: "primary-key",
  CONSTR_UNIQUE: "unique",
  CONSTR_EXCLUSION: "exclusion",
};

const labels = { "primary-key": "pkey", unique: "key", exclusion: "excl" } as const;

/** ADD UNIQUE, PRIMARY KEY or EXCLUDE (tablecmds.c, ATExecAddIndex and ATExecAddIndexConstraint). */
export function addKey(
  plan: Plan,
  relation: Relation,
  constraint: Constraint,
  recurse: boolean,
): void {
  const change = changeOf(plan, relation);
  const kind = kinds[constraint.contype ?? ""] ?? "unique";
  if (constraint.nulls_not_distinct === true && plan.major < 15) {
    refuse(plan, "42601", "NULLS NOT DISTINCT exists since Postgres 15");
    return;
  }
  if (kind === "primary-key" && change.constraints.some((other) => other.kind === "primary-key")) {
    refuse(plan, "42P16", `multiple primary keys for table "${relation.name}" are not allowed`);
    return;
  }
  if (constraint.indexname !== undefined) useIndex(plan, change, kind, constraint, recurse);
  else newKey(plan, change, kind, constraint, recurse);
}

function newKey(
  plan: Plan,
  change: TableChange,
  kind: KeyKind,
  constraint: Constraint,
  recurse: boolean,
): void {
  const { relation } = change;
  const columns =
    kind === "exclusion"
      ? exclusionKeys(constraint).flatMap(({ name }) => name ?? [])
      : strings(constraint.keys);
  for (const column of [...columns, ...strings(constraint.including)])
    columnOf(plan, change, column);
  if (plan.draft.fails || refusedKey(plan, change, kind, columns, recurse)) return;
  if (change.columns.some((own) => own.generated?.kind === "virtual" && columns.includes(own.name)))
    refuse(
      plan,
      "0A000",
      "constraints with an index on virtual generated columns are not supported",
    );
  const typeOf = (column: string) => change.columns.find(({ name }) => name === column)?.type;
  if (refuseKeyTypes(plan.draft, constraint, typeOf) || plan.draft.fails) return;
  const name = constraint.conname ?? chosenName(plan, relation, kind, columns);
  if (nameTaken(plan, change, name)) {
    refuse(plan, "42P07", `relation "${name}" already exists`);
    return;
  }
  if (kind === "primary-key") makeColumnsNotNull(plan, change, columns, recurse);
  if (plan.major >= 18 && recurse) lockDescendants(plan, relation);
  change.constraints.push(keyConstraint(kind, name, columns));
  if (recurse || relation.kind !== "partitioned table")
    buildKey(plan, relation, { kind, columns, deferrable: constraint.deferrable === true }, name);
}

interface BuiltKey {
  readonly kind: KeyKind;
  readonly columns: readonly string[];
  readonly deferrable: boolean;
}

/** The index on the table, or on each of its partitions. */
function buildKey(plan: Plan, relation: Relation, key: BuiltKey, name: string): void {
  const { kind, columns, deferrable } = key;
  if (hasRows(relation)) {
    changeOf(plan, relation).built.push(qualifiedName(relation.schema, name));
    const [state, message] =
      kind === "exclusion"
        ? ["23P01", `could not create exclusion constraint "${name}"`]
        : ["23505", `could not create unique index "${name}"`];
    mayFail(plan, state, message, relation);
    // Rows are compared with each other after the build (index.c, IndexCheckExclusion).
    if (kind === "exclusion") plan.draft.scan(relation);
  }
  if (relation.kind !== "partitioned table") return;
  for (const partition of descendantsOf(plan.world, relation)) {
    // indexcmds.c, DefineIndex: partitions are locked as for CREATE INDEX.
    plan.draft.lock(partition, plan.major >= 18 ? plan.mode : "Share", roleOfChild(partition));
    // A key that may be deferred has a trigger on each table (index.c, index_constraint_create).
    if (deferrable) plan.draft.lock(partition, "ShareRowExclusive", roleOfChild(partition));
    if (!hasRows(partition)) continue;
    const chosen = chosenName(plan, partition, kind, columns);
    buildKey(plan, partition, key, chosen);
  }
}

function keyConstraint(kind: KeyKind, name: string, columns: readonly string[]): WorldConstraint {
  const rest = { valid: true, enforced: true, deferrable: false, noInherit: true };
  return { kind, name, columns, index: 0, inherited: false, local: true, ...rest };
}

function chosenName(
  plan: Plan,
  relation: Relation,
  kind: KeyKind,
  columns: readonly string[],
): string {
  const middle = kind === "primary-key" ? undefined : joinColumnNames(columns);
  return chooseName(plan, relation, middle, labels[kind]);
}

/** A name for a new index that is free when the subcommands before are done (indexcmds.c, ChooseRelationName). */
export function chooseName(
  plan: Plan,
  relation: Relation,
  middle: string | undefined,
  label: string,
): string {
  const change = changeOf(plan, relation);
  for (let pass = 0; ; pass++) {
    const suffix = pass === 0 ? label : `${label}${pass}`;
    const name = makeObjectName(relation.name, middle, suffix);
    if (!nameTaken(plan, change, name)) return name;
  }
}

function nameTaken({ world }: Plan, change: TableChange, name: string): boolean {
  const wanted = qualifiedName(change.relation.schema, name);
  const taken = world.relations.get(wanted);
  return (
    (taken !== undefined && !change.dropped.has(taken.id)) ||
    change.built.includes(wanted) ||
    change.constraints.some((constraint) => constraint.name === name)
  );
}

function refusedKey(
  plan: Plan,
  { relation, constraints }: TableChange,
  kind: KeyKind,
  columns: readonly string[],
  recurse: boolean,
): boolean {
  // The index is made on each partition too, which may be partitioned by other columns (indexcmds.c, DefineIndex).
  const made = [relation, ...(recurse ? descendantsOf(plan.world, relation) : [])];
  for (const { partitioning } of kind === "exclusion" ? [] : made) {
    if (partitioning === undefined) continue;
    const lacking = partitioning.columns.find((column) => !columns.includes(column));
    if (lacking !== undefined || partitioning.expressions.length > 0)
      refuse(
        plan,
        "0A000",
        "unique constraint on partitioned table must include all partitioning columns",
      );
  }
  if (kind === "primary-key")
    for (const constraint of constraints)
      if (
        constraint.kind === "not-null" &&
        (!constraint.valid || constraint.noInherit) &&
        columns.includes(constraint.column)
      )
        refuse(plan, "55000", `cannot create primary key on column "${constraint.column}"`);
  return plan.draft.fails;
}

/** A primary key makes its columns NOT NULL, in inheriting tables too. */
function makeColumnsNotNull(
  plan: Plan,
  change: TableChange,
  columns: readonly string[],
  recurse: boolean,
): void {
  if (plan.major >= 18 && !recurse) refuseNullableChildren(plan, change.relation, columns);
  // Children of a table that has it already have it too; before 18 that was sure of partitions only (ATPrepSetNotNull).
  const isSure = plan.major >= 18 || change.relation.kind === "partitioned table";
  const nullable = columns.filter((name) =>
    change.columns.some((column) => column.name === name && !(column.notNull && isSure)),
  );
  if (nullable.length === 0) return;
  const children = recurse ? lockDescendants(plan, change.relation) : [];
  for (const name of nullable)
    for (const table of [change.relation, ...children])
      makeNotNull(plan, changeOf(plan, table), name);
}

/** With ONLY the children must have the NOT NULL already (tablecmds.c, ATPrepAddPrimaryKey: an internal error). */
function refuseNullableChildren(plan: Plan, relation: Relation, columns: readonly string[]): void {
  for (const child of childrenOf(plan.world, relation.id))
    for (const { name, notNull } of child.columns)
      if (columns.includes(name) && !notNull)
        refuse(plan, "XX000", `column "${name}" of table "${child.name}" is not marked NOT NULL`);
}

/** … USING INDEX: the index gets the constraint's name, for which it is locked. */
function useIndex(
  plan: Plan,
  change: TableChange,
  kind: KeyKind,
  constraint: Constraint,
  recurse: boolean,
): void {
  const { draft } = plan;
  const { relation } = change;
  const { indexname: wanted = "", conname } = constraint;
  if (relation.kind === "partitioned table") {
    refuse(plan, "0A000", "ADD CONSTRAINT USING INDEX is not supported on partitioned tables");
    return;
  }
  const index = remainingIndexes(plan, change).find(({ name }) => name === wanted);
  if (index?.index === undefined) {
    draft.missing(`index "${wanted}"`, "42704");
    return;
  }
  const facts = index.index;
  if (facts.constraint !== undefined)
    refuse(plan, "55000", `index "${wanted}" is already associated with a constraint`);
  else if (!facts.valid) refuse(plan, "55000", `index "${wanted}" is not valid`);
  else if (!facts.unique) refuse(plan, "42809", `"${wanted}" is not a unique index`);
  else if (facts.expressions.length > 0)
    refuse(plan, "42809", `index "${wanted}" contains expressions`);
  else if (facts.predicate !== undefined) refuse(plan, "42809", `"${wanted}" is a partial index`);
  if (draft.fails) return;
  const renamed = conname !== undefined && conname !== wanted;
  draft.lock(index, renamed ? "ShareUpdateExclusive" : "AccessShare", "index");
  const columns = facts.columns.flatMap((column) => column ?? []);
  if (kind === "primary-key") makeColumnsNotNull(plan, change, columns, recurse);
  if (plan.major >= 18 && recurse) lockDescendants(plan, relation);
  change.constraints.push(keyConstraint(kind, conname ?? wanted, columns));
}

/** True when the table has a unique index, or a new key, on exactly these columns. */
export function hasUniqueKey(plan: Plan, relation: Relation, columns: readonly string[]): boolean {
  const same = (other: readonly (string | undefined)[]): boolean =>
    other.length === columns.length && columns.every((column) => other.includes(column));
  const change = plan.tables.get(relation.id);
  const isNew = (change?.constraints ?? []).some(
    (constraint) =>
      (constraint.kind === "primary-key" || constraint.kind === "unique") &&
      constraint.index === 0 &&
      same(constraint.columns),
  );
  if (isNew) return true;
  return indexesOf(plan.world, relation.id).some(
    ({ id, index }) =>
      index !== undefined &&
      index.unique &&
      index.predicate === undefined &&
      change?.dropped.has(id) !== true &&
      same(index.columns),
  );
}
