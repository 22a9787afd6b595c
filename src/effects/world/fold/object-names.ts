import { qualifiedName } from "../../../sql/index.ts";
import { constraintNameTaken } from "../derived.ts";
import type { World } from "../model.ts";

/** Bytes of a name at most (NAMEDATALEN - 1, pg_config_manual.h). */
const longest = 63;

/**
 * `name1_name2_label`, its names cut, the longer first, until it fits into 63 bytes (indexcmds.c, makeObjectName).
 */
export function makeObjectName(name1: string, name2: string | undefined, label: string): string {
  const whole = `${name1}_${name2 === undefined ? "" : `${name2}_`}${label}`;
  if (Buffer.byteLength(whole) <= longest) return whole;
  const first = Buffer.from(name1);
  const second = Buffer.from(name2 ?? "");
  const overhead = (name2 === undefined ? 0 : 1) + Buffer.byteLength(label) + 1;
  let firstLength = first.length;
  let secondLength = second.length;
  while (firstLength + secondLength > longest - overhead) {
    if (firstLength > secondLength) firstLength--;
    else secondLength--;
  }
  const parts = [cut(first, firstLength)];
  if (name2 !== undefined) parts.push(cut(second, secondLength));
  return [...parts, label].join("_");
}

/** The name as Postgres keeps it: at most 63 bytes, no character cut in two. */
export function truncateName(name: string): string {
  return Buffer.byteLength(name) <= longest ? name : cut(Buffer.from(name), longest);
}

/** At most `length` bytes, never half a character (mbutils.c, pg_mbcliplen). */
function cut(bytes: Buffer, length: number): string {
  let end = Math.min(length, bytes.length);
  while (end < bytes.length && end > 0 && (bytes[end]! & 0xc0) === 0x80) end--;
  return bytes.toString("utf8", 0, end);
}

/** A name that no relation, and for a constraint no constraint either, of the schema has (indexcmds.c, ChooseRelationName). */
export function chooseRelationName(
  world: World,
  schema: string,
  name1: string,
  name2: string | undefined,
  label: string,
  isConstraint: boolean,
): string {
  for (let pass = 0; ; pass++) {
    const name = makeObjectName(name1, name2, pass === 0 ? label : `${label}${pass}`);
    const taken =
      world.relations.has(qualifiedName(schema, name)) ||
      (isConstraint && constraintNameTaken(world, schema, name));
    if (!taken) return name;
  }
}

/** A name that no constraint of the schema, and none of `others`, has (pg_constraint.c, ChooseConstraintName). */
export function chooseConstraintName(
  world: World,
  schema: string,
  name1: string,
  name2: string | undefined,
  label: string,
  others: ReadonlySet<string>,
): string {
  for (let pass = 0; ; pass++) {
    const name = makeObjectName(name1, name2, pass === 0 ? label : `${label}${pass}`);
    if (!others.has(name) && !constraintNameTaken(world, schema, name)) return name;
  }
}

/** Column names for the middle of an index's or foreign key's name (ChooseIndexNameAddition). */
export function joinColumnNames(columns: readonly string[]): string {
  let joined = "";
  for (const column of columns) {
    joined = joined === "" ? column : `${joined}_${column}`;
    if (Buffer.byteLength(joined) >= 64) break;
  }
  return Buffer.byteLength(joined) <= 2 * longest ? joined : cut(Buffer.from(joined), 2 * longest);
}
