import type { Node } from "@pgsql/types";
import type { TypeUse, World, WorldType } from "../../world/index.ts";
import { findType } from "../../world/index.ts";
import { resolveType } from "../../world/type-use.ts";
import { strings } from "../../world/nodes.ts";
import { castBetween, isText } from "./casts.ts";
import { isNull } from "../../world/proofs/implied-not-null.ts";

/**
 * What a change of a column's type asks of the rows.
 *
 * - `none`: their bytes stay.
 * - `zone`: they stay when the session's time zone is UTC all the time, and are rewritten otherwise.
 * - `rewrite`: each value is computed.
 * - `impossible`: there is no cast for it.
 * - `unknown`: the types are not known well enough.
 */
export type Conversion = "none" | "zone" | "rewrite" | "impossible" | "unknown";

const order: readonly Conversion[] = ["none", "zone", "rewrite", "unknown", "impossible"];

function worse(a: Conversion, b: Conversion): Conversion {
  return order.indexOf(a) >= order.indexOf(b) ? a : b;
}

/** The domain, when the type is one and no array of it. */
export function domainOf(world: World, type: TypeUse): WorldType | undefined {
  if (type.schema === undefined || type.schema === "pg_catalog" || type.array) return undefined;
  const found = findType(world, { schema: type.schema, name: type.name });
  return found?.kind === "domain" ? found : undefined;
}

/** The type below all domains. */
export function baseOf(world: World, type: TypeUse): TypeUse {
  const domain = domainOf(world, type)?.domain;
  return domain === undefined ? type : baseOf(world, domain.base);
}

/** What a column of the type gets without a default of its own: that of the domain, or of one below. */
export function domainDefault(world: World, type: TypeUse): Node | undefined {
  for (let at = type; ;) {
    const domain = domainOf(world, at)?.domain;
    if (domain === undefined) return undefined;
    if (domain.default !== undefined) return isNull(domain.default) ? undefined : domain.default;
    at = domain.base;
  }
}

/** True when a value of the domain, or of one below it, may be refused (typcache.c, DomainHasConstraints). */
export function isConstrained(world: World, type: TypeUse): boolean {
  const domain = domainOf(world, type)?.domain;
  if (domain === undefined) return false;
  return domain.notNull || domain.checks.length > 0 || isConstrained(world, domain.base);
}

function sameName(a: TypeUse, b: TypeUse): boolean {
  return a.schema === b.schema && a.name === b.name && a.array === b.array;
}

function sameModifiers(a: TypeUse, b: TypeUse): boolean {
  return (
    a.modifiers.length === b.modifiers.length &&
    a.modifiers.every((modifier, at) => modifier === b.modifiers[at])
  );
}

/** What converting a value of type `from` into `to` does; `explicit` for a cast written out (CAST, ::). */
export function convert(world: World, from: TypeUse, to: TypeUse, explicit: boolean): Conversion {
  if (from.schema === undefined || to.schema === undefined) return "unknown";
  if (sameName(from, to) && domainOf(world, to) !== undefined) return "none";
  const target = baseOf(world, to);
  const source = baseOf(world, from);
  const below = convertBase(world, source, target, explicit);
  return isConstrained(world, to) ? worse(below, "rewrite") : below;
}

function convertBase(world: World, from: TypeUse, to: TypeUse, explicit: boolean): Conversion {
  if (sameName(from, to)) return changeModifiers(from, to);
  if (from.array !== to.array) return throughText(world, from, to, explicit);
  if (from.array) {
    const elements = convert(world, { ...from, array: false }, { ...to, array: false }, explicit);
    // An array is converted element by element even where the bytes of an element would stay (ArrayCoerceExpr).
    return worse(elements, "rewrite");
  }
  if (from.schema !== "pg_catalog" || to.schema !== "pg_catalog")
    return throughText(world, from, to, explicit);
  const cast = castBetween(world.major, from.name, to.name);
  if (cast === undefined) return "impossible";
  if (cast.context === "explicit" && !explicit) return "impossible";
  const unbounded = { ...to, modifiers: [] };
  const length = to.modifiers.length === 0 ? "none" : changeModifiers(unbounded, to);
  return worse(bytesKept(from.name, to.name, cast.binary), length);
}

function bytesKept(from: string, to: string, binary: boolean): Conversion {
  if (binary) return "none";
  const pair = `${from}>${to}`;
  const shifted = pair === "timestamp>timestamptz" || pair === "timestamptz>timestamp";
  return shifted ? "zone" : "rewrite";
}

