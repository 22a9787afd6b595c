import type { Domain, DomainCheck, EnumType, RangeType } from "./model.ts";
import type { ServerFacts } from "./read-server.ts";
import { named, readType, typeJoin, typeSelection, type Named, type TypeRow } from "./type-refs.ts";

/** Leaves out what belongs to an extension. */
export const notFromExtension = (catalog: string, oid: string): string =>
  `NOT EXISTS (SELECT FROM pg_catalog.pg_depend x WHERE x.classid = 'pg_catalog.${catalog}'::regclass
    AND x.objid = ${oid} AND x.deptype = 'e')`;

interface TypeHead {
  readonly oid: number;
  readonly schema: number;
  readonly name: string;
}

export interface EnumRow extends TypeHead {
  readonly labels: readonly string[] | null;
}

export const enumsSql = `
SELECT y.oid::int8, y.typnamespace::int8 AS schema, y.typname AS name, (
  SELECT json_agg(l.enumlabel ORDER BY l.enumsortorder) FROM pg_catalog.pg_enum l WHERE l.enumtypid = y.oid
) AS labels
FROM pg_catalog.pg_type y
WHERE y.typnamespace = ANY ($1::oid[]) AND y.typtype = 'e' AND ${notFromExtension("pg_type", "y.oid")}`;

export function readEnum(row: EnumRow, facts: ServerFacts): EnumType {
  return { ...head(row, facts), labels: row.labels ?? [] };
}

export interface DomainRow extends TypeHead, TypeRow {
  readonly not_null: boolean;
  readonly default: string | null;
  readonly collation: Named | null;
  readonly checks: readonly (DomainCheck & { readonly oid: number })[] | null;
}

export const domainsSql = `
SELECT y.oid::int8, y.typnamespace::int8 AS schema, y.typname AS name, ${typeSelection("y.typbasetype", "y.typtypmod")},
  y.typnotnull AS not_null, pg_catalog.pg_get_expr(y.typdefaultbin, 0) AS default,
  (SELECT json_build_array(l.collnamespace::int8, l.collname) FROM pg_catalog.pg_collation l
    WHERE l.oid = y.typcollation AND y.typcollation <> t.typcollation) AS collation,
  (SELECT json_agg(json_build_object('oid', n.oid::int8, 'name', n.conname,
      'expression', pg_catalog.pg_get_expr(n.conbin, 0), 'valid', n.convalidated) ORDER BY n.conname COLLATE "C")
    FROM pg_catalog.pg_constraint n WHERE n.contypid = y.oid AND n.contype = 'c') AS checks
FROM pg_catalog.pg_type y
${typeJoin("y.typbasetype")}
WHERE y.typnamespace = ANY ($1::oid[]) AND y.typtype = 'd' AND ${notFromExtension("pg_type", "y.oid")}`;

export function readDomain(row: DomainRow, facts: ServerFacts): Domain {
  return {
    ...head(row, facts),
    baseType: readType(row, facts),
    collation: named(row.collation, facts),
    nullable: !row.not_null,
    default: row.default,
    checks: (row.checks ?? []).map(({ name, expression, valid }) => ({ name, expression, valid })),
  };
}

export interface RangeRow extends TypeHead, TypeRow {
  readonly multirange: Named;
  readonly opclass: Named;
  readonly collation: Named | null;
  readonly canonical: Named | null;
  readonly subtype_diff: Named | null;
}

export const rangesSql = `
SELECT y.oid::int8, y.typnamespace::int8 AS schema, y.typname AS name, ${typeSelection("g.rngsubtype", "NULL")},
  (SELECT json_build_array(m.typnamespace::int8, m.typname) FROM pg_catalog.pg_type m WHERE m.oid = g.rngmultitypid)
    AS multirange,
  (SELECT json_build_array(o.opcnamespace::int8, o.opcname) FROM pg_catalog.pg_opclass o WHERE o.oid = g.rngsubopc)
    AS opclass,
  (SELECT json_build_array(l.collnamespace::int8, l.collname) FROM pg_catalog.pg_collation l
    WHERE l.oid = g.rngcollation AND g.rngcollation <> t.typcollation) AS collation,
  (SELECT json_build_array(f.pronamespace::int8, f.proname) FROM pg_catalog.pg_proc f WHERE f.oid = g.rngcanonical)
    AS canonical,
  (SELECT json_build_array(f.pronamespace::int8, f.proname) FROM pg_catalog.pg_proc f WHERE f.oid = g.rngsubdiff)
    AS subtype_diff
FROM pg_catalog.pg_range g
JOIN pg_catalog.pg_type y ON y.oid = g.rngtypid
${typeJoin("g.rngsubtype")}
WHERE y.typnamespace = ANY ($1::oid[]) AND ${notFromExtension("pg_type", "y.oid")}`;

export function readRange(row: RangeRow, facts: ServerFacts): RangeType {
  return {
    ...head(row, facts),
    subtype: readType(row, facts),
    multirange: named(row.multirange, facts) ?? "",
    opclass: named(row.opclass, facts) ?? "",
    collation: named(row.collation, facts),
    canonical: named(row.canonical, facts),
    subtypeDiff: named(row.subtype_diff, facts),
  };
}

function head(row: TypeHead, facts: ServerFacts): { schema: string; name: string } {
  return { schema: facts.schemaNames.get(row.schema) ?? "", name: row.name };
}
