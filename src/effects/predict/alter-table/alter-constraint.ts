import type { AlterTableCmd } from "@pgsql/types";
import type { Relation } from "../../world/index.ts";
import { deferrabilityOf } from "../../world/fold/alter-constraint.ts";
import { parentOf } from "./dependents.ts";
import { lockPartitions, queueCheck } from "./foreign-keys.ts";
import { makeNotNull } from "./not-null.ts";
import { changeOf, lockDescendants, refuse, type Plan } from "./plan.ts";

/** ALTER CONSTRAINT (tablecmds.c, ATExecAlterConstraint). */
export function alterConstraint(
  plan: Plan,
  relation: Relation,
  { def }: AlterTableCmd,
  recurse: boolean,
): void {
  if (def === undefined || !("ATAlterConstraint" in def)) return;
  const wanted = def.ATAlterConstraint;
  const name = wanted.conname ?? "";
  const isNew = wanted.alterEnforceability === true || wanted.alterInheritability === true;
  if (isNew && plan.major < 18) {
    refuse(plan, "42601", "this form of ALTER CONSTRAINT exists since Postgres 18");
    return;
  }
  if (plan.major >= 18 && relation.kind === "partitioned table" && !recurse) {
    refuse(plan, "42P16", "constraint must be altered in child tables too");
    return;
  }
  const constraint = changeOf(plan, relation).constraints.find((other) => other.name === name);
  if (constraint === undefined) {
    plan.draft.missing(`constraint "${name}" of relation "${relation.name}"`, "42704");
    return;
  }
  if (wanted.alterInheritability === true) {
    if (constraint.kind !== "not-null")
      refuse(
        plan,
        "42809",
        `constraint "${name}" of relation "${relation.name}" is not a not-null constraint`,
      );
    else if (wanted.noinherit !== true && constraint.noInherit)
      for (const child of lockDescendants(plan, relation))
        makeNotNull(plan, changeOf(plan, child), constraint.column);
    return;
  }
  if (constraint.kind !== "foreign-key") {
    refuse(
      plan,
      "42809",
      `constraint "${name}" of relation "${relation.name}" is not a foreign key constraint`,
    );
    return;
  }
  // A partition's copy is changed with its parent's; until 17 the refusal was an internal error.
  if (constraint.inherited && relation.partitionOf !== undefined) {
    const state = plan.major < 18 ? "XX000" : "55000";
    refuse(plan, state, `cannot alter constraint "${name}" on relation "${relation.name}"`);
    return;
  }
  const parent = parentOf(plan, constraint);
  // Until 17 the partitions' constraints were changed with ONLY too, and where nothing changes.
  const { deferrable, deferred } = deferrabilityOf(wanted);
  const isOther = deferrable !== constraint.deferrable || deferred !== constraint.deferred;
  const isDeferred = wanted.alterDeferrability === true && isOther;
  const recurses = plan.major < 18 || isDeferred || wanted.alterEnforceability === true;
  if (relation.kind === "partitioned table" && recurses) lockDescendants(plan, relation);
  const enforced = wanted.is_enforced === true;
  if (wanted.alterEnforceability !== true || enforced === constraint.enforced) return;
  if (parent === undefined) {
    plan.draft.unknown(`the table referenced by "${name}" is not known: it is locked too`);
    return;
  }
  // Without enforcement the triggers on both sides go; with it they come back and all rows are looked up.
  const mode = enforced ? "ShareRowExclusive" : "AccessExclusive";
  if (parent.id !== relation.id) plan.draft.lock(parent, mode, "foreign-key-parent");
  lockPartitions(plan, parent, mode);
  if (enforced) queueCheck(plan, relation, parent);
}
