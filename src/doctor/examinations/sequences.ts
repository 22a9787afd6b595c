import { quoteIdent } from "../../sql/index.ts";
import { count, each, type Diagnosis, type Examination } from "../examination.ts";

interface Row {
  readonly sequence: string;
  /** The column that it fills, NULL when it belongs to none. */
  readonly column: string | null;
  readonly type: string;
  readonly value: number;
  readonly end: number;
  readonly grows: boolean;
  /** How much of the way to the end is gone: from zero on, or from a start beyond it. */
  readonly share: number;
  readonly cycles: boolean;
}

/**
 * How far each sequence is, against its own end and that of the column that it fills, whichever comes first: an int4
 * column filled from an int8 sequence ends at 2,147,483,647.
 */
const used = `
  WITH s AS (
    SELECT c.oid, pg_catalog.format('%I.%I', n.nspname, c.relname) AS sequence, q.seqmax, q.seqmin, q.seqstart, q.seqincrement > 0 AS grows, q.seqcycle,
           pg_catalog.pg_sequence_last_value(q.seqrelid)::pg_catalog.float8 AS value
      FROM pg_catalog.pg_sequence q JOIN pg_catalog.pg_class c ON c.oid = q.seqrelid
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE pg_catalog.has_sequence_privilege(q.seqrelid, 'SELECT, USAGE') AND c.relpersistence <> 't'),
  filled AS (
    SELECT d.objid AS oid, d.refobjid AS relation, d.refobjsubid AS number
      FROM pg_catalog.pg_depend d
     WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
       AND d.deptype IN ('a', 'i') AND d.refobjsubid > 0
    UNION
    SELECT d.refobjid, a.adrelid, a.adnum
      FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_attrdef a ON a.oid = d.objid
     WHERE d.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass)
  SELECT s.sequence, f.name AS column, coalesce(f.type, '') AS type, s.seqcycle AS cycles, s.grows, s.value, e.end,
         coalesce((s.value - b.begin) / NULLIF(e.end - b.begin, 0), 1) AS share
    FROM s
    LEFT JOIN LATERAL (
      SELECT pg_catalog.format('%I.%I.%I', n.nspname, t.relname, a.attname) AS name, pg_catalog.format_type(a.atttypid, NULL) AS type
        FROM filled JOIN pg_catalog.pg_class t ON t.oid = filled.relation JOIN pg_catalog.pg_namespace n ON n.oid = t.relnamespace
        JOIN pg_catalog.pg_attribute a ON a.attrelid = t.oid AND a.attnum = filled.number AND NOT a.attisdropped
       WHERE filled.oid = s.oid
       ORDER BY CASE pg_catalog.format_type(a.atttypid, NULL) WHEN 'smallint' THEN 0 WHEN 'integer' THEN 1 ELSE 2 END, 1 LIMIT 1) AS f ON true
   CROSS JOIN LATERAL (
     SELECT CASE WHEN s.grows THEN LEAST(s.seqmax::pg_catalog.float8, CASE f.type WHEN 'smallint' THEN 32767 WHEN 'integer' THEN 2147483647 END)
                 ELSE GREATEST(s.seqmin::pg_catalog.float8, CASE f.type WHEN 'smallint' THEN -32768 WHEN 'integer' THEN -2147483648 END) END AS end) AS e
   CROSS JOIN LATERAL (
     SELECT CASE WHEN s.grows THEN LEAST(s.seqstart, 0) ELSE GREATEST(s.seqstart, 0) END::pg_catalog.float8 AS begin) AS b
   WHERE s.value IS NOT NULL
   ORDER BY share DESC, 1`;

const hidden = `
  SELECT pg_catalog.count(*)::pg_catalog.int4 AS amount FROM pg_catalog.pg_sequence q JOIN pg_catalog.pg_class c ON c.oid = q.seqrelid
   WHERE NOT pg_catalog.has_sequence_privilege(q.seqrelid, 'SELECT, USAGE') AND c.relpersistence <> 't'`;

const limit = { warning: 0.5, danger: 0.8 };

export const sequences: Examination = {
  name: "sequences",
  question: "Is every sequence far from its end?",
  async examine({ database, facts }) {
    const { rows } = await database.query<Row>(used);
    const { rows: others } = await database.query<{ amount: number }>(hidden);
    const { amount } = others[0]!;
    const unseen: readonly Diagnosis[] =
      amount === 0
        ? []
        : [
            {
              verdict: "unknown",
              found: `where ${count(amount, "sequence")} ${amount === 1 ? "stands" : "stand"} is hidden from this role`,
              means: "one of them may be near its end",
              next: [`GRANT SELECT ON ALL SEQUENCES IN SCHEMA … TO ${quoteIdent(facts.user)}`],
            },
          ];
    const near = rows.filter(({ share, cycles }) => !cycles && share >= limit.warning);
    const most = rows[0];
    if (near.length === 0)
      return [
        ...unseen,
        {
          verdict: "ok",
          found:
            most === undefined
              ? "none has given a value yet"
              : `the furthest is ${most.sequence}, at ${percent(most)}`,
        },
      ];
    return [...unseen, ...each(near, diagnose, "sequence")];
  },
};

function diagnose(row: Row): Diagnosis {
  const { sequence, column, type, value, end, grows, share } = row;
  return {
    verdict: share >= limit.danger ? "danger" : "warning",
    object: sequence,
    found: `at ${value} of ${end}, ${percent(row)}${column === null ? "" : `; it fills ${column} (${type})`}`,
    means: "at the end every INSERT that takes a value from it fails",
    next:
      column === null || type === "bigint"
        ? [`ALTER SEQUENCE ${sequence} AS bigint NO ${grows ? "MAXVALUE" : "MINVALUE"}`]
        : [
            `write ALTER TABLE … ALTER COLUMN … TYPE bigint for ${column} as a migration, then: lockstep plan MIGRATION`,
          ],
  };
}

function percent({ share }: Row): string {
  return `${(share * 100).toFixed(share < 0.1 ? 1 : 0)} %`;
}
