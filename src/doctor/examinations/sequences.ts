import { each, type Diagnosis, type Examination } from "../examination.ts";

interface Row {
  readonly sequence: string;
  /** The column that it fills, NULL when it belongs to none. */
  readonly column: string | null;
  readonly type: string;
  readonly used: number;
  readonly end: number;
  readonly cycles: boolean;
}

/**
 * How far each sequence is, against its own end and that of the column that it fills, whichever comes first: an int4
 * column filled from an int8 sequence ends at 2,147,483,647.
 */
const used = `
  WITH s AS (
    SELECT c.oid, pg_catalog.format('%I.%I', n.nspname, c.relname) AS sequence, q.seqmax, q.seqmin, q.seqincrement, q.seqcycle,
           pg_catalog.pg_sequence_last_value(q.seqrelid) AS value
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
  SELECT s.sequence, f.name AS column, coalesce(f.type, '') AS type, s.seqcycle AS cycles,
         pg_catalog.abs(s.value::pg_catalog.float8) AS used,
         LEAST(CASE WHEN s.seqincrement > 0 THEN s.seqmax ELSE pg_catalog.abs(s.seqmin::pg_catalog.float8) END::pg_catalog.float8,
               CASE f.type WHEN 'smallint' THEN 32767 WHEN 'integer' THEN 2147483647 END) AS end
    FROM s
    LEFT JOIN LATERAL (
      SELECT pg_catalog.format('%I.%I.%I', n.nspname, t.relname, a.attname) AS name, pg_catalog.format_type(a.atttypid, NULL) AS type
        FROM filled JOIN pg_catalog.pg_class t ON t.oid = filled.relation JOIN pg_catalog.pg_namespace n ON n.oid = t.relnamespace
        JOIN pg_catalog.pg_attribute a ON a.attrelid = t.oid AND a.attnum = filled.number AND NOT a.attisdropped
       WHERE filled.oid = s.oid
       ORDER BY CASE pg_catalog.format_type(a.atttypid, NULL) WHEN 'smallint' THEN 0 WHEN 'integer' THEN 1 ELSE 2 END, 1 LIMIT 1) AS f ON true
   WHERE s.value IS NOT NULL
   ORDER BY 5 / 6 DESC, 1`;

const share = { warning: 0.5, danger: 0.8 };

export const sequences: Examination = {
  name: "sequences",
  question: "Is every sequence far from its end?",
  async examine({ database }) {
    const { rows } = await database.query<Row>(used);
    const near = rows.filter(
      ({ used: value, end, cycles }) => !cycles && value / end >= share.warning,
    );
    const most = rows[0];
    if (near.length === 0)
      return [
        {
          verdict: "ok",
          found:
            most === undefined
              ? "none has given a value yet"
              : `the furthest is ${most.sequence}, at ${percent(most)}`,
        },
      ];
    return each(near, diagnose, "sequences");
  },
};

function diagnose(row: Row): Diagnosis {
  const { sequence, column, type, used: value, end } = row;
  return {
    verdict: value / end >= share.danger ? "danger" : "warning",
    object: sequence,
    found: `at ${value} of ${end}, ${percent(row)}${column === null ? "" : `; it fills ${column} (${type})`}`,
    means: "at the end every INSERT that takes a value from it fails",
    next:
      column === null || type === "bigint"
        ? [`ALTER SEQUENCE ${sequence} AS bigint`]
        : [
            `write ALTER TABLE … ALTER COLUMN … TYPE bigint for ${column} as a migration, then: lockstep plan MIGRATION`,
          ],
  };
}

function percent({ used: value, end }: Row): string {
  return `${((value / end) * 100).toFixed(value / end < 0.1 ? 1 : 0)} %`;
}
