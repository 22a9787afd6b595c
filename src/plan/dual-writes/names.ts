import { createHash } from "node:crypto";

/** Longest identifier that Postgres keeps whole, in bytes (NAMEDATALEN - 1). */
const longest = 63;

/** A name of at most 63 bytes, the same for the same parts: what is too long is cut and told apart by a hash. */
export function madeName(...parts: readonly string[]): string {
  const whole = parts.join("_");
  if (Buffer.byteLength(whole) <= longest) return whole;
  const hash = shortHash(...parts);
  let kept = whole;
  while (Buffer.byteLength(kept) > longest - hash.length - 1)
    kept = Array.from(kept).slice(0, -1).join("");
  return `${kept}_${hash}`;
}

/** The column that says which rows of a table hold both forms. */
export function flagColumn(plan: string): string {
  return madeName("lockstep", plan);
}

/** The column that says of a row which of its values have no other form, and why; NULL in all others. */
export function parkedColumn(plan: string): string {
  return madeName("lockstep", plan, "parked");
}

/** The function of the trigger that has writers of a unique index wait for each other. */
export function keyGuardFunction(plan: string, schema: string, index: string): string {
  return madeName("guarded", plan, schema, index);
}

/** Whether a function of schema `lockstep` is one of these: nothing is lost where its trigger does not fire. */
export function isKeyGuard(routine: string): boolean {
  return routine.startsWith("guarded_");
}

/** Eight hexadecimal digits that tell these parts from others. */
export function shortHash(...parts: readonly string[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 8);
}

/** A number of 63 bits that tells these parts from others. */
export function longHash(...parts: readonly string[]): bigint {
  const hash = createHash("sha256").update(JSON.stringify(parts)).digest();
  return hash.readBigUInt64BE() >> 1n;
}
