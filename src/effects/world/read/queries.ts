/*
 * The catalog queries of `readWorld`. Oids come as numbers. What is asked of schemas is asked of those that `visible` lists:
 * their oids, written out, which takes a server less time to plan than a question for them in each query.
 */

/** Without system schemas and other sessions' temporary ones. */
export const schemasSql = `
SELECT oid, CASE WHEN oid = pg_catalog.pg_my_temp_schema() THEN 'pg_temp' ELSE nspname END AS name,
  pg_catalog.pg_get_userbyid(nspowner) AS owner
FROM pg_catalog.pg_namespace
WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' OR oid = pg_catalog.pg_my_temp_schema()`;

export interface SchemaRow {
  readonly oid: number;
  readonly name: string;
  readonly owner: string;
}

export interface RelationRow {
  readonly oid: number;
  readonly schema: number;
  readonly name: string;
  readonly kind: string;
  readonly persistence: string;
  readonly row_security: boolean;
  readonly replica_identity: string;
  readonly populated: boolean;
  readonly tablespace: string | null;
  readonly access_method: string | null;
  readonly partition_strategy: string | null;
  readonly partition_columns: readonly number[] | null;
  readonly partition_expressions: string | null;
  readonly bound: string | null;
  readonly definition: string | null;
  readonly parents: readonly number[] | null;
  readonly sequence_type: string | null;
  readonly of_type: number | null;
  readonly foreign_server: string | null;
  readonly owner: string;
  readonly owner_table: number | null;
  readonly owner_column: number | null;
}

export const relationsSql = (visible: string): string => `
SELECT c.oid, c.relnamespace AS schema, c.relname AS name, c.relkind AS kind, c.relpersistence AS persistence,
  c.relrowsecurity AS row_security, c.relreplident AS replica_identity, c.relispopulated AS populated,
  CASE WHEN c.reltablespace <> 0 THEN
    (SELECT s.spcname FROM pg_catalog.pg_tablespace s WHERE s.oid = c.reltablespace) END AS tablespace,
  m.amname AS access_method,
  p.partstrat AS partition_strategy, p.partattrs::int2[] AS partition_columns,
  pg_catalog.pg_get_expr(p.partexprs, c.oid) AS partition_expressions,
  CASE WHEN c.relispartition AND c.relkind <> 'i' THEN pg_catalog.pg_get_expr(c.relpartbound, c.oid) END AS bound,
  CASE WHEN c.relkind IN ('v', 'm') THEN pg_catalog.pg_get_viewdef(c.oid) END AS definition,
  (SELECT array_agg(i.inhparent::int8 ORDER BY i.inhseqno) FROM pg_catalog.pg_inherits i WHERE i.inhrelid = c.oid) AS parents,
  CASE WHEN c.reloftype <> 0 THEN (SELECT y.typrelid FROM pg_catalog.pg_type y WHERE y.oid = c.reloftype) END AS of_type,
  CASE WHEN c.relkind = 'f' THEN
    (SELECT v.srvname FROM pg_catalog.pg_foreign_table f JOIN pg_catalog.pg_foreign_server v ON v.oid = f.ftserver
      WHERE f.ftrelid = c.oid) END AS foreign_server,
  pg_catalog.pg_get_userbyid(c.relowner) AS owner,
  CASE WHEN c.relkind = 'S' THEN
    (SELECT q.seqtypid::pg_catalog.regtype::text FROM pg_catalog.pg_sequence q WHERE q.seqrelid = c.oid) END AS sequence_type,
  o.refobjid AS owner_table, o.refobjsubid AS owner_column
FROM pg_catalog.pg_class c
LEFT JOIN pg_catalog.pg_am m ON m.oid = c.relam
LEFT JOIN pg_catalog.pg_partitioned_table p ON p.partrelid = c.oid
LEFT JOIN pg_catalog.pg_depend o ON c.relkind = 'S' AND o.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
  AND o.objid = c.oid AND o.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND o.refobjsubid > 0
  AND o.deptype IN ('a', 'i')
WHERE c.relnamespace IN (${visible}) AND c.relkind <> 't'`;

