import type { Node } from "@pgsql/types";
import type { TypeUse } from "../../effects/index.ts";
import { calledFunctions, columnNames, nodesOf } from "../tree-search.ts";

/**
 * What a change of type throws away without an error, in words; undefined for nothing that is known.
 * Measured on 14 and 18 with a value of each type; what fails instead (a longer text, a larger integer) is no loss.
 */
export function cutByType(
  before: TypeUse,
  after: TypeUse,
  using: Node | undefined,
): string | undefined {
  if (using === undefined) return cutByAssignment(before, after);
  if (columnNames(using).size === 0) return "every value: USING does not look at the column";
  const shortening = calledFunctions(using).find((name) => shorteners.has(name));
  if (shortening !== undefined) return `what ${shortening}() takes off`;
  return cutByCast(using, after) ?? cutByAssignment(before, after);
}

const shorteners = new Set([
  "left",
  "right",
  "substr",
  "substring",
  "trunc",
  "round",
  "floor",
  "ceil",
  "ceiling",
  "date_trunc",
]);

/** An explicit cast cuts to the length; without one the server refuses with 22001. */
function cutByCast(using: Node, after: TypeUse): string | undefined {
  const limited =
    (after.name === "varchar" || after.name === "bpchar") && after.modifiers.length > 0;
  return limited && nodesOf(using, "TypeCast").length > 0
    ? `what is longer than ${after.modifiers[0]} characters: an explicit cast cuts instead of failing`
    : undefined;
}

const integers = ["int2", "int4", "int8"];
const fractions = ["numeric", "float4", "float8"];
const times = ["timestamp", "timestamptz", "time", "timetz", "interval"];
const texts = ["text", "varchar", "bpchar"];

/** Assignment casts that round or drop a part of the value. */
function cutByAssignment(before: TypeUse, after: TypeUse): string | undefined {
  const [from, to] = [before.name, after.name];
  if (before.array !== after.array) return undefined;
  if (fractions.includes(from) && integers.includes(to)) return "the decimals: values are rounded";
  if (to === "float4" && digitsOf(before) > 6) return "digits: real keeps about six";
  if (to === "float8" && digitsOf(before) > 15)
    return "digits: double precision keeps about fifteen";
  if (fractions.includes(from) && to === "numeric") return scaleLost(before, after);
  if (from === "interval" && to === "time") return "the days";
  if (from.startsWith("timestamp") && to === "date") return "the time of day";
  if (from.startsWith("timestamp") && to.startsWith("time") && !to.startsWith("timestamp"))
    return "the date";
  if (times.includes(from) && times.includes(to) && precisionLost(before, after))
    return "fractions of a second: values are rounded";
  // Before 15 every type has an assignment cast to "char", by way of text.
  if (to === "char" && from !== "char") return "all but the first byte";
  if (texts.includes(from) && to === "name") return "what is longer than 63 bytes";
  return undefined;
}

/** Decimal digits that a number of the type may need; a double has up to seventeen, but casts to itself whole. */
function digitsOf({ name, modifiers }: TypeUse): number {
  const digits = new Map([
    ["int4", 10],
    ["int8", 19],
    ["float8", 15],
  ]);
  if (name === "numeric") return modifiers[0] ?? Number.POSITIVE_INFINITY;
  return digits.get(name) ?? 0;
}

function scaleLost(before: TypeUse, after: TypeUse): string | undefined {
  if (after.modifiers.length === 0) return undefined;
  const scale = after.modifiers[1] ?? 0;
  const had = before.modifiers.length === 0 ? Number.POSITIVE_INFINITY : (before.modifiers[1] ?? 0);
  return scale < had ? `decimals: values are rounded to ${scale}` : undefined;
}

/** Six digits is the precision of a type without one. */
function precisionLost(before: TypeUse, after: TypeUse): boolean {
  const digits = ({ modifiers }: TypeUse) => modifiers.at(-1) ?? 6;
  return digits(after) < digits(before);
}
