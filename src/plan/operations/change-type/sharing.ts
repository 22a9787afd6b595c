import type { Column, TypeRef } from "../../../catalog/index.ts";

/**
 * Whether two releases can both use a column after it has changed its type, when the values are the same: the old one
 * goes on with its statements, whose parameters the server types (as drivers send them), and reads the same text.
 */
export type Sharing =
  | { readonly how: "shared"; readonly notes: readonly string[] }
  /** Most statements go on, some do not: whether the releases' own do is for the proof to say. */
  | {
      readonly how: "if-proven";
      readonly notes: readonly string[];
      /** True when the notes say that values are refused, and that parameters of prepared statements keep the old type. */
      readonly isOtherKind?: true;
      /** True when no operator compares the two types: a parameter that has the old one fails beside the new one (42883). */
      readonly isComparedApart?: true;
    }
  | { readonly how: "not"; readonly why: string };

/** As measured on 14 and 18 (test/plan/operations/change-type-sharing.test.ts). */
export function sharingOf(before: Column, after: Column): Sharing {
  const [from, to] = [before.type, after.type];
  if (from.text === to.text)
    return {
      how: "shared",
      notes: [`what sorts by ${after.name} has another order as soon as it has its new collation`],
    };
  if (from.array || to.array)
    return { how: "not", why: "no conversion of arrays is known to be shared" };
  const [low, high] = [integers.indexOf(from.name), integers.indexOf(to.name)];
  if (low >= 0 && high > low)
    return { how: "shared", notes: to.name === "int8" ? [int8Note(after)] : [] };
  if (to.name === "numeric" && to.schema === "pg_catalog" && (low >= 0 || from.name === "numeric"))
    return numeric(from, after);
  if (isText(from) && to.kind === "enum")
    return { how: "if-proven", notes: enumNotes(after), isOtherKind: true, isComparedApart: true };
  if (from.kind === "enum" && isText(to))
    return {
      how: "if-proven",
      notes: [
        `statements that cast to ${from.text} compare it with ${to.text} and fail: cast ${after.name} instead`,
        comparedNote(before, after),
      ],
      isComparedApart: true,
    };
  if (low >= 0 && isText(to) && !to.text.includes("("))
    return {
      how: "if-proven",
      notes: [
        `what sorts by ${after.name} has the order of text once it is ${to.text}; arithmetic, aggregates, COALESCE and CASE with numbers, assigning it to a column of numbers, and comparing it with a number (${after.name} > 5) or with a parameter that the client declares as one, fail then (42883, 42804)`,
        `drivers give ${after.name} as text where they gave ${from.text} as a number; those that encode parameters by the type that the server describes do not take a number for it any more`,
        comparedNote(before, after),
      ],
      isComparedApart: true,
    };
  // What is no narrower is free, but for an index on an expression of it, which is built anew.
  if (isText(from) && isText(to))
    return lengthOf(to) >= lengthOf(from)
      ? { how: "shared", notes: [] }
      : { how: "not", why: narrower(from, to) };
  if (isText(from) && to.name === "uuid")
    return { how: "if-proven", notes: enumNotes(after), isOtherKind: true, isComparedApart: true };
  if (from.name === "json" && to.name === "jsonb")
    return {
      how: "if-proven",
      notes: [`jsonb keeps neither the order of keys nor duplicates nor spaces of ${after.name}`],
    };
  if (isOfZones(before, after))
    return {
      how: "not",
      why: `what has no time zone is one moment or another by the TimeZone of each session: the release that runs would read and write other moments wherever that is not the zone of the conversion`,
    };
  return {
    how: "not",
    why: `the release that runs reads and compares ${from.text}, and its statements fail or give something else on ${to.text}`,
  };
}

const integers: readonly string[] = ["int2", "int4", "int8"];

function isText({ schema, name, array }: TypeRef): boolean {
  return schema === "pg_catalog" && !array && (name === "text" || name === "varchar");
}

function isMoment(type: TypeRef): boolean {
  const isOne = type.name === "timestamp" || type.name === "timestamptz";
  return isOne && type.schema === "pg_catalog" && !type.array;
}

function isZoned({ name }: TypeRef): boolean {
  return name === "timestamptz";
}

/** True for `timestamp` on one side and `timestamptz` on the other. */
export function isOfZones(before: Column, after: Column): boolean {
  const [from, to] = [before.type, after.type];
  return isMoment(from) && isMoment(to) && isZoned(from) !== isZoned(to);
}

/** Characters that it holds at most. */
function lengthOf({ text }: TypeRef): number {
  const open = text.indexOf("(");
  return open < 0 ? Infinity : Number(text.slice(open + 1, -1));
}

function int8Note({ name }: Column): string {
  return `drivers give bigint as text where they gave integer as a number (node-postgres: type 20, int8): both releases have to read ${name} so before the change, or set a parser`;
}

function comparedNote({ type }: Column, after: Column): string {
  return `a statement that a session prepared by name and that compares ${after.name} with a parameter keeps ${type.text} for it and fails as soon as ${after.name} is ${after.type.text}, until it is prepared again`;
}

function enumNotes({ name, type }: Column): readonly string[] {
  return [
    `what ${type.text} does not know is refused from the expand phase on, and rows that hold such a value stop the backfill, which names them`,
    `a statement that a session prepared by name with a parameter for ${name} keeps text for it and fails as soon as it is ${type.text}, until it is prepared again`,
    `operators and functions of text on ${name} (LIKE, ||, lower) fail as soon as it is ${type.text}, and what sorts by it has another order`,
  ];
}

function narrower(from: TypeRef, to: TypeRef): string {
  return `${to.text} refuses what ${from.text} may hold and the release that runs may write`;
}

function numeric(from: TypeRef, after: Column): Sharing {
  const wanted = digits(after.type);
  const had = from.name === "numeric" ? digits(from) : { whole: wholeDigits[from.name]!, scale: 0 };
  if (
    wanted !== undefined &&
    (had === undefined || had.whole > wanted.whole || had.scale > wanted.scale)
  )
    return { how: "not", why: narrower(from, after.type) };
  if (from.name === "numeric")
    return wanted?.scale === had?.scale
      ? { how: "shared", notes: [] }
      : {
          how: "if-proven",
          notes: [
            `${after.name} is read with ${wanted?.scale ?? "as many"} digits behind the point`,
          ],
        };
  if (wanted !== undefined && wanted.scale > 0)
    return {
      how: "not",
      why: `${after.name} is read with ${wanted.scale} digits behind the point where it was a whole number`,
    };
  return {
    how: "if-proven",
    notes: [
      `drivers give numeric as text where they gave ${from.text} as a number`,
      `a division of ${after.name} by an integer no longer cuts off what is behind the point once it is numeric`,
    ],
  };
}

const wholeDigits: Readonly<Record<string, number>> = { int2: 5, int4: 10, int8: 19 };

/** Digits before and behind the point; undefined for a numeric without limits. */
function digits({ text }: TypeRef): { readonly whole: number; readonly scale: number } | undefined {
  const open = text.indexOf("(");
  if (open < 0) return undefined;
  const [precision = 0, scale = 0] = text
    .slice(open + 1, -1)
    .split(",")
    .map(Number);
  return { whole: precision - scale, scale };
}
