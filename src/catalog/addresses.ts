import type { CatalogPart, ObjectAddress } from "./model.ts";
import { qualifiedName } from "./names.ts";
import type { ConstraintRow } from "./read-constraints.ts";
import type { ReadIndex } from "./read-indexes.ts";
import { columnName, type Relation } from "./read-relations.ts";

/** What a comment or privilege is noted about. */
export interface NoteRow {
  /** Catalog that the object is a row of: `pg_class`. */
  readonly catalog: string;
  readonly oid: number;
  /** Column number, 0 for the object itself. */
  readonly number: number;
}

/** Addresses of objects, by catalog and oid, gathered while parts are read. */
export interface AddressBook {
  add(catalog: string, oid: number, kind: string, name: string): void;
  /** Undefined for what was not read. */
  find(row: NoteRow): ObjectAddress | undefined;
}

/** What relations, columns, indexes and constraints are named from. */
export interface AddressSources {
  readonly parts: ReadonlySet<CatalogPart>;
  readonly relations: ReadonlyMap<number, Relation>;
  readonly indexes: ReadonlyMap<number, ReadIndex>;
  readonly constraints: readonly ConstraintRow[];
}

/**
 * A book that knows what is added to it. Relations, indexes and constraints are many and seldom commented
 * on, so they are named only when asked for.
 */
export function addressBook(sources: AddressSources): AddressBook {
  const known = new Map<string, ObjectAddress>();
  const { relations, parts } = sources;
  let constraints: ReadonlyMap<number, ConstraintRow> | undefined;
  let composites: ReadonlyMap<number, Relation> | undefined;

  const constraintAddress = (oid: number): ObjectAddress | undefined => {
    constraints ??= new Map(sources.constraints.map((row) => [row.oid, row]));
    const row = constraints.get(oid);
    const table = relations.get(row?.relation ?? 0);
    if (row === undefined || table === undefined || table.hidden) return undefined;
    return `constraint ${qualifiedName(table.schema, table.row.name, row.name)}`;
  };
  const typeAddress = (oid: number): ObjectAddress | undefined => {
    composites ??= new Map(
      [...relations.values()].flatMap((relation) =>
        relation.row.type === null ? [] : [[relation.row.type, relation]],
      ),
    );
    const composite = composites.get(oid);
    return composite === undefined || composite.hidden ? undefined : `type ${composite.key}`;
  };
  const relationAddress = (oid: number, number: number): ObjectAddress | undefined => {
    const index = sources.indexes.get(oid);
    const relation = relations.get(index?.relation ?? oid);
    if (relation === undefined || relation.hidden) return undefined;
    if (!parts.has(relationParts[relation.row.kind])) return undefined;
    if (index !== undefined) return `index ${qualifiedName(relation.schema, index.index.name)}`;
    if (number === 0) return `${relationWords[relation.row.kind]} ${relation.key}`;
    const column = columnName(relation, number);
    return `column ${qualifiedName(relation.schema, relation.row.name, column)}`;
  };

  return {
    add: (catalog, oid, kind, name) => known.set(`${catalog} ${oid}`, `${kind} ${name}`),
    find({ catalog, oid, number }) {
      const address = known.get(`${catalog} ${oid}`);
      if (address !== undefined) return address;
      if (catalog === "pg_constraint") return constraintAddress(oid);
      if (catalog === "pg_type") return typeAddress(oid);
      return catalog === "pg_class" ? relationAddress(oid, number) : undefined;
    },
  };
}

const relationWords = {
  r: "table",
  p: "table",
  f: "table",
  v: "view",
  m: "materialized view",
  S: "sequence",
  c: "type",
} as const;

const relationParts = {
  r: "tables",
  p: "tables",
  f: "tables",
  v: "views",
  m: "materializedViews",
  S: "sequences",
  c: "compositeTypes",
} as const satisfies Record<string, CatalogPart>;
