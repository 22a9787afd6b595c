import { columnWhere, q, sql, t, type Maker } from "./mutation.ts";

/** Retypes a column wherever the values allow it. */
const retype =
  (from: string, to: string, using?: string): Maker =>
  (subject) => {
    const column = columnWhere(
      subject,
      ({ type, name }) => type === from && name !== "id" && !name.startsWith("parent"),
    );
    if (column === undefined) return undefined;
    const name = q(column.name);
    return sql(
      `ALTER TABLE ${t(subject)} ALTER COLUMN ${name} DROP DEFAULT`,
      `ALTER TABLE ${t(subject)} ALTER COLUMN ${name} TYPE ${to} USING ${using === undefined ? `${name}::${to}` : using.replaceAll("?", name)}`,
      ...(column.default === undefined
        ? []
        : [`ALTER TABLE ${t(subject)} ALTER COLUMN ${name} SET DEFAULT ${column.default}`]),
    );
  };

/** Changes of a column's type. */
export const typeMakers: Readonly<Record<string, Maker>> = {
  "shorten varchar": retype("character varying(120)", "character varying(60)", "left(?, 60)"),
  "lengthen varchar": retype("character varying(120)", "character varying(200)"),
  "varchar to text": retype("character varying(40)", "text"),
  "text to varchar": retype("text", "character varying(5)", "left(?, 5)"),
  "text to unbounded varchar": retype("text", "character varying"),
  "text to integer": retype("text", "integer", "length(?)"),
  "text to uuid": retype("text", "uuid", "'00000000-0000-4000-8000-000000000001'::uuid"),
  "text to bytea": retype("text", "bytea", "convert_to(?, 'UTF8')"),
  "char to text": retype("character(8)", "text"),
  "shorten char": retype("character(8)", "character(4)", "left(?, 4)"),
  "integer to bigint": retype("integer", "bigint"),
  "integer to smallint": retype("integer", "smallint", "1"),
  "integer to text": retype("integer", "text"),
  "bigint to integer": retype("bigint", "integer", "1"),
  "smallint to integer": retype("smallint", "integer"),
  "smallint to bigint": retype("smallint", "bigint"),
  "numeric wider": retype("numeric(12,2)", "numeric(14,2)"),
  "numeric narrower": retype("numeric(12,2)", "numeric(8,2)", "1"),
  "numeric rounds more": retype("numeric(12,2)", "numeric(12,1)"),
  "numeric finer": retype("numeric(12,2)", "numeric(16,6)"),
  "numeric to double": retype("numeric", "double precision"),
  "numeric to limited": retype("numeric", "numeric(10,2)", "1"),
  "real to double": retype("real", "double precision"),
  "double to real": retype("double precision", "real"),
  "double to numeric": retype("double precision", "numeric"),
  "timestamptz to timestamp": retype("timestamp with time zone", "timestamp without time zone"),
  "timestamptz to date": retype("timestamp with time zone", "date"),
  "timestamptz rounds": retype("timestamp with time zone", "timestamp(0) with time zone"),
  "timestamptz finer": retype("timestamp(3) with time zone", "timestamp with time zone"),
  "timestamp to timestamptz": retype("timestamp without time zone", "timestamp with time zone"),
  "timestamp to text": retype("timestamp without time zone", "text"),
  "date to timestamp": retype("date", "timestamp without time zone"),
  "time rounds": retype("time without time zone", "time(0) without time zone"),
  "interval to text": retype("interval", "text"),
  "jsonb to json": retype("jsonb", "json"),
  "json to jsonb": retype("json", "jsonb"),
  "jsonb to text": retype("jsonb", "text"),
  "uuid to text": retype("uuid", "text"),
  "inet to text": retype("inet", "text", "host(?)"),
  "boolean to integer": retype("boolean", "integer", "?::integer"),
  "array to single": retype("text[]", "text", "?[1]"),
  "single to array": retype("text", "text[]", "ARRAY[?]"),
  "integer array to bigint array": retype("integer[]", "bigint[]"),
  "text array to varchar array": retype("text[]", "character varying[]"),
  "enum to text": retype("status", "text"),
  "enum to another enum": retype("status", "kind", "'bundle'::kind"),
  "text to domain": (subject) => {
    const made = retype("text", "email")(subject);
    return made && { ...made, dataDependent: true };
  },
  "domain to its base": retype("email", "text"),
};