export interface ColumnRow {
  readonly relation: number;
  readonly number: number;
  readonly name: string;
  readonly type: number;
  readonly modifier: number;
  readonly collation: string | null;
  readonly not_null: boolean;
  readonly identity: string;
  readonly generated: string;
  readonly expression: string | null;
  readonly inherited: boolean;
  readonly local: boolean;
}

export const columnsSql = (visible: string): string => `
SELECT a.attrelid AS relation, a.attnum AS number, a.attname AS name, a.atttypid AS type, a.atttypmod AS modifier,
  CASE WHEN a.attcollation <> t.typcollation THEN k.collname END AS collation,
  a.attnotnull AS not_null, a.attidentity AS identity, a.attgenerated AS generated,
  pg_catalog.pg_get_expr(d.adbin, d.adrelid) AS expression, a.attinhcount > 0 AS inherited, a.attislocal AS local
FROM pg_catalog.pg_attribute a
JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_catalog.pg_collation k ON k.oid = a.attcollation
LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE c.relnamespace IN (${visible}) AND c.relkind NOT IN ('t', 'S') AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attrelid, a.attnum`;

export interface ConstraintRow {
  readonly oid: number;
  readonly relation: number;
  readonly domain: number;
  readonly name: string;
  readonly kind: string;
  readonly deferrable: boolean;
  readonly deferred: boolean;
  readonly valid: boolean;
  readonly enforced: boolean;
  readonly no_inherit: boolean;
  readonly inherited: boolean;
  readonly local: boolean;
  readonly keys: readonly number[] | null;
  readonly index: number;
  readonly referenced: number;
  readonly referenced_keys: readonly number[] | null;
  readonly on_delete: string;
  readonly on_update: string;
  readonly on_delete_columns: readonly number[] | null;
  readonly expression: string | null;
}

/** Without the copies that a foreign key to a partitioned table has for each of its partitions. */
export function constraintsSql(visible: string, major: number): string {
  return `
SELECT oid, conrelid AS relation, contypid AS domain, conname AS name, contype AS kind, condeferrable AS deferrable,
  condeferred AS deferred,   convalidated AS valid, ${major >= 18 ? "conenforced" : "true"} AS enforced, connoinherit AS no_inherit,
  coninhcount > 0 AS inherited, conislocal AS local, conkey AS keys, conindid AS index,
  confrelid AS referenced, confkey AS referenced_keys, confdeltype AS on_delete, confupdtype AS on_update,
  ${major >= 15 ? "confdelsetcols" : "NULL::int2[]"} AS on_delete_columns,
  pg_catalog.pg_get_expr(conbin, conrelid) AS expression
FROM pg_catalog.pg_constraint k
WHERE connamespace IN (${visible}) AND contype <> 't' AND NOT (contype = 'f' AND EXISTS (
  SELECT FROM pg_catalog.pg_constraint o WHERE o.oid = k.conparentid AND o.conrelid = k.conrelid))
ORDER BY conname`;
}

export interface IndexRow {
  readonly index: number;
  readonly table: number;
  readonly unique: boolean;
  readonly valid: boolean;
  readonly replica_identity: boolean;
  readonly clustered: boolean;
  readonly key_count: number;
  readonly columns: readonly number[];
  /** Of each key: operator class that is not the default, collation that is not the column's, descending, nulls first. */
  readonly options: readonly (readonly [string | null, string | null, boolean, boolean])[];
  readonly nulls_not_distinct: boolean;
  readonly expressions: string | null;
  readonly predicate: string | null;
}

