import type { Constraint } from "@pgsql/types";
import {
  partitionsOf,
  type Relation,
  type TypeUse,
  type WorldColumn,
  type WorldConstraint,
} from "../../world/index.ts";
import { keyOfPartition, referentialActions } from "../../world/fold/foreign-keys.ts";
import { strings } from "../../world/nodes.ts";
import { collationsClash } from "../collations.ts";
import { mayReference } from "../persistence.ts";
import { target } from "../names.ts";
import { castBetween } from "./casts.ts";
import { refusedEnforcement } from "./checks.ts";
import { baseOf } from "./conversion.ts";
import { hasUniqueKey } from "./keys.ts";
import {
  changeOf,
  columnOf,
  descendantsOf,
  leavesOf,
  lockDescendants,
  mayFail,
  refuse,
  type Plan,
  type TableChange,
} from "./plan.ts";

export type ForeignKey = Extract<WorldConstraint, { kind: "foreign-key" }>;

/**
 * ADD FOREIGN KEY (tablecmds.c, ATAddForeignKeyConstraint).
 *
 * @param validate false when all rows are known to hold null
 */
export function addForeignKey(
  plan: Plan,
  relation: Relation,
  constraint: Constraint,
  recurse: boolean,
  validate: boolean,
): void {
  const { draft, world } = plan;
  const change = changeOf(plan, relation);
  if (refusedEnforcement(plan, constraint)) return;
  const parent = target(draft, constraint.pktable);
  if (parent === undefined) return;
  const isPartitioned = relation.kind === "partitioned table";
  if (parent.id !== relation.id) {
    draft.lock(parent, "ShareRowExclusive", "foreign-key-parent");
    lockPartitions(plan, parent, "ShareRowExclusive");
  }
  const columns = strings(constraint.fk_attrs);
  const names = `table "${relation.name}" referencing relation "${parent.name}"`;
  if (isPartitioned && !recurse)
    refuse(plan, "42809", `cannot use ONLY for foreign key on partitioned ${names}`);
  if (isPartitioned && plan.major < 18 && constraint.skip_validation === true)
    refuse(plan, "42809", `cannot add NOT VALID foreign key on partitioned ${names}`);
  const name = constraint.conname;
  if (name !== undefined && change.constraints.some((other) => other.name === name))
    refuse(plan, "42710", `constraint "${name}" for relation "${relation.name}" already exists`);
  const referenced = referencedColumns(plan, parent, constraint);
  if (draft.fails || referenced === undefined) return;
  if (refusedPair(plan, change, columns, parent, referenced, constraint)) return;
  // Until 17 those below a partition that has the key already are left alone.
  if (plan.major >= 18 && recurse) lockDescendants(plan, relation);
  // The referenced table is open when the key is given to the partitions (tablecmds.c, addFkRecurseReferencing).
  if (isPartitioned && descendantsOf(world, relation).some(({ id }) => id === parent.id)) {
    const used = "because it is being used by active queries in this session";
    refuse(plan, "55006", `cannot ALTER TABLE "${parent.name}" ${used}`);
    return;
  }
  const enforced = constraint.is_enforced === true;
  const valid = enforced && constraint.skip_validation !== true;
  const key: ForeignKey = {
    kind: "foreign-key",
    name: name ?? "",
    valid,
    enforced,
    deferrable: constraint.deferrable === true,
    deferred: constraint.initdeferred === true,
    noInherit: true,
    inherited: false,
    local: true,
    columns,
    references: { table: parent.id, columns: referenced },
    onDelete: referentialActions[constraint.fk_del_action ?? "a"] ?? "no-action",
    onUpdate: referentialActions[constraint.fk_upd_action ?? "a"] ?? "no-action",
    onDeleteColumns: [],
  };
  giveKey(plan, key, relation, parent, valid && validate);
}

/**
 * The key on a table and its partitions (tablecmds.c, addFkRecurseReferencing). True when rows are looked up for it: those of
 * a partitioned table are its partitions'.
 */
function giveKey(
  plan: Plan,
  key: ForeignKey,
  table: Relation,
  parent: Relation,
  validate: boolean,
): boolean {
  changeOf(plan, table).constraints.push(key);
  let isChecked = validate && table.kind !== "partitioned table";
  for (const partition of partitionsOf(plan.world, table.id)) {
    plan.draft.lock(partition, plan.mode, "partition");
    const own = givenKey(plan, key, partition, parent);
    if (own === undefined) {
      const given = { ...key, inherited: true, local: false };
      if (giveKey(plan, given, partition, parent, validate)) isChecked = true;
    } else if (validate && !own.valid)
      for (const leaf of leavesOf(plan.world, partition)) queueCheck(plan, leaf, parent);
  }
  if (isChecked) queueCheck(plan, table, parent);
  return isChecked;
}

/** The partition's own key that its parent's adopts: its triggers go from the referenced table. */
export function givenKey(
  plan: Plan,
  key: ForeignKey,
  partition: Relation,
  parent: Relation,
): ForeignKey | undefined {
  const { constraints } = changeOf(plan, partition);
  const { adopted, clash } = keyOfPartition(plan.major, key, constraints);
  if (clash !== undefined)
    refuse(
      plan,
      "42P17",
      `constraint "${key.name}" enforceability conflicts with constraint "${clash.name}" on relation "${partition.name}"`,
    );
  if (adopted === undefined) return undefined;
  const isPartitioned = parent.kind === "partitioned table";
  // The keys go by which each partition of the referenced table was known to this one.
  if (isPartitioned) plan.draft.lock(partition, "AccessExclusive", "partition");
  if (!adopted.enforced) return adopted;
  // Until 14 only the partitions at the bottom have triggers of the key.
  const referenced =
    isPartitioned && plan.major < 15
      ? leavesOf(plan.world, parent)
      : [parent, ...descendantsOf(plan.world, parent)];
  for (const each of referenced) plan.draft.lock(each, "AccessExclusive", "foreign-key-parent");
  return adopted;
}

