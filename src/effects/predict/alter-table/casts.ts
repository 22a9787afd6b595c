import { builtinFacts } from "../../world/builtin/facts.ts";

/** A cast between two types. */
export interface Cast {
  readonly context: "implicit" | "assignment" | "explicit";
  /** True when the bytes of a value stay as they are. */
  readonly binary: boolean;
}

const text: ReadonlySet<string> = new Set(["text", "varchar", "bpchar"]);

/** True for text, varchar and character. */
export function isText(type: string): boolean {
  return text.has(type);
}

/**
 * The cast from one type of pg_catalog to another; undefined when there is none. Everything has a text form: to string types
 * that is an assignment cast, from them an explicit one (parse_coerce.c, find_coercion_pathway).
 */
export function castBetween(major: number, from: string, to: string): Cast | undefined {
  const found = builtinFacts(major).casts.get(`${from} ${to}`);
  if (found !== undefined) return { context: found.context, binary: found.method === "binary" };
  if (text.has(to)) return { context: "assignment", binary: false };
  if (text.has(from) || from === "name") return { context: "explicit", binary: false };
  return undefined;
}

const dates: ReadonlySet<string> = new Set([
  "date",
  "time",
  "timetz",
  "timestamp",
  "timestamptz",
  "interval",
]);

const numbers: ReadonlySet<string> = new Set([
  "int2",
  "int4",
  "int8",
  "float4",
  "float8",
  "numeric",
]);

/** SQLSTATE of a value that a cast to the type refuses. */
export function refusalState(from: string, to: string): string {
  if (to === "bit") return "22026";
  if (text.has(to) || to === "varbit") return "22001";
  if (numbers.has(from) || (numbers.has(to) && !text.has(from))) return "22003";
  return dates.has(to) ? "22007" : "22P02";
}
