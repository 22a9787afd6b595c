/**
 * Types of which only TypeScript's side is known (Kysely's generated types), as contracts write them: `TypeScript number`,
 * `TypeScript string[]`.
 */
const prefix = "TypeScript ";

/** What node-postgres makes of a value when nobody sets a parser; everything that is not here comes as a string (measured with pg 8.23). */
const forms: Readonly<Record<string, string>> = {
  smallint: "number",
  integer: "number",
  oid: "number",
  real: "number",
  "double precision": "number",
  boolean: "boolean",
  bytea: "Buffer",
  date: "Date",
  "timestamp without time zone": "Date",
  "timestamp with time zone": "Date",
  json: "object",
  jsonb: "object",
  interval: "object",
  point: "object",
  circle: "object",
};

/** As a contract writes it. */
export function typescriptType(form: string, array: boolean): string {
  return `${prefix}${form}${array ? "[]" : ""}`;
}

/** The form behind such a type; undefined for a type of Postgres. */
export function typescriptForm(type: string): string | undefined {
  return type.startsWith(prefix) ? type.slice(prefix.length) : undefined;
}

/** The form in which values of a type come, its modifiers left away: `number`, `string[]`. */
export function formOfType(base: string, array: boolean): string {
  // Of lists the driver reads decimals as numbers.
  if (array && base === "numeric") return "number[]";
  return `${forms[base] ?? "string"}${array ? "[]" : ""}`;
}
