import type { TypeRef } from "./model.ts";
import { qualifiedName, type QualifiedName } from "./names.ts";
import type { ObjectGroups } from "./read-objects.ts";
import type { ServerFacts } from "./read-server.ts";

/** Columns that describe a type; see `typeSelection`. */
export interface TypeRow {
  readonly type: string;
  /** An oid, which JSON holds as text. */
  readonly type_schema: string;
  readonly type_name: string;
  readonly type_kind: keyof typeof typeKinds;
  readonly type_category: string;
  readonly type_is_array: boolean;
}

const typeKinds = {
  b: "base",
  e: "enum",
  d: "domain",
  c: "composite",
  r: "range",
  m: "multirange",
  p: "pseudo",
} as const;

/** Select list for a TypeRow, from the aliases of `typeJoin`. */
export function typeSelection(typeOid: string, modifier: string): string {
  return `pg_catalog.format_type(${typeOid}, ${modifier}) AS type,
  coalesce(e.typnamespace, t.typnamespace) AS type_schema, coalesce(e.typname, t.typname) AS type_name,
  coalesce(e.typtype, t.typtype) AS type_kind, coalesce(e.typcategory, t.typcategory) AS type_category,
  e.oid IS NOT NULL AS type_is_array`;
}

/** Joins pg_type as `t` and, for true arrays, their element as `e`. */
export function typeJoin(typeOid: string): string {
  return `JOIN pg_catalog.pg_type t ON t.oid = ${typeOid}
LEFT JOIN pg_catalog.pg_type e ON e.oid = t.typelem AND e.typarray = t.oid`;
}

export function readType(row: TypeRow, facts: ServerFacts): TypeRef {
  return {
    text: row.type,
    schema: facts.schemaNames.get(Number(row.type_schema)) ?? "",
    name: row.type_name,
    array: row.type_is_array,
    kind: typeKinds[row.type_kind],
    category: row.type_category,
  };
}

/** `[schema oid, name]` of a row of another catalog, as JSON. */
export type Named = readonly [number, string];

/** Qualified name of `[schema oid, name]`. */
export function named(pair: Named | null, facts: ServerFacts): QualifiedName | null {
  return pair === null ? null : qualifiedName(facts.schemaNames.get(pair[0]) ?? "", pair[1]);
}

/** One combination of type, modifier and collation that columns use. */
export interface ColumnTypeRow extends TypeRow {
  readonly oid: number;
  readonly modifier: number;
  readonly collation_oid: number;
  /** Null unless it is not the type's own. */
  readonly collation: Named | null;
}

/**
 * The given combinations (parameters of oid[], int4[] and oid[]), each once: ten thousand columns have some
 * dozens of types, so names are not sent with each of them. $1 is only mentioned so that it has a type.
 */
export const columnTypesSql = (types: string, modifiers: string, collations: string) => `
SELECT u.type::int8 AS oid, u.modifier, u.own_collation::int8 AS collation_oid, ${typeSelection("u.type", "u.modifier")},
  CASE WHEN l.oid IS NOT NULL THEN json_build_array(l.collnamespace::int8, l.collname) END AS collation
FROM unnest(${types}::oid[], ${modifiers}::int4[], ${collations}::oid[]) AS u(type, modifier, own_collation)
${typeJoin("u.type")}
LEFT JOIN pg_catalog.pg_collation l ON l.oid = u.own_collation AND u.own_collation <> t.typcollation
WHERE $1::oid[] IS NOT NULL`;

/** Type and collation of a column. */
export interface ColumnType {
  readonly type: TypeRef;
  readonly collation: QualifiedName | null;
  /** Schema and name of the type with a dot between, as operator classes name their input; null for arrays. */
  readonly input: string | null;
}

/** A combination of type, modifier and collation, and what it is once that was read. */
export interface TypeSlot {
  readonly type: number;
  readonly modifier: number;
  readonly collation: number;
  found: ColumnType | undefined;
}

/** Finds the slot of a combination, always the same for the same one. */
export function typeSlots(): {
  readonly all: readonly TypeSlot[];
  slot(type: number, modifier: number, collation: number): TypeSlot;
} {
  const all: TypeSlot[] = [];
  const byType = new Map<number, TypeSlot[]>();
  return {
    all,
    slot(type, modifier, collation) {
      let slots = byType.get(type);
      if (slots === undefined) byType.set(type, (slots = []));
      for (const slot of slots)
        if (slot.modifier === modifier && slot.collation === collation) return slot;
      const slot = { type, modifier, collation, found: undefined };
      slots.push(slot);
      all.push(slot);
      return slot;
    },
  };
}

/** Fills the slots from the rows of `columnTypesSql`. */
export function fillTypeSlots(
  slots: readonly TypeSlot[],
  groups: ObjectGroups,
  facts: ServerFacts,
): void {
  const rows = (groups.get("columnTypes") ?? []) as readonly ColumnTypeRow[];
  const key = (...oids: readonly number[]) => oids.join(" ");
  const byKey = new Map(rows.map((row) => [key(row.oid, row.modifier, row.collation_oid), row]));
  for (const slot of slots) {
    const row = byKey.get(key(slot.type, slot.modifier, slot.collation));
    if (row === undefined) continue;
    const type = readType(row, facts);
    const input = type.array ? null : `${type.schema}.${type.name}`;
    slot.found = { type, collation: named(row.collation, facts), input };
  }
}
