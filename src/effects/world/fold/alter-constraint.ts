import type { ATAlterConstraint } from "@pgsql/types";
import { byId, childrenOf } from "../lookup.ts";
import type { ObjectId } from "../model.ts";
import { constraintOf, updateConstraint } from "./constraints.ts";
import type { FoldContext } from "./context.ts";

/** VALIDATE CONSTRAINT, on children too (tablecmds.c, ATExecValidateConstraint). */
export function validateConstraint(
  context: FoldContext,
  id: ObjectId,
  name: string,
  recurse: boolean,
): void {
  const { world } = context;
  const constraint = constraintOf(byId(world, id), name);
  if (constraint === undefined) return;
  if (constraint.enforced) updateConstraint(context, id, name, { valid: true });
  if (!recurse || constraint.noInherit) return;
  for (const child of childrenOf(world, id)) {
    const copy = child.constraints.find((candidate) =>
      candidate.kind === "not-null" && constraint.kind === "not-null"
        ? candidate.column === constraint.column
        : candidate.name === name,
    );
    if (copy !== undefined) validateConstraint(context, child.id, copy.name, true);
  }
}

/** ALTER CONSTRAINT: deferrability, and since 18 enforcement and inheritance. */
export function alterConstraint(
  context: FoldContext,
  id: ObjectId,
  change: ATAlterConstraint,
): void {
  const { world } = context;
  const name = change.conname ?? "";
  const constraint = constraintOf(byId(world, id), name);
  if (constraint === undefined) return;
  const enforced = change.is_enforced ?? false;
  updateConstraint(context, id, name, {
    ...(change.alterDeferrability === true ? deferrabilityOf(change) : {}),
    ...(change.alterEnforceability === true ? { enforced, valid: enforced } : {}),
    ...(change.alterInheritability === true ? { noInherit: change.noinherit ?? false } : {}),
  });
  if (change.alterInheritability === true) return;
  for (const child of childrenOf(world, id))
    if (constraintOf(child, name)?.inherited === true) alterConstraint(context, child.id, change);
}

export function deferrabilityOf({ deferrable = false, initdeferred = false }: ATAlterConstraint): {
  readonly deferrable: boolean;
  readonly deferred: boolean;
} {
  return { deferrable, deferred: initdeferred };
}
