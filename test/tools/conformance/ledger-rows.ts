import type { Session } from "../../../src/pg/index.ts";
import { quoteLiteral, quoteQualified } from "../../../src/sql/index.ts";
import type { ConformanceCase, Row } from "./case.ts";

type Ledger = ConformanceCase["ledger"];

/** The rows of a ledger, as JSON that can be put back; an absent table gives none. */
export async function rowsOf(session: Session, { schema, table, order }: Ledger): Promise<Row[]> {
  const name = quoteQualified(schema, table);
  const there = await session.query(`SELECT to_regclass(${quoteLiteral(name)}) IS NULL AS no`);
  if (there.rows[0]?.["no"] === true) return [];
  const { rows } = await session.query<{ row: Row }>(
    `SELECT to_jsonb(l) AS row FROM ${name} AS l ORDER BY ${order}`,
  );
  return rows.map(({ row }) => row);
}

/** Puts recorded rows into a ledger that is there. */
export async function putRows(
  session: Session,
  { schema, table }: Ledger,
  rows: readonly Row[],
): Promise<void> {
  const name = quoteQualified(schema, table);
  await session.query(
    `INSERT INTO ${name} SELECT * FROM jsonb_populate_recordset(NULL::${name}, $1::jsonb)`,
    [JSON.stringify(rows)],
  );
  // As inserting them one by one would have left the sequence.
  await session.query(
    `SELECT setval(pg_get_serial_sequence($1, attname), ($2::jsonb -> -1 ->> attname)::bigint)
       FROM pg_attribute WHERE attrelid = $1::regclass AND attname = 'id'
        AND pg_get_serial_sequence($1, attname) IS NOT NULL`,
    [name, JSON.stringify(rows)],
  );
}

/** What is the same each time; of the rest, whether it has the form that it should have. */
export function comparable(rows: readonly Row[], { varying }: Ledger): readonly Row[] {
  return rows.map((row) =>
    Object.fromEntries(
      Object.entries(row).map(([column, value]) => {
        const kind = varying[column];
        const text = typeof value === "number" ? `${value}` : value;
        const isLike = kind !== undefined && typeof text === "string" && forms[kind].test(text);
        return [column, isLike ? kind : value];
      }),
    ),
  );
}

const forms = {
  uuid: /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
  time: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/,
  duration: /^-?\d+$/,
  text: /./s,
} as const;

/** The table's columns and constraints as the catalog has them. */
export async function shapeOf(session: Session, { schema, table }: Ledger): Promise<Row[]> {
  const name = quoteLiteral(quoteQualified(schema, table));
  const { rows } = await session.query(
    `SELECT attname AS name, format_type(atttypid, atttypmod) AS type, attnotnull AS "notNull",
            pg_get_expr(adbin, adrelid) AS default, attidentity AS identity
       FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
      WHERE attrelid = ${name}::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum`,
  );
  const constraints = await session.query(
    `SELECT conname AS constraint, pg_get_constraintdef(oid) AS definition FROM pg_constraint
      WHERE conrelid = ${name}::regclass AND contype <> 'n' ORDER BY conname`,
  );
  const indexes = await session.query(
    `SELECT pg_get_indexdef(indexrelid) AS index FROM pg_index WHERE indrelid = ${name}::regclass ORDER BY 1`,
  );
  return [...rows, ...constraints.rows, ...indexes.rows];
}