/** Partitions of a referenced table are locked like it: each gets triggers of its own. */
export function lockPartitions(
  { draft, world }: Plan,
  parent: Relation,
  mode: "ShareRowExclusive" | "AccessExclusive",
): void {
  if (parent.kind !== "partitioned table") return;
  for (const partition of descendantsOf(world, parent))
    draft.lock(partition, mode, "foreign-key-parent");
}

/** The rows of `child` will be looked up in `parent`. */
export function queueCheck(plan: Plan, child: Relation, parent: Relation): void {
  plan.checks.push({ child, parent });
  mayFail(
    plan,
    "23503",
    `insert or update on table "${child.name}" violates a foreign key constraint`,
    child,
  );
}

function referencedColumns(
  plan: Plan,
  parent: Relation,
  constraint: Constraint,
): readonly string[] | undefined {
  if (parent.kind !== "table" && parent.kind !== "partitioned table") {
    refuse(plan, "42809", `referenced relation "${parent.name}" is not a table`);
    return undefined;
  }
  if (constraint.pk_attrs !== undefined) {
    const columns = strings(constraint.pk_attrs);
    for (const column of columns) columnOf(plan, changeOf(plan, parent), column);
    return columns;
  }
  const key = changeOf(plan, parent).constraints.find(({ kind }) => kind === "primary-key");
  if (key?.kind === "primary-key") return key.columns;
  refuse(plan, "42704", `there is no primary key for referenced table "${parent.name}"`);
  return undefined;
}

function refusedPair(
  plan: Plan,
  change: TableChange,
  columns: readonly string[],
  parent: Relation,
  referenced: readonly string[],
  constraint: Constraint,
): boolean {
  const { relation } = change;
  const own = columns.map((column) => columnOf(plan, change, column));
  if (plan.draft.fails) return true;
  if (!mayReference(relation.persistence, parent.persistence))
    refuse(
      plan,
      "42P16",
      `constraints on ${relation.persistence} tables may reference only ${relation.persistence} tables`,
    );
  else if (columns.length !== referenced.length)
    refuse(plan, "42830", "number of referencing and referenced columns for foreign key disagree");
  else if (!hasUniqueKey(plan, parent, referenced))
    refuse(
      plan,
      "42830",
      `there is no unique constraint matching given keys for referenced table "${parent.name}"`,
    );
  for (const column of own) refuseGenerated(plan, column, constraint);
  const types = changeOf(plan, parent).columns;
  for (const [at, column] of own.entries()) {
    const other = types.find(({ name }) => name === referenced[at]);
    if (column === undefined || other === undefined) continue;
    if (!comparable(plan.major, baseOf(plan.world, column.type), baseOf(plan.world, other.type)))
      refuse(
        plan,
        "42804",
        `foreign key constraint cannot be implemented: "${column.name}" and "${other.name}" are of incompatible types`,
      );
    else if (collationsClash(plan.world, column.collation, other.collation))
      refuse(
        plan,
        "42P21",
        `foreign key constraint cannot be implemented: "${column.name}" and "${other.name}" have incompatible collations`,
      );
  }
  return plan.draft.fails;
}

/** Letters of actions that write the column (parsenodes.h, FKCONSTR_ACTION). */
const writing: ReadonlySet<string | undefined> = new Set(["c", "n", "d"]);

/** A generated column is written by nobody, and one that is not stored has no values to look up. */
function refuseGenerated(
  plan: Plan,
  column: WorldColumn | undefined,
  { fk_upd_action: onUpdate, fk_del_action: onDelete }: Constraint,
): void {
  if (column?.generated === undefined) return;
  if (column.generated.kind === "virtual")
    refuse(plan, "0A000", "foreign key constraints on virtual generated columns are not supported");
  if (writing.has(onUpdate) || onDelete === "n" || onDelete === "d")
    refuse(plan, "42601", "invalid action for foreign key constraint containing generated column");
}

/** Types whose values one operator class compares with each other (pg_amop). */
const families: readonly ReadonlySet<string>[] = [
  new Set(["int2", "int4", "int8"]),
  new Set(["float4", "float8"]),
  new Set(["text", "varchar", "name"]),
  new Set(["date", "timestamp", "timestamptz"]),
  new Set(["bit", "varbit"]),
];

/** True when a foreign key between the types is possible, or may be. */
export function comparable(major: number, own: TypeUse, referenced: TypeUse): boolean {
  if (own.schema === undefined || referenced.schema === undefined) return true;
  if (own.name === referenced.name && own.schema === referenced.schema)
    return own.array === referenced.array;
  if (own.schema !== "pg_catalog" || referenced.schema !== "pg_catalog")
    // Enums and composites compare with their own kind only; types of extensions may have casts.
    return own.schema !== "pg_catalog" && referenced.schema !== "pg_catalog";
  if (own.array || referenced.array) return false;
  return (
    families.some((family) => family.has(own.name) && family.has(referenced.name)) ||
    castBetween(major, own.name, referenced.name)?.context === "implicit"
  );
}
