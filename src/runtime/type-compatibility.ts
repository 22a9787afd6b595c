import { ownName, typeParts, type TypeParts } from "./type-text.ts";
import { formOfType, typescriptForm } from "./typescript-types.ts";

/** What becomes of code that was written for one type and meets another. */
export interface TypeVerdict {
  readonly severity: "error" | "warning";
  readonly why: string;
}

/**
 * Judges a live type for code that expects another one; undefined when no statement and no value differs.
 *
 * A Node driver gives `bigint` and `numeric` as strings and smaller integers and floats as numbers, and sends
 * parameters untyped, so that the server takes them for the column's type. What is not known to be harmless is
 * an error. Domains are judged by the caller, which knows what is under them.
 * @param source what the contract was made from (`Contract.source`): mappers turn values into their fields' own types
 * @param reads "number" when the code makes a number of whatever the driver gives, "driver" when it takes what that gives by itself
 */
export function judgeType(
  expected: string,
  found: string,
  source?: string,
  reads?: string,
): TypeVerdict | undefined {
  const verdict = judgeForDrivers(expected, found);
  if (verdict?.severity === "error" && reads === "number" && turns(wholeNumbers, expected, found))
    return warning("the code makes a number of either; raw SQL meets another form");
  if (verdict?.severity === "error" && reads === "driver" && turns(sameForm, expected, found))
    return warning("node-postgres gives either in the same form; raw SQL meets another type");
  const mapper = turnedBy[source ?? ""];
  return verdict?.severity === "error" &&
    mapper !== undefined &&
    turns(mapper.types, expected, found)
    ? warning(`${mapper.title} turns one into the other; raw SQL meets another form`)
    : verdict;
}

/** Types whose values are texts to a driver, and become the same numbers when they are parsed. */
const wholeNumbers = { smallint: ["bigint", "numeric"], integer: ["bigint", "numeric"] };

/** Types whose values node-postgres gives in the same form (Kysely 0.28 with pg 8.23, called on a real server before and after). */
const sameForm = { bigint: ["numeric"], date: ["timestamp without time zone"] };

/**
 * Types that a mapper reads and writes in place of another, whatever the value: its calls were made on a real server before and
 * after the change (Prisma 7.10, Drizzle 0.45, TypeORM 1.1, Sequelize 6.37, MikroORM 6.6, the client's clock in another zone than the server's).
 */
const turnedBy: Readonly<
  Record<
    string,
    { readonly title: string; readonly types: Readonly<Record<string, readonly string[]>> }
  >
> = {
  prisma: {
    title: "Prisma's client",
    types: {
      smallint: ["bigint", "numeric"],
      integer: ["bigint", "numeric"],
      bigint: ["numeric"],
      "double precision": ["numeric"],
      "timestamp without time zone": ["timestamp with time zone"],
      "timestamp with time zone": ["timestamp without time zone"],
      date: ["timestamp without time zone"],
      jsonb: ["json"],
      uuid: ["text"],
    },
  },
  drizzle: {
    title: "Drizzle",
    types: { bigint: ["numeric"], "double precision": ["numeric"], uuid: ["text"] },
  },
  typeorm: {
    title: "TypeORM",
    types: { bigint: ["numeric"], date: ["timestamp without time zone"], uuid: ["text"] },
  },
  sequelize: {
    title: "Sequelize",
    types: { bigint: ["numeric"], date: ["timestamp without time zone"], uuid: ["text"] },
  },
  "mikro-orm": {
    title: "MikroORM",
    types: {
      bigint: ["numeric"],
      "double precision": ["numeric"],
      date: ["timestamp without time zone"],
      uuid: ["text"],
    },
  },
};

function turns(
  types: Readonly<Record<string, readonly string[]>>,
  expected: string,
  found: string,
): boolean {
  const wanted = typeParts(expected);
  const live = typeParts(found);
  if (wanted.array || live.array || types[wanted.base]?.includes(live.base) !== true) return false;
  return live.modifiers === null || live.modifiers.join() === wanted.modifiers?.join();
}

function judgeForDrivers(expected: string, found: string): TypeVerdict | undefined {
  if (expected === found) return undefined;
  const live = typeParts(found);
  const form = typescriptForm(expected);
  if (form !== undefined) return judgeForm(form, formOfType(live.base, live.array));
  const wanted = typeParts(expected);
  if (wanted.array !== live.array)
    return error(`the code ${wanted.array ? "reads and writes a list" : "does not expect a list"}`);
  if (wanted.base === live.base) return judgeModifiers(wanted, live);
  const pair = pairs[pairName(wanted.base)]?.[pairName(live.base)];
  if (pair !== undefined) return pair(wanted, live);
  // An extension lives in another schema here (`extensions.vector`), with the same types in it.
  const own = ownName(wanted.base);
  if (own !== undefined && own === ownName(live.base)) return judgeModifiers(wanted, live);
  return error("values are read and written in another form; it is not known to be harmless");
}

/** Of a type that only TypeScript tells no more can be said than in which form its values come. */
function judgeForm(expected: string, found: string): TypeVerdict | undefined {
  return expected === found || expected.startsWith("unknown")
    ? undefined
    : error(`node-postgres gives a ${found}, unless the application sets a parser of its own`);
}

