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
  return parts.map(namePart).join(".");
}
