import { bytes } from "../../pg/index.ts";
import { each, type Examination } from "../examination.ts";

interface Row {
  readonly table: string;
  /** The one to keep first: what a partitioned index or a constraint needs, what was used more, what is older. */
  readonly indexes: string[];
  /** Of each, what DROP INDEX would refuse it for: `partition`, `constraint`; else `partitioned` or null. */
  readonly kinds: (string | null)[];
  readonly bytes: number;
}

/**
 * Same table, keys, included columns, classes of operators with their options, collations, order, predicate, method, and
 * uniqueness of the same kind. Indexes of partitions that all belong to those of the partitioned table are told there.
 */
const duplicates = (major: number) => `
  WITH i AS (
    SELECT x.*, c.relam, c.relkind, c.relpages, c.relispartition, c.oid, n.nspname, t.relname AS table_name, s.idx_scan,
           pg_catalog.format('%I.%I', n.nspname, c.relname) AS name,
           x.indisreplident OR EXISTS (SELECT FROM pg_catalog.pg_constraint k WHERE k.conindid = x.indexrelid
                                          AND k.contype IN ('p', 'u', 'x', 'f')) AS bound
      FROM pg_catalog.pg_index x
      JOIN pg_catalog.pg_class c ON c.oid = x.indexrelid
      JOIN pg_catalog.pg_class t ON t.oid = x.indrelid JOIN pg_catalog.pg_namespace n ON n.oid = t.relnamespace
      LEFT JOIN pg_catalog.pg_stat_user_indexes s ON s.indexrelid = x.indexrelid
     WHERE x.indisvalid AND t.relpersistence <> 't' AND n.nspname NOT IN ('pg_catalog', 'pg_toast', 'information_schema'))
  SELECT pg_catalog.format('%I.%I', nspname, table_name) AS table,
         pg_catalog.array_agg(name ORDER BY relispartition DESC, bound DESC, idx_scan DESC NULLS LAST, oid) AS indexes,
         pg_catalog.array_agg(CASE WHEN relispartition THEN 'partition' WHEN bound THEN 'constraint' WHEN relkind = 'I' THEN 'partitioned' END
                              ORDER BY relispartition DESC, bound DESC, idx_scan DESC NULLS LAST, oid) AS kinds,
         pg_catalog.min(relpages) * pg_catalog.current_setting('block_size')::pg_catalog.float8 AS bytes
    FROM i
   GROUP BY nspname, table_name, indrelid, indkey::pg_catalog.text, indclass::pg_catalog.text, indcollation::pg_catalog.text,
            indoption::pg_catalog.text, indnatts, indnkeyatts, indisunique, indimmediate, relam,
            ${major >= 15 ? "indnullsnotdistinct," : ""}
            pg_catalog.pg_get_expr(indexprs, indrelid), pg_catalog.pg_get_expr(indpred, indrelid),
            (SELECT pg_catalog.string_agg(a.attnum || ' ' || a.attoptions::pg_catalog.text, ' ' ORDER BY a.attnum)
               FROM pg_catalog.pg_attribute a WHERE a.attrelid = i.oid),
            (SELECT k.conexclop::pg_catalog.text FROM pg_catalog.pg_constraint k WHERE k.conindid = i.oid AND k.contype = 'x')
  HAVING pg_catalog.count(*) > 1 AND NOT pg_catalog.bool_and(relispartition) ORDER BY bytes DESC, 1`;

export const duplicateIndexes: Examination = {
  name: "duplicate-indexes",
  question: "Is no index there twice?",
  async examine({ database, facts: { major } }) {
    const { rows } = await database.query<Row>(duplicates(major));
    if (rows.length === 0) return [{ verdict: "ok", found: "none" }];
    return each(
      rows,
      ({ table, indexes, kinds, bytes: size }) => ({
        verdict: "warning",
        object: table,
        found: `${indexes.join(" and ")} are the same, ${bytes(size)} each`,
        means: `every write pays for ${indexes.length === 2 ? "both" : "all of them"}, and so does every rewrite of the table`,
        next: indexes.slice(1).map((index, at) => wayOut(index, kinds[at + 1] ?? null)),
      }),
      "table",
    );
  },
};

/** What a constraint or a partitioned index needs goes with that, which is for its owner to decide. */
function wayOut(index: string, kind: string | null): string {
  if (kind === "partition") return `${index} goes with the index of the partitioned table`;
  if (kind === "constraint")
    return `${index} goes with its constraint, once no foreign key and no replica identity needs it`;
  return kind === "partitioned" ? `DROP INDEX ${index}` : `DROP INDEX CONCURRENTLY ${index}`;
}
