import type { TypeUse } from "./model.ts";

/** How a column's new type stands to the old one, for who reads and writes values. */
export type TypeChange =
  /** Every value fits, and clients see it as the same type. */
  | "widened"
  /** The same type with less room: a value that was accepted may be refused now. */
  | "narrowed"
  /** Another type. */
  | "retyped";

/** Text of unlimited length and text of some length are one to clients: strings. */
const strings = new Set(["text", "varchar"]);

/** Modified types whose modifiers bound what fits, the more the larger. */
const lengths = new Set(["varchar", "bpchar", "varbit"]);

/** Types whose modifier is a precision of seconds: less of it rounds and refuses nothing. */
const precisions = new Set(["time", "timetz", "timestamp", "timestamptz", "interval"]);

export function typeChange(before: TypeUse, after: TypeUse): TypeChange {
  if (before.array !== after.array || before.schema !== after.schema) return "retyped";
  if (before.schema === "pg_catalog" && strings.has(before.name) && strings.has(after.name))
    return room(after) >= room(before) ? "widened" : "narrowed";
  if (before.name !== after.name) return "retyped";
  if (before.schema !== "pg_catalog") return "retyped";
  if (lengths.has(after.name)) return room(after) >= room(before) ? "widened" : "narrowed";
  if (precisions.has(after.name)) return "widened";
  if (after.name === "numeric") return numericChange(before.modifiers, after.modifiers);
  return "narrowed";
}

function room({ name, modifiers }: TypeUse): number {
  return name === "text" ? Infinity : (modifiers[0] ?? Infinity);
}

/** numeric(p, s): p - s digits before the point; a smaller scale rounds, which a writer may not expect. */
function numericChange(before: readonly number[], after: readonly number[]): TypeChange {
  const [newPrecision, newScale = 0] = after;
  if (newPrecision === undefined) return "widened";
  const [oldPrecision, oldScale = 0] = before;
  if (oldPrecision === undefined) return "narrowed";
  const fits = newScale >= oldScale && newPrecision - newScale >= oldPrecision - oldScale;
  return fits ? "widened" : "narrowed";
}
