import type { Effect } from "../../effect.ts";
import { byId } from "../../world/index.ts";
import { rangeName, strings } from "../../world/nodes.ts";
import type { PredictInput } from "../input.ts";
import { target } from "../names.ts";
import { startDraft } from "./plan.ts";

/** ALTER SEQUENCE options (sequence.c, AlterSequence): nextval, and so inserts that use it, wait. */
export function predictAlterSequence(input: PredictInput): Effect {
  const draft = startDraft(input);
  const { node } = input.statement;
  if (!("AlterSeqStmt" in node)) return draft.effect();
  const {
    sequence: range,
    missing_ok: missingOk,
    options = [],
    for_identity: forIdentity,
  } = node.AlterSeqStmt;
  const relation = missingOk === true ? draft.find(rangeName(range)) : target(draft, range);
  if (relation === undefined) return draft.effect();
  if (relation.kind !== "sequence") {
    draft.fail("always", "42809", `"${relation.name}" is not a sequence`);
    return draft.effect();
  }
  draft.lock(relation, "ShareRowExclusive");
  for (const option of options) {
    if (!("DefElem" in option) || option.DefElem.defname !== "owned_by") continue;
    const { arg } = option.DefElem;
    const path = arg !== undefined && "List" in arg ? strings(arg.List.items) : [];
    const isIdentity = byId(draft.world, relation.ownedBy?.table ?? 0)?.columns.some(
      ({ name, identity }) => name === relation.ownedBy?.column && identity !== undefined,
    );
    if (isIdentity === true && forIdentity !== true) {
      draft.fail("always", "0A000", "cannot change ownership of identity sequence");
      return draft.effect();
    }
    if (path.length < 2) continue;
    const [schema, name] = path.length > 2 ? path.slice(-3, -1) : [undefined, path[0]];
    const owner = draft.find({ schema, name: name ?? "" });
    if (owner === undefined) draft.missing(`relation "${name}"`, "42P01");
    else if (!owner.columns.some((column) => column.name === path.at(-1)))
      draft.missing(`column "${path.at(-1)}" of relation "${owner.name}"`, "42703");
    else draft.lock(owner, "AccessShare", "read");
  }
  return draft.effect();
}
