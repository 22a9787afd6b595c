import { memoize } from "./memoize.ts";
import type { Attribute, Column, Identity, NotNull } from "./model.ts";
import {
  readSequence,
  readSequenceOwner,
  type Relation,
  type RelationColumn,
} from "./read-relations.ts";
import { required } from "./snapshot.ts";
import { typeSlots, type TypeSlot } from "./type-refs.ts";

export interface ColumnRow {
  readonly relation: number;
  readonly number: number;
  readonly name: string;
  readonly type: number;
  readonly modifier: number;
  readonly collation: number;
  /**
   * Any of n not null, x not valid, o no inherit (of the NOT NULL), a identity always, d identity by default,
   * s generated stored, v generated virtual, i inherited, g has privileges of its own.
   */
  readonly flags: string;
  readonly expression: string | null;
  readonly not_null_name: string | null;
}

/**
 * Live columns of the relations of `relationsSql` ($1 oid[] schemas, $2 "char"[] kinds), in any order.
 * Only a generated column's expression can refer to columns and must open its table to be printed.
 */
export function columnsSql(major: number): string {
  const catalogued = major >= 18;
  return `
SELECT a.attrelid AS relation, a.attnum AS number, a.attname AS name, a.atttypid AS type,
  a.atttypmod AS modifier, a.attcollation AS collation,
  concat(CASE WHEN a.attnotnull THEN 'n' END, a.attidentity, a.attgenerated,
    CASE WHEN a.attinhcount > 0 THEN 'i' END, CASE WHEN a.attacl IS NOT NULL THEN 'g' END${
      catalogued
        ? ", CASE WHEN NOT n.convalidated THEN 'x' END, CASE WHEN n.connoinherit THEN 'o' END"
        : ""
    }) AS flags,
  pg_catalog.pg_get_expr(d.adbin, CASE a.attgenerated WHEN '' THEN 0 ELSE d.adrelid END) AS expression,
  ${catalogued ? "n.conname" : "NULL"} AS not_null_name
FROM pg_catalog.pg_attribute a
JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
${
  catalogued
    ? "LEFT JOIN pg_catalog.pg_constraint n ON n.contype = 'n' AND n.conrelid = a.attrelid AND n.conkey[1] = a.attnum"
    : ""
}
WHERE c.relnamespace = ANY ($1::oid[]) AND c.relkind = ANY ($2::"char"[]) AND c.relpersistence <> 't'
  AND a.attnum > 0 AND NOT a.attisdropped`;
}

/** What has to be asked about columns besides their rows. */
export interface ColumnNotes {
  /** Every combination of type, modifier and collation that occurs. */
  readonly types: readonly TypeSlot[];
  /** Oids of the relations in which columns have privileges of their own. */
  readonly granted: ReadonlySet<number>;
}

/** Puts each row into its relation, by number. */
export function noteColumns(
  rows: readonly ColumnRow[],
  relations: ReadonlyMap<number, Relation>,
): ColumnNotes {
  const granted = new Set<number>();
  const types = typeSlots();
  for (const row of rows) {
    if (row.flags.includes("g")) granted.add(row.relation);
    const slot = types.slot(row.type, row.modifier, row.collation);
    const relation = relations.get(row.relation);
    if (relation !== undefined) relation.columns[row.number] = { row, slot };
  }
  return { types: types.all, granted };
}

/**
 * Columns by relation oid, in order, when their types are known. Those of views and composite types are read
 * the same way and narrowed with `asAttribute`.
 */
export function readColumns(
  relations: ReadonlyMap<number, Relation>,
): ReadonlyMap<number, readonly Column[]> {
  const sequences = identitySequences(relations);
  const byRelation = new Map<number, readonly Column[]>();
  for (const [oid, relation] of relations) {
    const columns: Column[] = [];
    for (const column of relation.columns)
      if (column !== undefined) columns.push(readColumn(column, columns.length + 1, sequences));
    if (columns.length > 0) byRelation.set(oid, columns);
  }
  return byRelation;
}

function readColumn(
  { row, slot }: RelationColumn,
  position: number,
  sequences: ReadonlyMap<string, Relation>,
): Column {
  const { type, collation } = required(slot.found);
  const { notNull, generated, identity, inherited } = decodeFlags(row.flags);
  return {
    name: row.name,
    position,
    type,
    collation,
    nullable: notNull === null,
    notNull:
      notNull === null || row.not_null_name === null
        ? notNull
        : { ...notNull, name: row.not_null_name },
    default: generated === null ? row.expression : null,
    identity: identity === null ? null : readIdentity(row, identity, sequences),
    generated:
      generated === null ? null : { kind: generated, expression: required(row.expression) },
    inherited,
  };
}

const decodeFlags = memoize((flags) => {
  const has = (flag: string) => flags.includes(flag);
  const notNull: NotNull | null = has("n")
    ? { name: null, valid: !has("x"), noInherit: has("o") }
    : null;
  return {
    notNull,
    generated: has("s") ? ("stored" as const) : has("v") ? ("virtual" as const) : null,
    identity: has("a") ? ("always" as const) : has("d") ? ("by-default" as const) : null,
    inherited: has("i"),
  };
});

/** A column as views and composite types have it. */
export function asAttribute(column: Column): Attribute {
  const { name, position, type, collation } = column;
  return { name, position, type, collation };
}

function readIdentity(
  row: ColumnRow,
  generation: Identity["generation"],
  sequences: ReadonlyMap<string, Relation>,
): Identity {
  const sequence = sequences.get(`${row.relation} ${row.number}`);
  return {
    generation,
    sequence: sequence?.key ?? null,
    options: sequence === undefined ? null : readSequence(sequence.row.sequence),
  };
}

/** Sequences behind identity columns, by table and column number. */
function identitySequences(
  relations: ReadonlyMap<number, Relation>,
): ReadonlyMap<string, Relation> {
  const found = new Map<string, Relation>();
  for (const relation of relations.values()) {
    const owner = readSequenceOwner(relation.row.sequence_owner);
    if (owner?.identity === true) found.set(`${owner.table} ${owner.column}`, relation);
  }
  return found;
}
