import type { RoleSpec } from "@pgsql/types";
import type { Effect } from "../../effect.ts";
import type { Relation } from "../../world/index.ts";
import { indexesOf, sequencesOf } from "../../world/index.ts";
import type { PredictInput } from "../input.ts";
import { refuseMissingRoles } from "../access.ts";
import { listName } from "../names.ts";
import { refuse, startDraft, type Plan } from "./plan.ts";

const lockedAlong = "AccessExclusive";

/**
 * OWNER TO: another owner gets the indexes and owned sequences too (tablecmds.c, ATExecChangeOwner). Where files alone do
 * not tell who owns a relation, the current role is taken for its owner, any role that is named for another one.
 */
export function changeOwner(plan: Plan, relation: Relation, role: RoleSpec | undefined): void {
  if (role !== undefined) refuseMissingRoles(plan.draft, [{ RoleSpec: role }]);
  if (plan.draft.fails) return;
  const isOther = role?.roletype === "ROLESPEC_CSTRING" && role.rolename !== relation.owner;
  if (isOther && relation.kind === "sequence" && relation.ownedBy !== undefined) {
    refuse(plan, "0A000", `cannot change owner of sequence "${relation.name}"`);
    return;
  }
  if (!isOther) return;
  for (const index of indexesOf(plan.world, relation.id))
    plan.draft.lock(index, lockedAlong, "index");
  for (const sequence of sequencesOf(plan.world, relation.id))
    plan.draft.lock(sequence, lockedAlong, "sequence");
}

/** ALTER … OWNER TO of an object that is no relation: only a composite type has one. */
export function predictAlterOwner(input: PredictInput): Effect {
  const draft = startDraft(input);
  const { node } = input.statement;
  if (!("AlterOwnerStmt" in node)) return draft.effect();
  const { objectType, object } = node.AlterOwnerStmt;
  if (objectType === "OBJECT_TYPE") {
    const relation = draft.find(listName(object));
    if (relation?.kind === "composite type") draft.lock(relation, lockedAlong);
  }
  return draft.effect();
}