/** NULLS NOT DISTINCT came with Postgres 15. */
export const indexesSql = (visible: string, major: number): string => `
SELECT i.indexrelid AS index, i.indrelid AS table, i.indisunique AS unique, i.indisvalid AS valid,
  i.indisreplident AS replica_identity, i.indisclustered AS clustered,
  i.indnkeyatts AS key_count, i.indkey::int2[] AS columns,
  ${major >= 15 ? "i.indnullsnotdistinct" : "false"} AS nulls_not_distinct,
  (SELECT pg_catalog.json_agg(pg_catalog.json_build_array(
      CASE WHEN NOT o.opcdefault THEN o.opcname END, l.collname, k.option & 1 <> 0, k.option & 2 <> 0
    ) ORDER BY k.place)
    FROM ROWS FROM (
      pg_catalog.unnest(i.indkey::int2[]), pg_catalog.unnest(i.indclass::oid[]),
      pg_catalog.unnest(i.indcollation::oid[]), pg_catalog.unnest(i.indoption::int2[])
    ) WITH ORDINALITY AS k(number, class, coll, option, place)
    JOIN pg_catalog.pg_opclass o ON o.oid = k.class
    LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number
    LEFT JOIN pg_catalog.pg_collation l
      ON l.oid = k.coll AND l.collname <> 'default' AND a.attcollation IS DISTINCT FROM k.coll) AS options,
  pg_catalog.pg_get_expr(i.indexprs, i.indrelid) AS expressions,
  pg_catalog.pg_get_expr(i.indpred, i.indrelid) AS predicate
FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
WHERE c.relnamespace IN (${visible})`;

/** Every type, built-in ones too: they tell what a column's type oid means. */
export interface TypeRow {
  readonly oid: number;
  readonly schema: number;
  readonly schema_name: string;
  readonly name: string;
  readonly kind: string;
  /** Oid of the element when this is an array type made for it. */
  readonly element: number | null;
  readonly relation_kind: string | null;
  readonly base: number;
  readonly modifier: number;
  readonly not_null: boolean;
  readonly default: string | null;
  /** The range type that a multirange is made for. */
  readonly range: number | null;
}

export const typesSql = `
SELECT t.oid, t.typnamespace AS schema,
  CASE WHEN t.typnamespace = pg_catalog.pg_my_temp_schema() THEN 'pg_temp' ELSE n.nspname END AS schema_name,
  t.typname AS name, t.typtype AS kind, e.oid AS element, c.relkind AS relation_kind,
  t.typbasetype AS base, t.typtypmod AS modifier, t.typnotnull AS not_null,
  pg_catalog.pg_get_expr(t.typdefaultbin, 0) AS default, r.rngtypid AS range
FROM pg_catalog.pg_type t
JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
LEFT JOIN pg_catalog.pg_type e ON e.typarray = t.oid
LEFT JOIN pg_catalog.pg_range r ON r.rngmultitypid = t.oid
LEFT JOIN pg_catalog.pg_class c ON c.oid = t.typrelid`;

export interface LabelRow {
  readonly type: number;
  readonly labels: readonly string[];
}

export const labelsSql = `
SELECT enumtypid AS type, array_agg(enumlabel::text ORDER BY enumsortorder) AS labels
FROM pg_catalog.pg_enum GROUP BY enumtypid`;

export interface RoutineRow {
  readonly oid: number;
  readonly schema: number;
  readonly name: string;
  readonly kind: string;
  readonly volatility: string;
  readonly language: string;
  readonly strict: boolean;
  readonly security_definer: boolean;
  readonly has_settings: boolean;
  readonly arguments: readonly number[];
  readonly returns: number;
  readonly returns_set: boolean;
  readonly body: string | null;
  readonly sql_body: string | null;
  readonly owner: string;
}

/** Without the constructors of range types, which belong to their type, and without what no SQL text calls. */
export const routinesSql = (visible: string): string => `
SELECT p.oid, p.pronamespace AS schema, p.proname AS name, p.prokind AS kind, p.provolatile AS volatility,
  l.lanname AS language, p.proisstrict AS strict, p.prosecdef AS security_definer, p.proconfig IS NOT NULL AS has_settings,
  p.proargtypes::int8[] AS arguments, p.prorettype AS returns, p.proretset AS returns_set,
  CASE WHEN l.lanname IN ('c', 'internal') OR p.prosqlbody IS NOT NULL THEN NULL ELSE p.prosrc END AS body,
  pg_catalog.pg_get_function_sqlbody(p.oid) AS sql_body, pg_catalog.pg_get_userbyid(p.proowner) AS owner
FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_language l ON l.oid = p.prolang
WHERE p.pronamespace IN (${visible}) AND p.prorettype <> 'internal'::pg_catalog.regtype
  AND NOT p.proargtypes::oid[] && ARRAY['internal'::pg_catalog.regtype, 'cstring'::pg_catalog.regtype]::oid[]
  AND NOT EXISTS (
  SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND d.objid = p.oid
    AND d.deptype = 'i')`;

