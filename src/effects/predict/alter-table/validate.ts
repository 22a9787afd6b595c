import type { Relation, WorldConstraint } from "../../world/index.ts";
import { parentOf } from "./dependents.ts";
import { queueCheck, type ForeignKey } from "./foreign-keys.ts";
import {
  changeOf,
  descendantsOf,
  hasRows,
  lockDescendants,
  mayFail,
  refuse,
  type Plan,
} from "./plan.ts";

/** VALIDATE CONSTRAINT (tablecmds.c, ATExecValidateConstraint). */
export function validateConstraint(
  plan: Plan,
  relation: Relation,
  name: string,
  recurse: boolean,
): void {
  const change = changeOf(plan, relation);
  const constraint = change.constraints.find((candidate) => candidate.name === name);
  if (constraint === undefined) {
    plan.draft.missing(`constraint "${name}" of relation "${relation.name}"`, "42704");
    return;
  }
  const { kind } = constraint;
  if (kind !== "foreign-key" && kind !== "check" && (kind !== "not-null" || plan.major < 18)) {
    refuse(plan, "42809", `cannot validate constraint "${name}" of relation "${relation.name}"`);
    return;
  }
  if (!constraint.enforced) {
    refuse(
      plan,
      "42809",
      `cannot validate NOT ENFORCED constraint "${name}" of relation "${relation.name}"`,
    );
    return;
  }
  if (constraint.valid) return;
  if (constraint.kind === "foreign-key") validateForeignKey(plan, relation, constraint);
  else validateRows(plan, relation, constraint, recurse);
}

function validateForeignKey(plan: Plan, relation: Relation, constraint: ForeignKey): void {
  const parent = parentOf(plan, constraint);
  if (parent === undefined) {
    plan.draft.unknown(
      `the table referenced by "${constraint.name}" is not known: it is locked too`,
    );
    return;
  }
  if (parent.id !== relation.id) plan.draft.lock(parent, "RowShare", "foreign-key-parent");
  const partitions = relation.kind === "partitioned table" ? lockDescendants(plan, relation) : [];
  for (const table of [relation, ...partitions]) {
    markValid(plan, table, constraint.name);
    queueCheck(plan, table, parent);
  }
}

/** A CHECK or NOT NULL: every table that has it not validated yet is read. */
function validateRows(
  plan: Plan,
  relation: Relation,
  constraint: WorldConstraint,
  recurse: boolean,
): void {
  const { name } = constraint;
  if (!recurse && !constraint.noInherit && descendantsOf(plan.world, relation).length > 0) {
    refuse(plan, "42P16", "constraint must be validated on child tables too");
    return;
  }
  const children = constraint.noInherit ? [] : lockDescendants(plan, relation);
  for (const table of [relation, ...children]) {
    const change = changeOf(plan, table);
    const own = change.constraints.find((other) => isSame(other, constraint));
    if (own === undefined || own.valid) continue;
    markValid(plan, table, own.name);
    if (!hasRows(table)) continue;
    change.verify = true;
    const [state, message] =
      constraint.kind === "not-null"
        ? [
            "23502",
            `column "${constraint.column}" of relation "${table.name}" contains null values`,
          ]
        : [
            "23514",
            `check constraint "${name}" of relation "${table.name}" is violated by some row`,
          ];
    mayFail(plan, state, message, table);
  }
}

/** Children have a NOT NULL for the same column, under any name. */
function isSame(own: WorldConstraint, wanted: WorldConstraint): boolean {
  if (own.kind === "not-null" && wanted.kind === "not-null") return own.column === wanted.column;
  return own.kind === wanted.kind && own.name === wanted.name;
}

function markValid(plan: Plan, table: Relation, name: string): void {
  const change = changeOf(plan, table);
  change.constraints = change.constraints.map((constraint) =>
    constraint.name === name ? { ...constraint, valid: true } : constraint,
  );
}
