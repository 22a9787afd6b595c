import type { FillableColumn, ValueType } from "../effects/index.ts";
import { quoteIdent, quoteLiteral, type QualifiedName } from "../sql/index.ts";
import {
  emailDomain,
  emailOf,
  fakeOf,
  maskOf,
  textTypes,
  uniqueLength,
  type MaskNeeds,
} from "./masks.ts";
import type { ChosenRule, MaskRule } from "./rules.ts";
import type { SourceColumn } from "./source.ts";

/** How the values of a column come into the copy. */
export type MaskName = "keep" | "null" | "mask" | "fake" | "email" | "value" | "sql";

/** Why: a rule of the config; numbers that the server gave; values that the schema itself names; or for want of a rule. */
export type MaskReason = "rule" | "numbered" | "named" | "default";

export interface ChosenMask {
  readonly mask: MaskName;
  readonly by: MaskReason;
  /** SQL over a row `t` of the source. */
  readonly expression: string;
}

/** What is known of a column, and of those that hold the same values. */
export interface ColumnGround {
  readonly column: FillableColumn;
  readonly source: SourceColumn;
  /** Its own rule, or that of the column that it refers to. */
  readonly rule: ChosenRule | undefined;
  /** Every value of it was given by the server, as a number. */
  readonly isNumbered: boolean;
  /** Part of a key, or linked to one. */
  readonly isUnique: boolean;
  /** Foreign keys lead from it or to it. */
  readonly isLinked: boolean;
  readonly limit: number | undefined;
  readonly foldsCase: boolean;
  /** Types of all that is linked with it, by internal name. */
  readonly linkedTypes: ReadonlySet<string>;
  /** Of the largest table among those that hold the same values. */
  readonly rows: number;
}

/** A text: why it cannot be chosen so. */
export type Choice = ChosenMask | string;

/** How likely it may be that two masks of one column are the same. */
const mostLikely = 1e-6;

/**
 * What becomes of a column: what its rule says; without one, numbers that the server gave and values that the schema names stay,
 * and all else is masked, or left out where no mask is known.
 */
export function choose(ground: ColumnGround): Choice {
  const { column, rule, isNumbered } = ground;
  if (rule !== undefined) return byRule(ground, rule.rule);
  if (isNumbered) return keep(column, "numbered");
  if (isNamed(column.type)) return keep(column, "named");
  const masked = masking(ground, "default");
  if (typeof masked !== "string" || column.notNull || maskFor(ground) !== undefined) return masked;
  return { mask: "null", by: "default", expression: "NULL" };
}

/** Booleans and enums, and arrays of them: every value that there can be stands in the schema. */
function isNamed(type: ValueType): boolean {
  if (type.kind === "domain" || type.isArray) return isNamed(type.inner!);
  return type.kind === "enum" || (type.kind === "base" && type.name === "bool");
}

function byRule(ground: ColumnGround, rule: MaskRule): Choice {
  const { column, isLinked, isUnique } = ground;
  if (typeof rule === "object") {
    if (isLinked)
      return "a foreign key leads from it or to it: its rule may be keep, mask or email";
    if ("sql" in rule) return { mask: "sql", by: "rule", expression: `(${rule.sql}\n)` };
    if (isUnique) return "it is unique: the same value in every row would be refused";
    return { mask: "value", by: "rule", expression: quoteLiteral(rule.value) };
  }
  if (rule === "keep") return keep(column, "rule");
  if (rule === "null")
    return column.notNull
      ? "it is NOT NULL: its rule cannot be null"
      : { mask: "null", by: "rule", expression: "NULL" };
  if (rule === "mask") return masking(ground, "rule");
  return asText(ground, rule);
}

function keep({ name }: FillableColumn, by: MaskReason): ChosenMask {
  return { mask: "keep", by, expression: valueOf(name) };
}

function valueOf(name: string): string {
  return `t.${quoteIdent(name)}`;
}

function asText(ground: ColumnGround, mask: "fake" | "email"): Choice {
  const { column, isUnique, limit = Infinity } = ground;
  if (!textTypes.has(baseOf(column.type).name) || baseOf(column.type).isArray)
    return `it is no text: its rule cannot be ${mask}`;
  if (mask === "fake" && isUnique)
    return "it is part of a key: two fakes may be the same; its rule may be mask, email or keep";
  if (mask === "email" && limit < emailDomain.length + (isUnique ? uniqueLength : 1))
    return `it takes ${limit} characters: too few for an address`;
  const make = mask === "fake" ? fakeOf : emailOf;
  return { mask, by: "rule", expression: make(valueOf(column.name), needsOf(ground)) };
}

function masking(ground: ColumnGround, by: MaskReason): Choice {
  const { column, source, isUnique, isLinked, linkedTypes, limit, rows } = ground;
  const expression = maskFor(ground);
  const base = baseOf(column.type);
  if (expression === undefined)
    return column.notNull
      ? `no mask is known for ${column.type.sql}, and it is NOT NULL`
      : `no mask is known for ${column.type.sql}`;
  if (isUnique && !source.isDeterministic)
    return "it is part of a key, in a collation in which different texts may count as one";
  if (isLinked && linkedTypes.size > 1 && ![...linkedTypes].every((type) => textTypes.has(type)))
    return `columns that refer to one another are of different types (${[...linkedTypes].join(", ")}): a mask would not be the same in all`;
  if (isUnique && mayCollide(base))
    return `it is part of a key, and masks of ${column.type.sql} may be the same for different values`;
  if (isUnique && textTypes.has(base.name) && limit !== undefined && limit < uniqueLength) {
    const likely = (rows * rows) / 2 / 36 ** limit;
    if (likely > mostLikely)
      return `it is part of a key and takes ${limit} characters: masks of ${Math.round(rows)} rows may be the same`;
  }
  return { mask: "mask", by, expression };
}

function maskFor(ground: ColumnGround): string | undefined {
  const { column } = ground;
  return maskOf(column.type, valueOf(column.name), needsOf(ground));
}

function needsOf({ isUnique, limit, foldsCase }: ColumnGround): MaskNeeds {
  return { isUnique, limit, foldsCase };
}

/** What a domain is made of in the end. */
export function baseOf(type: ValueType): ValueType {
  return type.kind === "domain" ? baseOf(type.inner!) : type;
}

function mayCollide({ name, isArray, modifier }: ValueType): boolean {
  if (isArray || ["float4", "float8", "json", "jsonb", "tsvector", "inet"].includes(name))
    return true;
  return name === "numeric" && modifier < 0;
}

/** A column, as the report names it. */
export interface MaskedColumn {
  readonly relation: QualifiedName;
  readonly column: string;
  readonly mask: MaskName;
  readonly by: MaskReason;
}
