/**
 * Name of an object inside a schema, as Lockstep shows it and keys it: `public.orders`,
 * `"My Schema"."Odd.Name"`. Each part stands in double quotes only where it is not a plain lower-case
 * word, so equal names always give equal text and two names never share one. This is text for people
 * and keys, not SQL: keywords are not quoted.
 */
export type QualifiedName = string;

const plain = /^[a-z_][a-z0-9_$]*$/;

/** One part of a qualified name. */
export function namePart(name: string): string {
  return plain.test(name) ? name : `"${name.replaceAll('"', '""')}"`;
}

/** The parts of a name joined by dots: `qualifiedName("public", "orders", "id")` is `public.orders.id`. */
export function qualifiedName(...parts: readonly string[]): QualifiedName {
  return parts.length === 2 ? nameWithin(parts[0]!, parts[1]!) : parts.map(namePart).join(".");
}

/** Names by their parts: catalogs are asked with the same ones again and again. */
let known = new Map<string, Map<string, QualifiedName>>();
let count = 0;

/** More names than this are forgotten together. */
const mostKnown = 100_000;

/** `qualifiedName` of two parts, for who asks it a hundred thousand times. */
export function nameWithin(schema: string, name: string): QualifiedName {
  let within = known.get(schema);
  let text = within?.get(name);
  if (text !== undefined) return text;
  text = `${namePart(schema)}.${namePart(name)}`;
  if (++count > mostKnown) {
    known = new Map();
    count = 0;
    within = undefined;
  }
  if (within === undefined) known.set(schema, (within = new Map()));
  within.set(name, text);
  return text;
}
