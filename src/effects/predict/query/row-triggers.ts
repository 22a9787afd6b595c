import {
  byId,
  findRoutines,
  foreignKeysTo,
  partitionsOf,
  type ReferentialAction,
  type Relation,
  type World,
  type TriggerEvent,
  type WorldConstraint,
} from "../../world/index.ts";
import { dottedName } from "../../world/nodes.ts";
import { nameInText } from "../../plpgsql/index.ts";
import { runRoutine } from "./call-function.ts";
import type { QueryContext } from "./context.ts";
import { needIdentity } from "./replica-identity.ts";
import { planTable } from "./plan-table.ts";

type ForeignKey = Extract<WorldConstraint, { kind: "foreign-key" }>;

function foreignKeys(table: Relation): readonly ForeignKey[] {
  return table.constraints.filter(
    (constraint): constraint is ForeignKey => constraint.kind === "foreign-key",
  );
}

/**
 * New keys are looked up in the parents with `SELECT … FOR KEY SHARE` (ri_triggers.c, RI_FKey_check): RowShare on the
 * parent and, as it is planned, on its indexes. It happens for each row that has no null among the columns.
 */
export function checkParents(
  { draft }: QueryContext,
  table: Relation,
  given: readonly string[],
): void {
  for (const key of foreignKeys(table)) {
    if (!key.enforced || !key.columns.some((column) => given.includes(column))) continue;
    if (!key.columns.every((column) => given.includes(column) || !mayBeNull(table, column)))
      continue;
    const parent = byId(draft.world, key.references.table);
    if (parent === undefined) continue;
    draft.fail("on-rows", "23503", violation(table, key), table);
    draft.lock(parent, "RowShare", "foreign-key-parent");
    planTable(draft, parent, "RowShare", { only: parent.kind !== "partitioned table" });
  }
}

function mayBeNull(table: Relation, column: string): boolean {
  return table.columns.find(({ name }) => name === column)?.notNull !== true;
}

/** A partition's constraint is made from those of its parents, which are opened for that (relcache.c). */
export function lockParents({ draft }: QueryContext, table: Relation): void {
  for (let at: Relation | undefined = table; at?.partitionOf !== undefined;) {
    at = byId(draft.world, at.partitionOf.parent);
    if (at !== undefined) draft.lock(at, "AccessShare", "partition-parent");
  }
}

/**
 * What changing these columns of a table's rows makes the server do besides: keys are looked up, rows that reference a
 * changed key are looked for or follow it (ri_triggers.c).
 * @param given columns that get another value than NULL
 */
export function updateRows(
  context: QueryContext,
  table: Relation,
  columns: readonly string[],
  given = columns,
  seen: ReadonlySet<number> = new Set(),
): void {
  if (seen.has(table.id)) return;
  const inner = new Set([...seen, table.id]);
  needIdentity(context, table, "update");
  lockParents(context, table);
  checkParents(context, table, given.length === 0 ? [] : withOtherKeyColumns(table, given));
  for (const { child, key } of keysTo(context, table)) {
    if (!key.references.columns.some((column) => columns.includes(column))) continue;
    const acts = isAction(key.onUpdate);
    lockChild(context, child, acts ? "RowExclusive" : "RowShare");
    if (acts) {
      changeAll(context, child, "update");
      if (key.onUpdate === "set-null") refuseNulls(context, child, key.columns);
      updateRows(
        context,
        child,
        key.columns,
        key.onUpdate === "set-null" ? [] : key.columns,
        inner,
      );
    } else refuse(context, table, key, key.onUpdate);
  }
  fireTriggers(context, table, "update", columns);
}

/** A row that goes to another partition is deleted here and inserted there (nodeModifyTable.c, ExecCrossPartitionUpdate). */
export function moveRows(context: QueryContext, partition: Relation): void {
  checkParents(
    context,
    partition,
    partition.columns.map(({ name }) => name),
  );
  for (const event of ["delete", "insert"] as const) fireTriggers(context, partition, event);
}

function isAction(action: ReferentialAction): boolean {
  return action !== "no-action" && action !== "restrict";
}

/** The other columns of a key keep what they have, which may be anything but new. */
function withOtherKeyColumns(table: Relation, columns: readonly string[]): readonly string[] {
  const found = new Set(columns);
  for (const key of foreignKeys(table))
    if (key.columns.some((column) => columns.includes(column)))
      for (const column of key.columns) found.add(column);
  return [...found];
}

