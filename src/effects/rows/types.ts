/** A type as far as values of it have to be made. */
export interface ValueType {
  readonly oid: number;
  /** As SQL, of a column with its modifiers: `character varying(20)`. */
  readonly sql: string;
  /** Internal name: `varchar`. */
  readonly name: string;
  /** `atttypmod`; -1 for none. */
  readonly modifier: number;
  readonly kind: "base" | "enum" | "domain" | "composite" | "range" | "multirange" | "pseudo";
  readonly isArray: boolean;
  /** Of an array its elements, of a domain what it is made of, of a range its bounds, of a multirange its ranges. */
  readonly inner: ValueType | undefined;
  readonly labels: readonly string[];
  /** Fields of a composite type. */
  readonly fields: readonly ValueType[];
  /** CHECK conditions of a domain, in terms of VALUE. */
  readonly checks: readonly string[];
  /** True for a domain that takes no null. */
  readonly notNull: boolean;
}

type Row = Readonly<Record<string, unknown>>;

const kinds: Readonly<Record<string, ValueType["kind"]>> = {
  b: "base",
  e: "enum",
  d: "domain",
  c: "composite",
  r: "range",
  m: "multirange",
};

/** All types that columns of tables are made of, down to the last field. */
export const typesSql = `
  WITH RECURSIVE facts AS (
    SELECT t.oid, t.typname, t.typtype, t.typtypmod, t.typrelid, t.typnotnull,
           t.typtype = 'b' AND t.typcategory = 'A' AND t.typelem <> 0 AS is_array,
           CASE WHEN t.typtype = 'd' THEN t.typbasetype
                WHEN t.typtype = 'r' THEN (SELECT r.rngsubtype FROM pg_catalog.pg_range r WHERE r.rngtypid = t.oid)
                WHEN t.typtype = 'm' THEN (SELECT r.rngtypid FROM pg_catalog.pg_range r WHERE r.rngmultitypid = t.oid)
                WHEN t.typtype = 'b' AND t.typcategory = 'A' THEN t.typelem ELSE 0 END AS inner
      FROM pg_catalog.pg_type t),
  used AS (
    SELECT DISTINCT a.atttypid AS oid FROM pg_catalog.pg_attribute a
      JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
     WHERE c.oid >= 16384 AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped
    UNION
    SELECT x.oid FROM used u JOIN facts f ON f.oid = u.oid
      CROSS JOIN LATERAL (
        SELECT f.inner WHERE f.inner <> 0
        UNION ALL
        SELECT a.atttypid FROM pg_catalog.pg_attribute a
         WHERE a.attrelid = f.typrelid AND f.typrelid <> 0 AND a.attnum > 0 AND NOT a.attisdropped) AS x(oid))
  SELECT f.oid, pg_catalog.format_type(f.oid, NULL) AS sql, f.typname AS name, f.typtype AS kind,
         f.typtypmod AS base_modifier, f.typnotnull AS not_null, f.is_array, f.inner,
         ARRAY(SELECT e.enumlabel::pg_catalog.text FROM pg_catalog.pg_enum e
                WHERE e.enumtypid = f.oid ORDER BY e.enumsortorder) AS labels,
         ARRAY(SELECT pg_catalog.pg_get_expr(k.conbin, 0) FROM pg_catalog.pg_constraint k
                WHERE k.contypid = f.oid AND k.contype = 'c') AS checks,
         ARRAY(SELECT a.atttypid::pg_catalog.int8::pg_catalog.text FROM pg_catalog.pg_attribute a
                WHERE a.attrelid = f.typrelid AND f.typrelid <> 0 AND a.attnum > 0 AND NOT a.attisdropped
                ORDER BY a.attnum) AS fields
    FROM facts f JOIN used u ON u.oid = f.oid`;

/** Gives types by oid out of the rows of `typesSql`. */
export function typeReader(
  rows: readonly Row[],
): (oid: number, modifier: number, sql?: string) => ValueType {
  const byOid = new Map(rows.map((row) => [row["oid"] as number, row]));
  const read = (oid: number, modifier: number, sql?: string): ValueType => {
    const row = byOid.get(oid)!;
    const inner = Number(row["inner"]);
    const kind = kinds[String(row["kind"])] ?? "pseudo";
    return {
      oid,
      sql: sql ?? String(row["sql"]),
      name: String(row["name"]),
      modifier,
      kind,
      isArray: row["is_array"] === true,
      inner:
        inner === 0
          ? undefined
          : read(inner, kind === "domain" ? (row["base_modifier"] as number) : modifier),
      labels: row["labels"] as string[],
      fields: (row["fields"] as string[]).map((field) => read(Number(field), -1)),
      checks: row["checks"] as string[],
      notNull: row["not_null"] === true,
    };
  };
  return read;
}
