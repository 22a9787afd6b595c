import { qualifiedName } from "../../../sql/index.ts";
import type { RelationKind } from "../../effect.ts";
import type { Relation, TypeUse, World } from "../../world/index.ts";
import { ownTypeUsers } from "../../world/derived.ts";
import { rowRelation } from "../../world/type-use.ts";
import { keepsStorage } from "./index-reuse.ts";
import {
  checkForeignKey,
  hasRows,
  mayFail,
  refuse,
  remainingIndexes,
  type Plan,
  type TableChange,
} from "./plan.ts";

/** What is done with the rows when all subcommands are through (tablecmds.c, ATRewriteTables). */
export function finish(plan: Plan): void {
  for (const change of plan.tables.values()) {
    if (change.rewrite || change.retyped.size > 0) refuseRowTypeUsers(plan, change.relation);
    if (plan.draft.fails) return;
    finishTable(plan, change);
  }
  for (const check of plan.checks) checkForeignKey(plan, check);
}

function finishTable(plan: Plan, change: TableChange): void {
  const { draft, world } = plan;
  const { relation } = change;
  if (change.rewrite && hasRows(relation)) draft.rewrite(relation);
  else if (change.verify) draft.scan(relation);
  for (const index of remainingIndexes(plan, change)) {
    if (change.rewrite) draft.lock(index, "AccessExclusive", "index");
    const isRemade = change.remade.has(index.id) && !keepsStorage(world, index, change);
    if (!hasRows(relation) || (!change.rewrite && !isRemade)) continue;
    draft.build(relation, index);
    checkAgain(plan, change, index);
  }
  for (const name of change.built) draft.build(relation, name);
}

/** Values of another type may meet where the old ones did not. */
function checkAgain(plan: Plan, { relation, remade }: TableChange, index: Relation): void {
  const { constraint: name, unique } = index.index ?? {};
  const kind = relation.constraints.find((constraint) => constraint.name === name)?.kind;
  // Rows are compared with each other after the build (index.c, IndexCheckExclusion).
  const isCheckedToo = plan.checks.some(({ child, parent }) =>
    [child.id, parent.id].includes(relation.id),
  );
  if (kind === "exclusion" && !isCheckedToo) plan.draft.scan(relation);
  if (!remade.has(index.id)) return;
  if (kind === "exclusion")
    mayFail(plan, "23P01", `could not create exclusion constraint "${index.name}"`, relation);
  else if (unique === true)
    mayFail(plan, "23505", `could not create unique index "${index.name}"`, relation);
}

const holdsNoRows: ReadonlySet<RelationKind> = new Set(["composite type", "index", "view"]);

/** A table whose row type is a column's type elsewhere cannot be changed (find_composite_type_dependencies). */
function refuseRowTypeUsers(plan: Plan, relation: Relation): void {
  const users = ownTypeUsers(plan.world).flatMap((user) => {
    if (holdsNoRows.has(user.kind) || user.id === relation.id) return [];
    const column = user.columns.find(({ type }) => containsRow(plan.world, type, relation));
    return column === undefined ? [] : [{ user, column }];
  });
  const [first] = users.sort((a, b) => a.user.id - b.user.id);
  if (first !== undefined)
    refuse(
      plan,
      "0A000",
      `cannot alter table "${relation.name}" because column "${first.user.name}.${first.column.name}" uses its row type`,
    );
}

/** True when a value of the type holds rows of the relation, at whatever depth. */
export function containsRow(world: World, type: TypeUse, relation: Relation): boolean {
  const { schema, name } = type;
  if (schema === undefined || schema === "pg_catalog") return false;
  if (qualifiedName(schema, name) === qualifiedName(relation.schema, relation.name)) return true;
  const row = rowRelation(world, { ...type, array: false });
  if (row?.kind !== "composite type") return false;
  return row.columns.some((column) => containsRow(world, column.type, relation));
}
