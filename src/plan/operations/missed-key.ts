import type { ForeignKeyConstraint } from "../../catalog/index.ts";

/**
 * What a release misses that relies on one foreign key and finds another one of the same columns: what it does to rows
 * when the row that they refer to goes or gets another key, or that it is looked at late.
 *
 * @returns as SQL has it; undefined when it misses nothing
 */
export function missedOf(
  wanted: ForeignKeyConstraint,
  found: ForeignKeyConstraint,
): string | undefined {
  if (!isSameReference(wanted, found)) return undefined;
  if (!refuses.has(wanted.onDelete) && refuses.has(found.onDelete))
    return `ON DELETE ${words(wanted.onDelete)}`;
  if (!refuses.has(wanted.onUpdate) && refuses.has(found.onUpdate))
    return `ON UPDATE ${words(wanted.onUpdate)}`;
  const isLate = wanted.deferrable !== "no";
  const isEarlier =
    found.deferrable === "no" ||
    (wanted.deferrable === "initially-deferred" && found.deferrable !== wanted.deferrable);
  return isLate && isEarlier ? words(wanted.deferrable) : undefined;
}

function isSameReference(one: ForeignKeyConstraint, other: ForeignKeyConstraint): boolean {
  return (
    one.references.table === other.references.table &&
    one.references.columns.join() === other.references.columns.join()
  );
}

const refuses: ReadonlySet<string> = new Set(["no-action", "restrict"]);

function words(text: string): string {
  return text.replaceAll("-", " ").toUpperCase();
}
