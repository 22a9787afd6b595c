import type { Constraint, IndexElem } from "@pgsql/types";
import type { TypeUse } from "../world/index.ts";
import { strings } from "../world/nodes.ts";
import { baseOf } from "./alter-table/conversion.ts";
import type { EffectDraft } from "./draft.ts";
import { isRange, lacksOperatorClass } from "./type-order.ts";

/** The type of a column, by its name; undefined when it is not known. */
type TypeOf = (column: string) => TypeUse | undefined;

/** Says that no index can stand behind a PRIMARY KEY, UNIQUE or EXCLUDE of these types; true when none can. */
export function refuseKeyTypes(
  draft: EffectDraft,
  constraint: Constraint,
  typeOf: TypeOf,
): boolean {
  const keys = strings(constraint.keys);
  if (constraint.without_overlaps === true && refusedPeriod(draft, keys, typeOf)) return true;
  if (constraint.contype === "CONSTR_EXCLUSION")
    return refuseUnclassed(
      draft,
      constraint.access_method ?? "btree",
      exclusionKeys(constraint),
      typeOf,
    );
  const method = constraint.without_overlaps === true ? "gist" : "btree";
  return refuseUnclassed(
    draft,
    method,
    keys.map((name) => ({ name })),
    typeOf,
  );
}

/** Says that a key column without a named operator class has none by default; true when so. */
export function refuseUnclassed(
  draft: EffectDraft,
  method: string,
  keys: readonly Pick<IndexElem, "name" | "opclass">[],
  typeOf: TypeOf,
): boolean {
  for (const { name, opclass } of keys) {
    const type = name === undefined ? undefined : typeOf(name);
    if (type === undefined || opclass !== undefined) continue;
    if (!lacksOperatorClass(draft.world, method, baseOf(draft.world, type))) continue;
    draft.fail(
      "always",
      "42704",
      `data type ${type.name} has no default operator class for access method "${method}"`,
    );
    return true;
  }
  return false;
}

export function exclusionKeys({ exclusions = [] }: Constraint): readonly IndexElem[] {
  return exclusions.flatMap((pair) => {
    const [element] = "List" in pair ? (pair.List.items ?? []) : [];
    return element !== undefined && "IndexElem" in element ? [element.IndexElem] : [];
  });
}

/** WITHOUT OVERLAPS, since 18: a range at the end, and something before it (parse_utilcmd.c, transformIndexConstraint). */
function refusedPeriod(draft: EffectDraft, keys: readonly string[], typeOf: TypeOf): boolean {
  const fail = (state: string, message: string): true => {
    draft.fail("always", state, message);
    return true;
  };
  if (draft.world.major < 18) return fail("42601", "WITHOUT OVERLAPS exists since Postgres 18");
  if (keys.length < 2)
    return fail("42601", "constraint using WITHOUT OVERLAPS needs at least two columns");
  const last = keys.at(-1) ?? "";
  const type = typeOf(last);
  if (type === undefined || isRange(draft.world, baseOf(draft.world, type)) !== false) return false;
  return fail("42804", `column "${last}" in WITHOUT OVERLAPS is not a range or multirange type`);
}