/** A trigger, policy, rewrite rule or extended statistics object of a relation. */
export interface AttachedRow {
  readonly relation: number;
  readonly kind: "trigger" | "policy" | "rule" | "statistics";
  readonly oid: number;
  readonly name: string;
  readonly schema: number | null;
  readonly routine: string | null;
  readonly enabled: boolean;
  /** Of a trigger: it is the partitioned table's. */
  readonly flag: boolean;
  /** Of a constraint trigger: the table after FROM. */
  readonly other: number;
  /** Of a trigger, a rule and statistics: how they are made. Of a policy: USING. */
  readonly text: string | null;
  /** Of a policy: WITH CHECK. */
  readonly check: string | null;
}

/** Copies of a partitioned table's triggers, at any level, are internal ones before Postgres 15; foreign keys have copies too. */
export const attachedSql = `
SELECT t.tgrelid AS relation, 'trigger' AS kind, t.oid, t.tgname AS name, p.pronamespace AS schema,
  p.proname AS routine, t.tgenabled <> 'D' AS enabled, t.tgparentid <> 0 AS flag, t.tgconstrrelid AS other,
  pg_catalog.pg_get_triggerdef(t.oid) AS text, NULL AS check
FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_proc p ON p.oid = t.tgfoid
LEFT JOIN pg_catalog.pg_constraint c ON c.oid = t.tgconstraint
WHERE NOT t.tgisinternal OR t.tgparentid <> 0 AND coalesce(c.contype, 't') = 't'
UNION ALL
SELECT polrelid, 'policy', oid, polname, NULL, NULL, true, false, 0,
  pg_catalog.pg_get_expr(polqual, polrelid), pg_catalog.pg_get_expr(polwithcheck, polrelid) FROM pg_catalog.pg_policy
UNION ALL
SELECT ev_class, 'rule', oid, rulename, NULL, NULL, ev_enabled <> 'D', false, 0,
  pg_catalog.pg_get_ruledef(oid), NULL
FROM pg_catalog.pg_rewrite WHERE rulename <> '_RETURN'
UNION ALL
SELECT stxrelid, 'statistics', oid, stxname, stxnamespace, NULL, true, false, 0,
  pg_catalog.pg_get_statisticsobjdef(oid), NULL
FROM pg_catalog.pg_statistic_ext
ORDER BY 1, 2, 4`;

/** What a policy or rewrite rule refers to; column 0 is the relation as such. */
export interface UseRow {
  readonly object: number;
  readonly relation: number;
  readonly columns: readonly number[];
}

export const usesSql = `
SELECT d.objid AS object, d.refobjid AS relation, array_agg(DISTINCT d.refobjsubid) AS columns
FROM pg_catalog.pg_depend d LEFT JOIN pg_catalog.pg_rewrite r
  ON d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND r.oid = d.objid
WHERE d.classid IN ('pg_catalog.pg_policy'::pg_catalog.regclass, 'pg_catalog.pg_rewrite'::pg_catalog.regclass)
  AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND r.rulename IS DISTINCT FROM '_RETURN'
GROUP BY d.objid, d.refobjid`;

/** What a view's query refers to; column 0 is the relation as such. */
export interface ReadRow {
  readonly view: number;
  readonly relation: number;
  readonly columns: readonly number[];
}

export const readsSql = (visible: string): string => `
SELECT r.ev_class AS view, d.refobjid AS relation,
  array_agg(d.refobjsubid ORDER BY d.refobjsubid) AS columns
FROM pg_catalog.pg_rewrite r
JOIN pg_catalog.pg_class c ON c.oid = r.ev_class
JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND d.objid = r.oid
  AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid <> r.ev_class
WHERE r.rulename = '_RETURN' AND c.relnamespace IN (${visible})
GROUP BY r.ev_class, d.refobjid`;

export const extensionsSql = `SELECT extname AS name FROM pg_catalog.pg_extension`;