/** The one extension type with a pair of its own, whatever schema it is in. */
function pairName(base: string): string {
  return ownName(base) === "citext" ? "citext" : base;
}

type Judge = (wanted: TypeParts, live: TypeParts) => TypeVerdict | undefined;

const fine: Judge = () => undefined;

function error(why: string): TypeVerdict {
  return { severity: "error", why };
}

function warning(why: string): TypeVerdict {
  return { severity: "warning", why };
}

/** Pairs of different types of which something is known: expected, then found. */
const pairs: Readonly<Record<string, Readonly<Record<string, Judge>>>> = {
  smallint: {
    // Both are JavaScript numbers, and every smallint fits.
    integer: fine,
    bigint: () => error("node-postgres and postgres.js give bigint as a string, not as a number"),
    numeric: () => error("drivers give numeric as a string, not as a number"),
  },
  integer: {
    smallint: () => error("numbers beyond 32,767 are refused"),
    bigint: () => error("node-postgres and postgres.js give bigint as a string, not as a number"),
    numeric: () => error("drivers give numeric as a string, not as a number"),
  },
  bigint: {
    integer: () =>
      error("numbers beyond 2,147,483,647 are refused, and drivers give a number, not a string"),
    smallint: () =>
      error("numbers beyond 32,767 are refused, and drivers give a number, not a string"),
  },
  real: {
    // Both are JavaScript numbers, and every real fits.
    "double precision": fine,
  },
  "double precision": { real: () => error("numbers are rounded to six digits") },
  text: {
    "character varying": (_, live) =>
      live.modifiers === null
        ? undefined
        : error(`texts longer than ${live.modifiers[0]} are refused`),
    character: () => error("values are padded with blanks or refused when longer"),
    citext: () => warning("comparisons ignore case"),
  },
  "character varying": {
    text: fine,
    character: () => error("values are padded with blanks or refused when longer"),
    citext: () => warning("comparisons ignore case"),
  },
  character: {
    citext: () => warning("values are no longer padded with blanks, and comparisons ignore case"),
    text: () => warning("values are no longer padded with blanks"),
    "character varying": (wanted, live) =>
      tooShort(wanted, live) ?? warning("values are no longer padded with blanks"),
  },
  citext: { text: () => error("comparisons no longer ignore case") },
  json: {
    jsonb: () => error("json functions refuse jsonb, and key order and duplicate keys are lost"),
  },
  jsonb: { json: () => error("jsonb operators (@>, ?, #-) do not exist for json") },
  "timestamp with time zone": {
    "timestamp without time zone": () =>
      error("the offset is dropped, so that values shift by the client's time zone"),
  },
  "timestamp without time zone": {
    "timestamp with time zone": () =>
      error("values are converted to and from the session's time zone"),
  },
};

/** The same type with other modifiers. */
function judgeModifiers(wanted: TypeParts, live: TypeParts): TypeVerdict | undefined {
  if (String(wanted.modifiers) === String(live.modifiers)) return undefined;
  switch (live.base) {
    case "character varying":
    case "bit varying":
      return tooShort(wanted, live);
    case "character":
      return tooShort(wanted, live) ?? warning("values are padded with more blanks");
    case "bit":
      return error("values have another fixed length: they are refused");
    case "numeric":
      return judgeNumeric(wanted, live);
    case "timestamp without time zone":
    case "timestamp with time zone":
    case "time without time zone":
    case "time with time zone":
    case "interval":
      return Number(live.modifiers?.[0] ?? 6) < Number(wanted.modifiers?.[0] ?? 6)
        ? error("fractions of seconds are rounded away")
        : undefined;
    default:
      return live.modifiers === null
        ? warning("the database no longer checks the form of values")
        : error("values of another form are refused");
  }
}

function tooShort(wanted: TypeParts, live: TypeParts): TypeVerdict | undefined {
  if (live.modifiers === null) return undefined;
  const limit = Number(live.modifiers[0]);
  return Number(wanted.modifiers?.[0] ?? Infinity) > limit
    ? error(`values longer than ${limit} are refused`)
    : undefined;
}

function judgeNumeric(wanted: TypeParts, live: TypeParts): TypeVerdict | undefined {
  if (live.modifiers === null)
    return warning("numbers come back without trailing zeros: 1.5, not 1.50");
  if (wanted.modifiers === null) return error("numbers are rounded, and large ones refused");
  const [precision, scale] = digits(wanted);
  const [livePrecision, liveScale] = digits(live);
  if (livePrecision - liveScale < precision - scale)
    return error(
      `numbers of more than ${livePrecision - liveScale} digits before the point are refused`,
    );
  if (liveScale < scale) return error(`numbers are rounded to ${liveScale} digits after the point`);
  return liveScale > scale
    ? warning(`numbers come back with ${liveScale} digits after the point, not ${scale}`)
    : undefined;
}

function digits({ modifiers }: TypeParts): readonly [number, number] {
  return [Number(modifiers?.[0]), Number(modifiers?.[1] ?? 0)];
}
