/**
 * Identifier of a migration's plan: lower-case letters, digits and underscores, 40 at most, so that names made of it
 * stay readable.
 */
export function planId(migration: string): string {
  const plain = migration
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "_")
    .replaceAll(/^_+|_+$/g, "");
  return plain.slice(0, 40).replace(/_+$/, "") || "plan";
}
