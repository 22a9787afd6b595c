import type { Effect } from "../../effect.ts";
import type { PredictInput } from "../input.ts";
import { target } from "../names.ts";
import { startDraft } from "./plan.ts";

/** ALTER … [NO] DEPENDS ON EXTENSION (alter.c, ExecAlterObjectDependsStmt). */
export function predictAlterDepends(input: PredictInput): Effect {
  const draft = startDraft(input);
  const { node } = input.statement;
  if (!("AlterObjectDependsStmt" in node)) return draft.effect();
  const { relation: range } = node.AlterObjectDependsStmt;
  const relation = range === undefined ? undefined : target(draft, range);
  if (relation !== undefined) draft.lock(relation, "AccessExclusive");
  return draft.effect();
}
