import type { Query } from "./connection.ts";
import type { RuntimeContract } from "./contract.ts";

/** A column of the live schema. */
export interface LiveColumn {
  readonly name: string;
  readonly type: string;
  readonly notNull: boolean;
  readonly filled: boolean;
  readonly identity: string;
  readonly generated: boolean;
}

export interface LiveKey {
  readonly keys: readonly string[];
  readonly predicate: string | null;
  readonly valid: boolean;
  readonly immediate: boolean;
  readonly nullsNotDistinct: boolean;
}

export interface LiveReference {
  readonly columns: readonly string[];
  /** Position of the parent among the contract's relations; null when it is none of them. */
  readonly parent: number | null;
  readonly references: readonly string[];
  readonly onDelete: string;
  readonly onUpdate: string;
  readonly deferrable: boolean;
  /** Checked at commit unless the transaction says otherwise. */
  readonly deferred: boolean;
}

export interface LiveRelation {
  readonly kind: string;
  readonly name: string;
  /** What a view takes: 4 UPDATE, 8 INSERT, 16 DELETE (pg_relation_is_updatable). */
  readonly updatable: number;
  readonly columns: readonly LiveColumn[];
  readonly keys: readonly LiveKey[];
  readonly foreignKeys: readonly LiveReference[];
}

/** What the database has of what the contract names, all from one statement and so from one moment. */
export interface Facts {
  /** By position: the contract's tables, then its views; null for what is not there. */
  readonly relations: readonly (LiveRelation | null)[];
  /** Labels by position in the contract's enums; null for what is not there. */
  readonly enums: readonly (readonly string[] | null)[];
  readonly relationOids: string;
  readonly typeOids: string;
  readonly schemaOids: string;
  /** Null without Lockstep's functions. */
  readonly stamp: string | null;
}

/** Reads what the check needs in one statement. */
export async function readFacts(
  query: Query,
  contract: RuntimeContract,
  withStamp: boolean,
): Promise<Facts> {
  const relations = [...contract.tables, ...contract.views].map(
    ({ schema, name, unqualified }, i) => ({ i, s: schema, n: name, u: unqualified }),
  );
  const types = [...contract.enums, ...contract.domains].map(({ schema, name }, i) => ({
    i,
    s: schema,
    n: name,
  }));
  const rows = await query(factsSql(withStamp), [JSON.stringify(relations), JSON.stringify(types)]);
  const raw = JSON.parse(String(rows[0]!["facts"])) as RawFacts;
  const found = new Map(raw.relations.map((relation) => [relation.i, relation]));
  const labels = new Map(raw.enums.map(({ i, labels }) => [i, labels]));
  return {
    relations: relations.map(({ i }) => found.get(i) ?? null),
    enums: contract.enums.map((_, i) => labels.get(i) ?? null),
    relationOids: raw.relationOids,
    typeOids: raw.typeOids,
    schemaOids: raw.schemaOids,
    stamp: raw.stamp,
  };
}

interface RawFacts {
  readonly relations: readonly (LiveRelation & { readonly i: number })[];
  readonly enums: readonly { readonly i: number; readonly labels: readonly string[] }[];
  readonly relationOids: string;
  readonly typeOids: string;
  readonly schemaOids: string;
  readonly stamp: string | null;
}

/** A type's name with its schema, whatever the session's search_path (format_type leaves visible ones away). */
const typeName = (oid: string, modifier: string, alias: string) =>
  `CASE WHEN ${alias}.typnamespace <> 'pg_catalog'::pg_catalog.regnamespace AND pg_catalog.pg_type_is_visible(${alias}.oid)
    THEN pg_catalog.quote_ident((SELECT nspname FROM pg_catalog.pg_namespace WHERE oid = ${alias}.typnamespace)) || '.' ELSE '' END
   || pg_catalog.format_type(${oid}, ${modifier})`;

const names = (relation: string, numbers: string) =>
  `ARRAY(SELECT a.attname::text FROM pg_catalog.unnest(${numbers}) WITH ORDINALITY AS k (n, at)
    JOIN pg_catalog.pg_attribute a ON a.attrelid = ${relation} AND a.attnum = k.n ORDER BY k.at)`;