/** Enums, arrays, rows and ranges have no casts but those through their text form; others may have casts that are not known here. */
function throughText(world: World, from: TypeUse, to: TypeUse, explicit: boolean): Conversion {
  if (isString(to)) return "rewrite";
  if (isString(from)) return explicit ? "rewrite" : "impossible";
  return hasNoCasts(world, from) && hasNoCasts(world, to) ? "impossible" : "unknown";
}

function isString({ schema, name, array }: TypeUse): boolean {
  return schema === "pg_catalog" && !array && isText(name);
}

function hasNoCasts(world: World, { schema = "", name, array }: TypeUse): boolean {
  const kind = findType(world, { schema, name })?.kind;
  return (
    array || schema === "pg_catalog" || kind === "enum" || kind === "composite" || kind === "range"
  );
}

/** The same type with other modifiers: each type's support function says when values stay (e.g. varchar_support). */
function changeModifiers(from: TypeUse, to: TypeUse): Conversion {
  if (to.modifiers.length === 0 || sameModifiers(from, to)) return "none";
  if (to.array || to.schema !== "pg_catalog") return "rewrite";
  return keepsValues(to.name, from.modifiers, to.modifiers) ? "none" : "rewrite";
}

/** Precision of a timestamp or time that changes nothing (timestamp.h, MAX_TIMESTAMP_PRECISION). */
const fullPrecision = 6;

function keepsValues(type: string, from: readonly number[], to: readonly number[]): boolean {
  const [old, oldScale = 0] = from;
  const [wanted = 0, wantedScale = 0] = to;
  switch (type) {
    case "varchar":
    case "varbit":
      return old !== undefined && wanted >= old;
    case "numeric":
      return old !== undefined && wantedScale === oldScale && wanted >= old;
    case "timestamp":
    case "timestamptz":
    case "time":
    case "timetz":
      return wanted >= fullPrecision || (old !== undefined && wanted >= old);
    case "interval":
      return keepsInterval(from, to);
    default:
      return false;
  }
}

/** Bits of the fields of an interval, the least first (datetime.h: SECOND, MINUTE, HOUR, DAY, MONTH, YEAR). */
const intervalFields = [12, 11, 10, 3, 1, 2];
const allFields = 0x7fff;

function leastField(mask: number): number {
  if (mask === allFields) return 0;
  return intervalFields.findIndex((bit) => (mask & (1 << bit)) !== 0);
}

/** timestamp.c, interval_support. */
function keepsInterval(from: readonly number[], to: readonly number[]): boolean {
  const [oldMask = allFields, oldPrecision = Infinity] = from;
  const [mask = allFields, precision = Infinity] = to;
  const oldLeast = leastField(oldMask);
  return (
    leastField(mask) <= oldLeast &&
    (oldLeast > 0 || precision >= fullPrecision || precision >= oldPrecision)
  );
}

interface Typed {
  readonly type: TypeUse;
  readonly conversion: Conversion;
}

/**
 * What `ALTER COLUMN column TYPE to USING expression` does. Casts of the column itself are followed as Postgres does
 * (ATColumnChangeRequiresRewrite); any other expression computes every value.
 */
export function convertUsing(
  world: World,
  searchPath: readonly string[],
  column: { readonly name: string; readonly type: TypeUse },
  to: TypeUse,
  expression: Node,
): Conversion {
  const typed = typeOf(world, searchPath, column, expression);
  if (typed === undefined) return "rewrite";
  return worse(typed.conversion, convert(world, typed.type, to, false));
}

function typeOf(
  world: World,
  searchPath: readonly string[],
  column: { readonly name: string; readonly type: TypeUse },
  node: Node | undefined,
): Typed | undefined {
  if (node === undefined) return undefined;
  if ("ColumnRef" in node) {
    const name = strings(node.ColumnRef.fields).at(-1);
    return name === column.name ? { type: column.type, conversion: "none" } : undefined;
  }
  if ("CollateClause" in node) return typeOf(world, searchPath, column, node.CollateClause.arg);
  if (!("TypeCast" in node)) return undefined;
  const inner = typeOf(world, searchPath, column, node.TypeCast.arg);
  if (inner === undefined) return undefined;
  const type = resolveType(node.TypeCast.typeName, world, searchPath);
  return {
    type,
    conversion: worse(inner.conversion, convert(world, inner.type, type, true)),
  };
}