/**
 * What deleting rows of a table makes the server do besides: referencing rows are looked for (RowShare), deleted or set
 * (RowExclusive), by what ON DELETE says (ri_triggers.c).
 */
export function deleteRows(
  context: QueryContext,
  table: Relation,
  seen: ReadonlySet<number> = new Set(),
): void {
  if (seen.has(table.id)) return;
  const inner = new Set([...seen, table.id]);
  needIdentity(context, table, "delete");
  for (const { child, key } of keysTo(context, table)) {
    const acts = isAction(key.onDelete);
    lockChild(context, child, acts ? "RowExclusive" : "RowShare");
    if (!acts) refuse(context, table, key, key.onDelete);
    if (!acts) continue;
    if (key.onDelete === "cascade") {
      changeAll(context, child, "delete");
      deleteRows(context, child, inner);
    } else {
      changeAll(context, child, "update");
      const set = key.onDeleteColumns.length === 0 ? key.columns : key.onDeleteColumns;
      if (key.onDelete === "set-null") refuseNulls(context, child, set);
      updateRows(context, child, set, key.onDelete === "set-default" ? set : [], inner);
    }
  }
  fireTriggers(context, table, "delete");
}

/** A key that is referenced stays. From Postgres 18 on RESTRICT has a code of its own (ri_ReportViolation, ri_triggers.c). */
function refuse(
  { draft }: QueryContext,
  table: Relation,
  key: ForeignKey,
  action: ReferentialAction,
): void {
  const state = action === "restrict" && draft.world.major >= 18 ? "23001" : "23503";
  draft.fail("on-rows", state, violation(table, key), table);
}

function refuseNulls({ draft }: QueryContext, table: Relation, columns: readonly string[]): void {
  for (const column of columns)
    if (!mayBeNull(table, column))
      draft.fail(
        "on-rows",
        "23502",
        `null value in column "${column}" of relation "${table.name}" violates not-null constraint`,
        table,
      );
}

function violation({ name }: Relation, key: ForeignKey): string {
  return `a change of table "${name}" violates foreign key constraint "${key.name}"`;
}

/** Foreign keys that reference a table; those that partitions have from their parent stand there already. */
function keysTo({ draft }: QueryContext, table: Relation) {
  return lineOf(draft.world, table).flatMap(({ id }) =>
    foreignKeysTo(draft.world, id).flatMap((child) =>
      foreignKeys(child)
        .filter((key) => key.references.table === id && key.enforced)
        .filter(() => child.partitionOf === undefined)
        .map((key) => ({ child, key })),
    ),
  );
}

/** The table and, for a partition, what it is a partition of: rows of both are referenced by the same keys. */
function lineOf(world: World, table: Relation): readonly Relation[] {
  const above = table.partitionOf && byId(world, table.partitionOf.parent);
  return above === undefined ? [table] : [table, ...lineOf(world, above)];
}

/** Rows of a partitioned table are those of its partitions. */
function changeAll(context: QueryContext, table: Relation, command: "update" | "delete"): void {
  if (table.kind !== "partitioned table") context.draft.change(table, command, false);
  else
    for (const part of partitionsOf(context.draft.world, table.id))
      changeAll(context, part, command);
}

function lockChild(
  { draft }: QueryContext,
  child: Relation,
  mode: "RowShare" | "RowExclusive",
): void {
  draft.lock(child, mode, "foreign-key-child");
  planTable(draft, child, mode, { only: child.kind !== "partitioned table" });
}

/**
 * What the functions of a table's triggers for an event do. A condition is taken to hold; UPDATE OF asks for one of its
 * columns in the SET list (trigger.c, TriggerEnabled).
 */
export function fireTriggers(
  { draft }: Pick<QueryContext, "draft">,
  table: Relation,
  event: TriggerEvent,
  columns: readonly string[] = [],
): void {
  for (const trigger of table.triggers) {
    const { enabled, events, updateOf } = trigger;
    if (!enabled || !events.includes(event)) continue;
    const isOfOthers =
      event === "update" &&
      updateOf.length > 0 &&
      !updateOf.some((column) => columns.includes(column));
    if (isOfOthers) continue;
    const name = nameInText(trigger.routine) ?? dottedName([trigger.routine]);
    const routines = findRoutines(draft.world, name).filter(
      (routine) => routine.arguments.length === 0,
    );
    if (routines.length === 0 && name.schema !== "pg_catalog")
      draft.unknown(`trigger ${trigger.name} of ${table.name} calls a function that is not known`);
    for (const routine of routines) runRoutine(draft, routine, { trigger: true });
  }
}
