import { LockstepError } from "../errors/index.ts";
import type { Session } from "../pg/index.ts";
import { parkedColumn } from "../plan/index.ts";
import { qualifiedName, quoteIdent, quoteLiteral, quoteQualified } from "../sql/index.ts";
import { parseConsent, type Consent } from "./evidence/index.ts";

/** Rows of one table that hold a value which has no form for the new release. */
export interface ParkedRows {
  readonly plan: string;
  readonly table: string;
  readonly rows: number;
  /** Some of them, in the order of their keys. */
  readonly first: readonly ParkedRow[];
}

export interface ParkedRow {
  /** By column; the row's place in the table where there is no primary key. */
  readonly key: Readonly<Record<string, unknown>>;
  /** By column of the new release: what its expression says, and since when. */
  readonly values: Readonly<
    Record<string, { readonly error: string; readonly sqlstate: string; readonly at: string }>
  >;
}

/** Values that go at a person's word. */
export interface AcceptedLoss {
  readonly rows: readonly ParkedRows[];
  readonly consent: Consent;
}

/** Rows that are listed one by one. */
const listed = 20;

/** What is parked in the tables of these plans; tables without such rows are left out. */
export async function readParked(
  session: Session,
  plans: readonly string[],
): Promise<readonly ParkedRows[]> {
  const tables = [];
  for (const plan of plans)
    for (const table of await tablesThatPark(session, plan)) tables.push({ plan, table });
  if (tables.length === 0) return [];
  const found: ParkedRows[] = [];
  await session.query("BEGIN READ ONLY");
  try {
    await session.query(byIndex);
    for (const { plan, table } of tables) {
      const rows = await rowsOf(session, plan, table);
      if (rows.rows > 0) found.push(rows);
    }
  } finally {
    await session.query("ROLLBACK");
  }
  return found;
}

/**
 * For a transaction that looks for parked rows: a column that is new has no statistics, so that the planner takes it for
 * full, and reads the whole table where an index holds the few.
 */
export const byIndex = "SET LOCAL enable_seqscan = off";

/**
 * Looks that nothing is parked before the column that says so goes. What is parked after this look is met by that of the
 * contract phase's first transaction (`guardSql`).
 *
 * @param accepted `name: reason` of a person who answers for it
 * @returns what the ledger keeps of it; undefined when nothing is parked
 * @throws LockstepError `values-parked`, `usage`
 */
export async function requireNothingParked(
  session: Session,
  plan: string,
  accepted: string | undefined,
): Promise<AcceptedLoss | undefined> {
  const consent = parseConsent(accepted, "--accept-parked");
  const rows = await readParked(session, [plan]);
  if (rows.length === 0) return undefined;
  if (consent !== undefined) return { rows, consent };
  const total = rows.reduce((sum, one) => sum + one.rows, 0);
  throw new LockstepError("values-parked", {
    what: `plan ${plan}: ${total} ${total === 1 ? "row holds a value that is" : "rows hold values that are"} parked`,
    expected: "no row whose value has no form for the new release",
    found: rows.flatMap(parkedLines).join("\n"),
    from: session.where,
    why: "the contract phase takes the old form away, and with it the only place where these values are",
    next: [
      "put the values right in the old form, or give the new one a value: a row leaves the list as it is written",
      `or answer for the loss: lockstep migrate --phase contract ${plan} --accept-parked "your name: why"`,
    ],
  });
}

/** One line a value, for people. */
export function parkedLines({ table, rows, first }: ParkedRows): readonly string[] {
  const lines = first.flatMap(({ key, values }) =>
    Object.entries(values).map(
      ([column, { error, sqlstate }]) =>
        `${table}, ${keyText(key)}: ${column}: ${error} (${sqlstate})`,
    ),
  );
  return rows > first.length ? [...lines, `and ${rows - first.length} rows more`] : lines;
}

/** `id 5, at "2026-01-01"`. */
function keyText(key: ParkedRow["key"]): string {
  return Object.entries(key)
    .map(([name, value]) => `${name} ${JSON.stringify(value)}`)
    .join(", ");
}

/** A table of a plan that parks what has no other form. */
export interface ParkingTable {
  readonly schema: string;
  readonly name: string;
  /** Columns of the primary key. */
  readonly key: readonly string[] | null;
}

export async function tablesThatPark(
  session: Session,
  plan: string,
): Promise<readonly ParkingTable[]> {
  const { rows } = await session.query<{ schema: string; name: string; key: string[] | null }>(
    `SELECT n.nspname::text AS schema, c.relname::text AS name,
            (SELECT pg_catalog.array_agg(k.attname::text ORDER BY k.attnum)
               FROM pg_catalog.pg_index i
               JOIN pg_catalog.pg_attribute k ON k.attrelid = i.indrelid AND k.attnum = ANY (i.indkey)
              WHERE i.indrelid = c.oid AND i.indisprimary) AS key
       FROM pg_catalog.pg_attribute a
       JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
       JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE a.attname = $1 AND a.attinhcount = 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p')
        AND a.atttypid = 'pg_catalog.jsonb'::pg_catalog.regtype
      ORDER BY 1, 2`,
    [parkedColumn(plan)],
  );
  return rows;
}

async function rowsOf(
  session: Session,
  plan: string,
  { schema, name, key }: ParkingTable,
): Promise<ParkedRows> {
  const column = quoteIdent(parkedColumn(plan));
  const parts = (key ?? ["ctid"]).flatMap((one) => [quoteLiteral(one), quoteIdent(one)]);
  const order = (key ?? ["ctid"]).map(quoteIdent).join(", ");
  const from = `${quoteQualified(schema, name)} WHERE ${column} IS NOT NULL`;
  const { rows } = await session.query<{ key: ParkedRow["key"]; values: ParkedRow["values"] }>(
    `SELECT pg_catalog.jsonb_build_object(${parts.join(", ")}) AS key, ${column} AS values
       FROM ${from} ORDER BY ${order} LIMIT ${listed}`,
  );
  const all = await session.query<{ rows: number }>(
    `SELECT pg_catalog.count(*)::integer AS rows FROM ${from}`,
  );
  return { plan, table: qualifiedName(schema, name), rows: all.rows[0]!.rows, first: rows };
}