/** Domains are read through: drivers see the type under them, and what they refuse or fill in counts. */
const factsSql = (withStamp: boolean) => `
WITH wanted AS (
  SELECT w.i, c.oid, c.relkind, c.relnamespace AS schema, pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname) AS name
  FROM pg_catalog.json_to_recordset($1::text::json) AS w (i int, s text, n text, u boolean)
  JOIN pg_catalog.pg_class c ON c.oid = pg_catalog.to_regclass(
    CASE WHEN w.u THEN '' ELSE pg_catalog.quote_ident(w.s) || '.' END || pg_catalog.quote_ident(w.n))
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
), types AS (
  SELECT w.i, t.oid, t.typtype FROM pg_catalog.json_to_recordset($2::text::json) AS w (i int, s text, n text)
  JOIN pg_catalog.pg_namespace n ON n.nspname = w.s
  JOIN pg_catalog.pg_type t ON t.typnamespace = n.oid AND t.typname = w.n
), columns AS (
  SELECT a.attrelid, pg_catalog.json_agg(pg_catalog.json_build_object('name', a.attname,
    'type', CASE WHEN t.typtype = 'd' THEN ${typeName("t.typbasetype", "t.typtypmod", "b")} ELSE ${typeName("a.atttypid", "a.atttypmod", "t")} END,
    'notNull', a.attnotnull OR t.typnotnull,
    'filled', a.atthasdef OR a.attidentity <> '' OR t.typdefault IS NOT NULL,
    'identity', a.attidentity, 'generated', a.attgenerated <> '') ORDER BY a.attnum) AS list
  FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
  LEFT JOIN pg_catalog.pg_type b ON b.oid = t.typbasetype
  WHERE a.attrelid IN (SELECT oid FROM wanted) AND a.attnum > 0 AND NOT a.attisdropped GROUP BY a.attrelid
), keys AS (
  SELECT x.indrelid, pg_catalog.json_agg(pg_catalog.json_build_object(
    'keys', (SELECT pg_catalog.json_agg(coalesce(pg_catalog.quote_ident(a.attname), '(' || pg_catalog.pg_get_indexdef(x.indexrelid, k.at::int, true) || ')') ORDER BY k.at)
      FROM pg_catalog.unnest(x.indkey::int2[]) WITH ORDINALITY AS k (n, at)
      LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = x.indrelid AND a.attnum = k.n AND k.n > 0 WHERE k.at <= x.indnkeyatts),
    'predicate', pg_catalog.pg_get_expr(x.indpred, x.indrelid), 'valid', x.indisvalid, 'immediate', x.indimmediate,
    'nullsNotDistinct', coalesce((pg_catalog.to_jsonb(x) ->> 'indnullsnotdistinct')::boolean, false))) AS list
  FROM pg_catalog.pg_index x WHERE x.indisunique AND x.indrelid IN (SELECT oid FROM wanted) GROUP BY x.indrelid
), foreign_keys AS (
  SELECT f.conrelid, pg_catalog.json_agg(pg_catalog.json_build_object('columns', ${names("f.conrelid", "f.conkey")},
    'parent', p.i, 'references', ${names("f.confrelid", "f.confkey")}, 'onDelete', f.confdeltype, 'onUpdate', f.confupdtype,
    'deferrable', f.condeferrable, 'deferred', f.condeferred)) AS list
  FROM pg_catalog.pg_constraint f LEFT JOIN wanted p ON p.oid = f.confrelid
  WHERE f.contype = 'f' AND f.conrelid IN (SELECT oid FROM wanted) GROUP BY f.conrelid
), oids AS (
  SELECT ARRAY(SELECT oid FROM wanted) AS relations, ARRAY(SELECT oid FROM types) AS types,
    ARRAY(SELECT DISTINCT schema FROM wanted) AS schemas
)
SELECT pg_catalog.json_build_object(
  'relations', coalesce((SELECT pg_catalog.json_agg(pg_catalog.json_build_object('i', w.i, 'kind', w.relkind, 'name', w.name,
      'updatable', CASE WHEN w.relkind = 'v' THEN pg_catalog.pg_relation_is_updatable(w.oid, true) ELSE 28 END,
      'columns', coalesce(c.list, '[]'::json), 'keys', coalesce(k.list, '[]'::json), 'foreignKeys', coalesce(f.list, '[]'::json)))
    FROM wanted w LEFT JOIN columns c ON c.attrelid = w.oid LEFT JOIN keys k ON k.indrelid = w.oid
    LEFT JOIN foreign_keys f ON f.conrelid = w.oid), '[]'::json),
  'enums', coalesce((SELECT pg_catalog.json_agg(pg_catalog.json_build_object('i', t.i, 'labels',
      ARRAY(SELECT e.enumlabel::text FROM pg_catalog.pg_enum e WHERE e.enumtypid = t.oid ORDER BY e.enumsortorder)))
    FROM types t WHERE t.typtype = 'e'), '[]'::json),
  'relationOids', o.relations::text, 'typeOids', o.types::text, 'schemaOids', o.schemas::text,
  'stamp', ${withStamp ? "lockstep.catalog_stamp(o.relations, o.types, o.schemas, pg_catalog.current_schemas(false)::text[])" : "NULL::text"}
)::text AS facts FROM oids o`;
