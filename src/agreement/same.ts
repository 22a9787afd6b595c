import type { Column, Difference, Index } from "../catalog/index.ts";
import { parseSql, type Statement } from "../sql/index.ts";
import type { Queryable } from "../pg/index.ts";
import type { Things } from "./things.ts";
import { keyOf } from "./things.ts";

/**
 * True for what is written in two ways and is the same: a unique index where the other side has a unique constraint of
 * that name, and defaults whose values are equal.
 *
 * @param database evaluates constants, in a transaction that only reads
 */
export async function isSame(
  difference: Difference,
  sides: { readonly before: Things; readonly after: Things },
  database: Queryable,
): Promise<boolean> {
  if (difference.kind === "extra-constraint" || difference.kind === "missing-constraint")
    return isOneIndex(difference, sides);
  if (difference.kind !== "column-default-changed") return false;
  const key = keyOf(difference);
  const { type } = sides.after.get(key)!.item as Column;
  return isOneValue(difference.before, difference.after, type.text, database);
}

/** A unique constraint and a unique index of the same name and columns refuse the same rows. */
function isOneIndex(
  { before, after }: Extract<Difference, { kind: "extra-constraint" | "missing-constraint" }>,
  sides: { readonly before: Things; readonly after: Things },
): boolean {
  const constraint = before ?? after;
  if (constraint.kind !== "unique" || constraint.deferrable !== "no") return false;
  const [holder, other] =
    before === null ? [sides.after, sides.before] : [sides.before, sides.after];
  const own = [...holder.values()].find(
    ({ word, item }) => word === "index" && (item as Index).constraint === constraint.name,
  );
  if (own === undefined) return false;
  const twin = other.get(`index ${own.object}`)?.item as Index | undefined;
  return twin !== undefined && shapeOf(twin) === shapeOf(own.item as Index);
}

/** All of an index but its name. */
export function shapeOf({
  method,
  keys,
  include,
  predicate,
  unique,
  nullsNotDistinct,
}: Index): string {
  return JSON.stringify([method, keys, include, predicate, unique, nullsNotDistinct]);
}

async function isOneValue(
  before: string | null,
  after: string | null,
  type: string,
  database: Queryable,
): Promise<boolean> {
  if (before === null || after === null) return false;
  const [one, other] = [await kindOf(before), await kindOf(after)];
  if (one === "now" && other === "now") return true;
  if (one !== "constant" || other !== "constant") return false;
  // As text: json has no equality of its own.
  const sql = `SELECT ((${before})::${type})::text IS NOT DISTINCT FROM ((${after})::${type})::text AS same`;
  try {
    const { rows } = await database.query<{ same: boolean }>(sql);
    return rows[0]!.same;
  } catch {
    return false;
  }
}

/** What a default is made of: constants alone, or the moment of the transaction. */
async function kindOf(expression: string): Promise<"constant" | "now" | "other"> {
  let statement: Statement | undefined;
  try {
    [statement] = await parseSql(`SELECT ${expression}`, "a default");
  } catch {
    return "other";
  }
  const kinds = new Set<string>();
  const functions: string[] = [];
  collect(statement?.node, kinds, functions);
  if (kinds.has("SubLink") || kinds.has("ColumnRef")) return "other";
  const isNow = kinds.has("SVFOP_CURRENT_TIMESTAMP") || functions.some((name) => moments.has(name));
  const others = functions.filter((name) => !moments.has(name));
  if (isNow)
    return others.length === 0 && !kinds.has("A_Expr") && !kinds.has("TypeCast") ? "now" : "other";
  return functions.length === 0 && !kinds.has("SQLValueFunction") ? "constant" : "other";
}

/** Functions that give the beginning of the transaction. */
const moments = new Set(["now", "transaction_timestamp"]);

function collect(node: unknown, kinds: Set<string>, functions: string[]): void {
  if (Array.isArray(node)) for (const each of node) collect(each, kinds, functions);
  if (typeof node !== "object" || node === null || Array.isArray(node)) return;
  for (const [kind, value] of Object.entries(node)) {
    kinds.add(kind);
    if (typeof value === "string" && kind === "op") kinds.add(value);
    if (kind === "FuncCall") functions.push(functionName(value));
    collect(value, kinds, functions);
  }
}

function functionName(call: unknown): string {
  const { funcname } = call as { funcname?: readonly { String?: { sval?: string } }[] };
  return funcname?.at(-1)?.String?.sval ?? "";
}
