import { quoteLiteral } from "../../sql/index.ts";
import { listOf, textsOf, type Body } from "../tree.ts";
import { regclass, regtype, shownName, type Check } from "./check.ts";

/** A condition on one column's row in pg_attribute (alias `a`). */
export function column(
  table: readonly string[],
  name: string,
  condition: string,
  what: string,
): Check {
  return {
    what: `column ${shownName(table)}.${name} ${what}`,
    sql: `EXISTS (SELECT FROM pg_catalog.pg_attribute a WHERE a.attrelid = ${regclass(table)} AND a.attname = ${quoteLiteral(name)} AND NOT a.attisdropped AND (${condition}))`,
  };
}

export function columnGone(table: readonly string[], name: string): Check {
  return {
    what: `column ${shownName(table)}.${name} is gone`,
    sql: `NOT EXISTS (SELECT FROM pg_catalog.pg_attribute a WHERE a.attrelid = ${regclass(table)} AND a.attname = ${quoteLiteral(name)} AND NOT a.attisdropped)`,
  };
}

/** Types that the grammar knows and the catalog does not (parse_utilcmd.c). */
const serials: Readonly<Record<string, string>> = {
  smallserial: "int2",
  serial2: "int2",
  serial: "int4",
  serial4: "int4",
  bigserial: "int8",
  serial8: "int8",
};

/**
 * A condition on `a.atttypid` and `a.atttypmod` for a TypeName of the parse tree.
 * `exact` is false when its modifiers are of a type whose encoding is not known here.
 */
export function typeCondition(typeName: Body): { readonly sql: string; readonly exact: boolean } {
  const written = textsOf(typeName["names"]);
  const serial = written.length === 1 ? serials[written[0]!] : undefined;
  const names = serial === undefined ? written : ["pg_catalog", serial];
  const array = typeName["arrayBounds"] === undefined ? "" : "[]";
  const type = `pg_catalog.to_regtype(${quoteLiteral(`${names.map((name) => `"${name.replaceAll('"', '""')}"`).join(".")}${array}`)})`;
  const modifier = typeModifier(names.at(-1)!, listOf(typeName, "typmods"));
  const sql = `a.atttypid = ${type}`;
  if (modifier === undefined) return { sql, exact: false };
  return { sql: `${sql} AND a.atttypmod = ${modifier}`, exact: true };
}

/** `atttypmod` as the type's own typmodin function encodes it (varchar.c, numeric.c, timestamp.c, varbit.c). */
function typeModifier(type: string, typmods: readonly Body[]): number | undefined {
  if (typmods.length === 0) return -1;
  const numbers = typmods.map((mod) => {
    const value = mod["ival"] as { ival?: number } | undefined;
    return value === undefined ? undefined : (value.ival ?? 0);
  });
  if (numbers.some((number) => number === undefined)) return undefined;
  const [first, second = 0] = numbers as number[];
  switch (type) {
    case "varchar":
    case "bpchar":
      return first! + 4;
    case "numeric":
      // Before 15 a negative scale was no choice and 16 bits held it; from 15 on 11 bits do. Positive ones are equal.
      return second < 0 ? undefined : ((first! << 16) | second) + 4;
    case "timestamp":
    case "timestamptz":
    case "time":
    case "timetz":
    case "bit":
    case "varbit":
      return first;
    default:
      return undefined;
  }
}

/** Types of arguments as the parser of regprocedure reads them. */
export function typeText(typeName: Body): string {
  const names = textsOf(typeName["names"]);
  const quoted = names.map((name) => `"${name.replaceAll('"', '""')}"`).join(".");
  return typeName["arrayBounds"] === undefined ? quoted : `${quoted}[]`;
}

/** A type (enum, domain, composite, range) is there. */
export function typeThere(name: readonly string[], kind: string, noun: string): Check {
  return {
    what: `${noun} ${shownName(name)} is there`,
    sql: `EXISTS (SELECT FROM pg_catalog.pg_type WHERE oid = ${regtype(name)} AND typtype = '${kind}')`,
  };
}
