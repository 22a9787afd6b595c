import { quoteIdent, quoteLiteral } from "../../sql/index.ts";
import { inside, textsOf, type Body } from "../tree.ts";

/** One thing that must be so in the catalog after a statement. */
export interface Check {
  /** In words, for a person: `index orders_mail is there and valid`. */
  readonly what: string;
  /** A boolean SQL expression over the catalog; null when it cannot tell. */
  readonly sql: string;
}

/** What a statement leaves in the catalog, as far as its text tells. */
export interface Postcondition {
  readonly checks: readonly Check[];
  /** False when the statement does something that no check of ours can see: data, a body, a comment. */
  readonly complete: boolean;
}

/** For statements that change nothing that outlives the session. */
export const neutral: Postcondition = { checks: [], complete: true };

/** For statements whose effect cannot be told from the catalog. */
export const unknown: Postcondition = { checks: [], complete: false };

export function complete(...checks: readonly Check[]): Postcondition {
  return { checks, complete: true };
}

export function partial(...checks: readonly Check[]): Postcondition {
  return { checks, complete: false };
}

/** All of several together. */
export function all(parts: readonly Postcondition[]): Postcondition {
  return {
    checks: parts.flatMap(({ checks }) => checks),
    complete: parts.every((part) => part.complete),
  };
}

/** A possibly qualified name as SQL text. */
export function nameText(parts: readonly string[]): string {
  return parts.map(quoteIdent).join(".");
}

/** A name as people read it. */
export function shownName(parts: readonly string[]): string {
  return parts.join(".");
}

/** The parts of a RangeVar. */
export function rangeName(rangeVar: unknown): readonly string[] {
  const { schemaname, relname } = (rangeVar ?? {}) as { schemaname?: string; relname?: string };
  return [...(schemaname === undefined ? [] : [schemaname]), relname ?? ""];
}

/** The name in DROP's and COMMENT's object lists: a List of Strings, a String or a TypeName. */
export function objectName(node: Body): readonly string[] {
  if (node["items"] !== undefined) return textsOf(node["items"]);
  if (node["names"] !== undefined) return textsOf(node["names"]);
  return [String((node["sval"] as string | undefined) ?? "")];
}

/** `regclass` of a name as the session's search_path finds it, null when there is none. */
export function regclass(name: readonly string[]): string {
  return `pg_catalog.to_regclass(${quoteLiteral(nameText(name))})`;
}

/** `regtype` likewise. */
export function regtype(name: readonly string[]): string {
  return `pg_catalog.to_regtype(${quoteLiteral(nameText(name))})`;
}

export function relationThere(
  name: readonly string[],
  noun: string,
  relkinds: readonly string[],
): Check {
  const kinds = relkinds.map((kind) => `'${kind}'`).join(", ");
  return {
    what: `${noun} ${shownName(name)} is there`,
    sql: `EXISTS (SELECT FROM pg_catalog.pg_class WHERE oid = ${regclass(name)} AND relkind IN (${kinds}))`,
  };
}

export function relationGone(name: readonly string[], noun: string): Check {
  return { what: `${noun} ${shownName(name)} is gone`, sql: `${regclass(name)} IS NULL` };
}

/** A row of a catalog whose name column is unique, e.g. pg_namespace. */
export function namedRow(catalog: string, column: string, name: string, noun: string): Check {
  return {
    what: `${noun} ${name} is there`,
    sql: `EXISTS (SELECT FROM pg_catalog.${catalog} WHERE ${column} = ${quoteLiteral(name)})`,
  };
}

export function not(check: Check, what: string): Check {
  return { what, sql: `NOT ${check.sql}` };
}

/** The option `name` of a statement's DefElem list, without its node type. */
export function option(options: readonly Body[], name: string): Body | undefined {
  const found = options.find(({ defname }) => defname === name);
  return found === undefined ? undefined : inside(found["arg"]);
}
