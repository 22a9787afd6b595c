import { bytes } from "../../pg/index.ts";
import { each, type Examination } from "../examination.ts";

interface Row {
  readonly table: string;
  /** The one to keep first: what a constraint needs, what was used more, what is older. */
  readonly indexes: string[];
  readonly bytes: number;
  readonly constrained: number;
}

/** Same table, keys, included columns, classes of operators, collations, order, predicate, method and uniqueness. */
const duplicates = `
  SELECT pg_catalog.format('%I.%I', n.nspname, t.relname) AS table,
         pg_catalog.array_agg(pg_catalog.format('%I.%I', n.nspname, c.relname) ORDER BY k.oid IS NULL, s.idx_scan DESC NULLS LAST, c.oid) AS indexes,
         pg_catalog.count(k.oid)::pg_catalog.int4 AS constrained,
         pg_catalog.min(c.relpages) * pg_catalog.current_setting('block_size')::pg_catalog.float8 AS bytes
    FROM pg_catalog.pg_index i
    JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid AND c.relkind = 'i'
    JOIN pg_catalog.pg_class t ON t.oid = i.indrelid JOIN pg_catalog.pg_namespace n ON n.oid = t.relnamespace
    LEFT JOIN pg_catalog.pg_constraint k ON k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x')
    LEFT JOIN pg_catalog.pg_stat_user_indexes s ON s.indexrelid = i.indexrelid
   WHERE i.indisvalid AND n.nspname NOT IN ('pg_catalog', 'pg_toast', 'information_schema')
   GROUP BY n.nspname, t.relname, i.indrelid, i.indkey::pg_catalog.text, i.indclass::pg_catalog.text, i.indcollation::pg_catalog.text,
            i.indoption::pg_catalog.text, i.indnatts, i.indnkeyatts, i.indisunique, c.relam,
            pg_catalog.pg_get_expr(i.indexprs, i.indrelid), pg_catalog.pg_get_expr(i.indpred, i.indrelid)
  HAVING pg_catalog.count(*) > 1 ORDER BY bytes DESC, 1`;

export const duplicateIndexes: Examination = {
  name: "duplicate-indexes",
  question: "Is no index there twice?",
  async examine({ database }) {
    const { rows } = await database.query<Row>(duplicates);
    if (rows.length === 0) return [{ verdict: "ok", found: "none" }];
    return each(
      rows,
      ({ table, indexes: [keep = "", ...others], bytes: size, constrained }) => ({
        verdict: "warning",
        object: table,
        found: `${[keep, ...others].join(" and ")} are the same, ${bytes(size)} each`,
        means: "every write pays for both, and so does every rewrite of the table",
        // A second constraint goes by ALTER TABLE, which is for its owner to decide.
        next:
          constrained > 1
            ? [`drop all but one of the constraints of ${[keep, ...others].join(", ")}`]
            : others.map((index) => `DROP INDEX CONCURRENTLY ${index}`),
      }),
      "tables",
    );
  },
};
