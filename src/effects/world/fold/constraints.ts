import type { Constraint, Node } from "@pgsql/types";
import { columnsIn } from "../expressions.ts";
import { byId, childrenOf } from "../lookup.ts";
import type { ConstraintBase, ObjectId, Relation, WorldColumn, WorldConstraint } from "../model.ts";
import { columnOf, updateColumn } from "./columns.ts";
import { change, type FoldContext } from "./context.ts";
import { dropConstraint } from "./drop-object.ts";
import { chooseConstraintName } from "./object-names.ts";

const none: ReadonlySet<string> = new Set();

export function constraintOf(
  relation: Relation | undefined,
  name: string,
): WorldConstraint | undefined {
  return relation?.constraints.find((constraint) => constraint.name === name);
}

export function addConstraint(
  { world }: FoldContext,
  id: ObjectId,
  constraint: WorldConstraint,
): void {
  const relation = byId(world, id);
  if (relation !== undefined)
    change(world, id, { constraints: [...relation.constraints, constraint] });
}

export function updateConstraint(
  { world }: FoldContext,
  id: ObjectId,
  name: string,
  fields: Partial<ConstraintBase>,
): void {
  const relation = byId(world, id);
  if (constraintOf(relation, name) === undefined) return;
  change(world, id, {
    constraints: relation!.constraints.map((constraint) =>
      constraint.name === name ? { ...constraint, ...fields } : constraint,
    ),
  });
}

/** Adds a CHECK constraint to a table and its children; `fresh` for a table that is just being created. */
export function addCheck(
  context: FoldContext,
  id: ObjectId,
  definition: Constraint,
  options: { readonly recurse: boolean; readonly fresh: boolean },
): void {
  const relation = byId(context.world, id);
  if (relation === undefined || definition.raw_expr === undefined) return;
  const enforced = definition.is_enforced === true;
  const constraint = {
    kind: "check",
    name: definition.conname ?? checkName(context, relation, definition.raw_expr),
    valid: enforced && (options.fresh || definition.skip_validation !== true),
    enforced,
    deferrable: false,
    noInherit: definition.is_no_inherit ?? false,
    inherited: false,
    local: true,
    expression: definition.raw_expr,
  } as const;
  inheritCheck(context, relation, constraint, options.recurse && !constraint.noInherit);
}

function inheritCheck(
  context: FoldContext,
  relation: Relation,
  constraint: Extract<WorldConstraint, { kind: "check" }>,
  recurse: boolean,
): void {
  const existing = constraintOf(relation, constraint.name);
  if (existing === undefined) addConstraint(context, relation.id, constraint);
  else
    updateConstraint(context, relation.id, constraint.name, {
      inherited: existing.inherited || constraint.inherited,
      local: existing.local || constraint.local,
    });
  if (!recurse) return;
  for (const child of childrenOf(context.world, relation.id))
    inheritCheck(context, child, { ...constraint, inherited: true, local: false }, true);
}

/** A check over exactly one column carries its name (heap.c, AddRelationNewConstraints). */
function checkName({ world }: FoldContext, relation: Relation, expression: Node): string {
  const columns = columnsIn(expression).filter((name) => columnOf(relation, name) !== undefined);
  const middle = columns.length === 1 ? columns[0] : undefined;
  return chooseConstraintName(world, relation.schema, relation.name, middle, "check", none);
}

/** How a column becomes NOT NULL. */
export interface NotNullOptions {
  readonly name?: string | undefined;
  readonly valid?: boolean;
  readonly noInherit?: boolean;
  readonly recurse?: boolean;
  readonly inherited?: boolean;
}

/**
 * Makes a column NOT NULL; since Postgres 18 that is a constraint with a name, `table_column_not_null` unless told, which
 * children have under the same name (heap.c, AddRelationNotNullConstraints; tablecmds.c, ATExecSetNotNull).
 */
export function setNotNull(
  context: FoldContext,
  id: ObjectId,
  column: string,
  options: NotNullOptions = {},
): void {
  const { world } = context;
  const relation = byId(world, id);
  if (columnOf(relation, column) === undefined) return;
  const { valid = true, noInherit = false, inherited = false } = options;
  const columns = withNotNull(relation!, column);
  let { name } = options;
  const existing = world.major >= 18 ? notNullOf(relation!, column) : undefined;
  if (world.major < 18) change(world, id, { columns });
  else if (existing === undefined) {
    const { schema, name: table, constraints } = relation!;
    const chosen = () => chooseConstraintName(world, schema, table, column, "not_null", none);
    name ??= chosen();
    const constraint: WorldConstraint = {
      kind: "not-null",
      name: constraintOf(relation, name) === undefined ? name : chosen(),
      valid,
      enforced: true,
      deferrable: false,
      noInherit,
      inherited,
      local: !inherited,
      column,
    };
    change(world, id, { columns, constraints: [...constraints, constraint] });
  } else {
    change(world, id, { columns });
    ({ name } = existing);
    updateConstraint(context, id, name, {
      valid: existing.valid || valid,
      inherited: existing.inherited || inherited,
      local: existing.local || !inherited,
    });
  }
  if (options.recurse === false || noInherit) return;
  for (const child of childrenOf(world, id))
    setNotNull(context, child.id, column, { ...options, name, inherited: true });
}

function withNotNull({ columns }: Relation, name: string): readonly WorldColumn[] {
  return columns.map((column) => (column.name === name ? { ...column, notNull: true } : column));
}

/** The NOT NULL constraint of a column (Postgres 18 and later). */
export function notNullOf(
  relation: Relation,
  column: string,
): Extract<WorldConstraint, { kind: "not-null" }> | undefined {
  return relation.constraints.find(
    (constraint): constraint is Extract<WorldConstraint, { kind: "not-null" }> =>
      constraint.kind === "not-null" && constraint.column === column,
  );
}

/** Makes a column nullable: since 18 by dropping the constraint, before that in children too (ATExecDropNotNull). */
export function dropNotNull(
  context: FoldContext,
  id: ObjectId,
  column: string,
  recurse: boolean,
): void {
  const { world } = context;
  const relation = byId(world, id);
  if (relation === undefined) return;
  const constraint = notNullOf(relation, column);
  if (constraint !== undefined) {
    dropConstraint(world, id, constraint.name, recurse);
    return;
  }
  updateColumn(context, id, column, { notNull: false });
  if (recurse && world.major < 18)
    for (const child of childrenOf(world, id)) dropNotNull(context, child.id, column, true);
}
