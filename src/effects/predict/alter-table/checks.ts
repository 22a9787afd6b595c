import type { Constraint } from "@pgsql/types";
import type { Relation } from "../../world/index.ts";
import { columnsIn } from "../../world/index.ts";
import { refuseWritten } from "./operators.ts";
import {
  changeOf,
  columnOf,
  descendantsOf,
  hasRows,
  lockDescendants,
  mayFail,
  refuse,
  type Plan,
} from "./plan.ts";

/** ADD CHECK on the table and on what inherits from it (tablecmds.c, ATAddCheckNNConstraint). */
export function addCheck(
  plan: Plan,
  relation: Relation,
  constraint: Constraint,
  recurse: boolean,
): void {
  const change = changeOf(plan, relation);
  const { conname: name, raw_expr: expression } = constraint;
  if (expression === undefined || refusedEnforcement(plan, constraint)) return;
  for (const column of columnsIn(expression))
    if (column !== "*" && column !== "tableoid") columnOf(plan, change, column);
  if (name !== undefined && change.constraints.some((other) => other.name === name))
    refuse(plan, "42710", `constraint "${name}" for relation "${relation.name}" already exists`);
  refuseWritten(plan, change, expression);
  const noInherit = constraint.is_no_inherit === true;
  if (noInherit && relation.kind === "partitioned table")
    refuse(
      plan,
      "42P16",
      `cannot add NO INHERIT constraint to partitioned table "${relation.name}"`,
    );
  if (!recurse && !noInherit && descendantsOf(plan.world, relation).length > 0)
    refuse(plan, "42P16", "constraint must be added to child tables too");
  if (plan.draft.fails) return;
  const enforced = constraint.is_enforced === true;
  const valid = enforced && constraint.skip_validation !== true;
  const children = noInherit || !recurse ? [] : lockDescendants(plan, relation);
  // Since 18 the children are locked before it is known that they are not concerned.
  if (noInherit && recurse && plan.major >= 18) lockDescendants(plan, relation);
  for (const table of [relation, ...children]) {
    const entry = changeOf(plan, table);
    const known = entry.constraints.find((other) => other.name === name);
    // A child that has the constraint already takes it for the parent's.
    if (known !== undefined && table !== relation) continue;
    entry.constraints.push({
      kind: "check",
      name: name ?? "",
      valid,
      enforced,
      deferrable: false,
      noInherit,
      inherited: table !== relation,
      local: table === relation,
      expression,
    });
    if (!valid || !hasRows(table)) continue;
    entry.verify = true;
    const label = name === undefined ? "the new check constraint" : `check constraint "${name}"`;
    mayFail(plan, "23514", `${label} of relation "${table.name}" is violated by some row`, table);
  }
}

/** NOT ENFORCED is new in 18. */
export function refusedEnforcement(plan: Plan, { is_enforced: enforced }: Constraint): boolean {
  if (enforced === true || plan.major >= 18) return false;
  refuse(plan, "42601", "NOT ENFORCED exists since Postgres 18");
  return true;
}
