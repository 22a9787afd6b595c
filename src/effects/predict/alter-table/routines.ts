import type { Node } from "@pgsql/types";
import { findRoutines } from "../../world/index.ts";
import type { EffectDraft } from "../draft.ts";
import { isSystemName, listName } from "../names.ts";

const routines: ReadonlySet<string | undefined> = new Set([
  "OBJECT_FUNCTION",
  "OBJECT_PROCEDURE",
  "OBJECT_ROUTINE",
  "OBJECT_AGGREGATE",
]);

/** True for functions, procedures and aggregates. */
export function isRoutine(objectType: string | undefined): boolean {
  return routines.has(objectType);
}

/** Functions and procedures are no relations: all there is to say of them is whether they are there. */
export function refuseMissingRoutine(draft: EffectDraft, object: Node | undefined): void {
  const name = listName(object);
  if (isSystemName(name)) return;
  if (findRoutines(draft.world, name, draft.searchPath).length === 0)
    draft.missing(`function ${name.name}`, "42883");
}
