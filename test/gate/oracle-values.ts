import { phases, type MadeColumn, type MadeTable } from "./rich-schema.ts";

/** The key of each table's first row, by table. */
export type Seeds = ReadonlyMap<string, readonly (string | null)[]>;

/** How queries use a column of the type, by Postgres' operators for it. */
export function usualPredicate(column: MadeColumn): string | undefined {
  const name = `"${column.name}"`;
  switch (column.type) {
    case "text":
    case "character varying(120)":
    case "character varying(40)":
      return `${name} ILIKE 'x%'`;
    case "smallint":
    case "integer":
    case "bigint":
    case "numeric":
    case "numeric(12,2)":
    case "real":
    case "double precision":
    case "cents":
      return `${name} + 1 > 0`;
    case "boolean":
      return name;
    case "uuid":
      return `${name} <> gen_random_uuid()`;
    case "timestamp with time zone":
      return `${name} < now()`;
    case "timestamp without time zone":
      return `${name} < localtimestamp`;
    case "date":
      return `${name} < CURRENT_DATE`;
    case "time without time zone":
      return `${name} < localtime`;
    case "interval":
      return `now() + ${name} > now()`;
    case "inet":
      return `${name} <<= inet '10.0.0.0/8'`;
    case "bytea":
      return `octet_length(${name}) > 0`;
    case "jsonb":
      return `${name} @> '{}'::jsonb`;
    case "json":
      return `json_typeof(${name}) = 'object'`;
    case "text[]":
      return `'a' = ANY (${name})`;
    case "integer[]":
      return `1 = ANY (${name})`;
    case "status":
    case "kind":
    case "priority":
    case '"Mood"':
      return `${name} <> '${enumValue(column.type, 0)}'::${column.type}`;
    default:
      return undefined;
  }
}

export function enumValue(type: string, variant: number): string {
  const labels: Readonly<Record<string, readonly string[]>> = {
    status: ["new", "paid"],
    kind: ["download", "license"],
    '"Mood"': ["ok", "sad"],
    priority: ["low", "mid"],
  };
  return labels[type]![variant % 2]!;
}

/** A value at the edge of what the type takes, another one for each variant. */
export function valueOf(
  table: MadeTable,
  column: MadeColumn,
  seeds: Seeds,
  variant: number,
): string {
  const parent = table.parents.find((one) => one.column === column.name);
  if (parent !== undefined) return seeds.get(parent.table)![0]!;
  const text = (length: number) => String(variant).padEnd(length, "x");
  switch (column.type) {
    case "text":
      return `text ${variant}`;
    case "character varying(120)":
      return text(120);
    case "character varying(40)":
      return text(40);
    case "character varying(20)":
      return phases[variant % phases.length]!;
    case "character(8)":
      return text(8);
    case "smallint":
      return String(32767 - variant);
    case "integer":
      return String(2147483647 - variant);
    case "bigint":
      return String(9223372036854775807n - BigInt(variant));
    case "numeric(12,2)":
      return `${9999999999 - variant}.99`;
    case "numeric":
      return `12345678901234567890${variant}.123456789`;
    case "real":
      return `${variant}.1`;
    case "double precision":
      return `${variant}.12345678901234`;
    case "boolean":
      return variant % 2 === 0 ? "t" : "f";
    case "uuid":
      return `00000000-0000-4000-8000-${String(variant).padStart(12, "0")}`;
    case "timestamp with time zone":
      return `2024-01-02 03:04:${10 + variant}.123456+00`;
    case "timestamp without time zone":
      return `2024-01-02 03:04:${10 + variant}.123456`;
    case "timestamp(3) with time zone":
      return `2024-01-02 03:04:${10 + variant}.123+00`;
    case "date":
      return `2024-01-${10 + variant}`;
    case "time without time zone":
      return `03:04:${10 + variant}.123456`;
    case "interval":
      return `${variant} days 02:03:04.123456`;
    case "jsonb":
    case "json":
      return `{"b": ${variant}, "a": 2}`;
    case "bytea":
      return `\\x01ff${10 + variant}`;
    case "inet":
      return `10.0.0.${variant}`;
    case "text[]":
      return `{a,"b ${variant}"}`;
    case "integer[]":
      return `{1,${variant}}`;
    case "status[]":
      return "{new,paid}";
    case "email":
      return `a${variant}@example.org`;
    case "cents":
      return String(variant);
    default:
      return enumValue(column.type, variant);
  }
}
