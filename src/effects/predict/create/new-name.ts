import { findType, type Name } from "../../world/index.ts";
import type { EffectDraft } from "../draft.ts";

/** The name with the schema in which a new object of it comes to stand, where that is known. */
export function placed({ world, searchPath }: EffectDraft, { schema, name }: Name): Name {
  return { schema: schema ?? searchPath.find((each) => world.schemas.has(each)), name };
}

/** A new relation has a type of its rows, whose name must be free too (heap.c, heap_create_with_catalog). */
export function refuseTypeName(draft: EffectDraft, name: Name): void {
  const wanted = placed(draft, name);
  if (wanted.schema !== undefined && findType(draft.world, wanted) !== undefined)
    draft.fail("always", "42710", `type "${name.name}" already exists`);
}

/** True when the name is there already: a failure, unless IF NOT EXISTS leaves it at that. */
export function isTaken(draft: EffectDraft, name: Name, mayExist: boolean): boolean {
  const there = draft.find(placed(draft, name));
  if (there === undefined) return false;
  if (!mayExist) draft.fail("always", "42P07", `relation "${there.name}" already exists`);
  return true;
}

/** False, with the failure noted, when the schema of a new object is not there. */
export function hasSchema(draft: EffectDraft, { schema }: Name): boolean {
  const isNowhere =
    schema === undefined && !draft.searchPath.some((each) => draft.world.schemas.has(each));
  if (isNowhere && draft.knowsAll && draft.searchPath.length > 0) {
    draft.fail("always", "3F000", "no schema has been selected to create in");
    return false;
  }
  if (isNowhere && draft.world.complete)
    draft.unknown("whether there is a schema to create in is not known");
  if (schema === undefined || schema === "pg_temp" || draft.world.schemas.has(schema)) return true;
  if (!draft.knowsAll) return true;
  draft.fail("always", "3F000", `schema "${schema}" does not exist`);
  return false;
}

/** IF NOT EXISTS: where it is not known whether the name is there already, a failure is not certain. */
export function unlessThere(
  draft: EffectDraft,
  name: Name,
  make: (part: EffectDraft) => void,
): void {
  const part = draft.part();
  make(part);
  const effect = part.effect();
  const { failure } = part;
  if (failure === undefined || draft.knowsAll) {
    draft.add(effect);
    return;
  }
  draft.add({ ...effect, failures: effect.failures.filter(({ when }) => when !== "always") });
  draft.unknown(`it fails unless "${name.name}" exists, which is not known: ${failure.message}`);
}
