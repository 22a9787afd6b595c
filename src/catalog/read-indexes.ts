import { memoize } from "./memoize.ts";
import type { Index, IndexKey } from "./model-indexes.ts";
import { qualifiedName, type QualifiedName } from "./names.ts";
import { printIndex } from "./print.ts";
import { columnName, readOptions, type Relation } from "./read-relations.ts";
import type { OperatorClass, ServerFacts } from "./read-server.ts";
import { required } from "./snapshot.ts";

export interface IndexRow {
  readonly oid: number;
  readonly relation: number;
  readonly name: string;
  /** Oid of the access method. */
  readonly method: number;
  /** Any of u unique, d nulls not distinct, x not valid, y not ready, i replica identity, w has predicate. */
  readonly flags: string;
  /** Column numbers with blanks between. */
  readonly columns: string;
  /** Operator classes, collations and options of the keys: lists with blanks, `|` between them. */
  readonly classes: string;
  readonly predicate: string | null;
  /** The server's text of keys and whole definition where raw columns do not say everything. */
  readonly key_definitions: readonly string[] | null;
  readonly opclass_options: readonly (string | null)[] | null;
  readonly definition: string | null;
  readonly options: readonly string[] | null;
  /** Schema and name of the partitioned index that this one is a part of. */
  readonly parent_schema: number | null;
  readonly parent: string | null;
}

/**
 * Postgres' own B-tree and hash classes take no parameters; those of extensions may, when there is a support
 * function for it (btree.h: BTOPTIONS_PROC 5, hash.h: HASHOPTIONS_PROC 3). The check runs once a query.
 */
const mayHaveOptions = `(c.relam NOT IN (403, 405) OR (SELECT EXISTS (
    SELECT FROM pg_catalog.pg_amproc s JOIN pg_catalog.pg_opfamily y ON y.oid = s.amprocfamily
    WHERE (y.opfmethod = 403 AND s.amprocnum = 5) OR (y.opfmethod = 405 AND s.amprocnum = 3))))`;

/**
 * Indexes of the relations of `relationsSql` ($1 oid[] schemas, $2 "char"[] kinds of their tables).
 * `pg_get_indexdef` is asked only for indexes with expressions or operator class parameters: it costs more
 * than everything else together, and of the others the raw columns say the same.
 */
export function indexesSql(major: number): string {
  return `
SELECT i.indexrelid AS oid, i.indrelid AS relation, c.relname AS name, c.relam AS method,
  concat(CASE WHEN i.indisunique THEN 'u' END, ${
    major >= 15 ? "CASE WHEN i.indnullsnotdistinct THEN 'd' END," : ""
  } CASE WHEN NOT i.indisvalid THEN 'x' END, CASE WHEN NOT i.indisready THEN 'y' END,
    CASE WHEN i.indisreplident THEN 'i' END, CASE WHEN i.indpred IS NOT NULL THEN 'w' END) AS flags,
  i.indkey::text AS columns, concat_ws('|', i.indclass, i.indcollation, i.indoption) AS classes,
  pg_catalog.pg_get_expr(i.indpred, i.indrelid) AS predicate,
  CASE WHEN i.indexprs IS NOT NULL THEN ARRAY(
    SELECT pg_catalog.pg_get_indexdef(i.indexrelid, k, false) FROM generate_series(1, i.indnkeyatts) k ORDER BY k
  ) END AS key_definitions, o.opclass_options,
  CASE WHEN i.indexprs IS NOT NULL OR o.opclass_options IS NOT NULL THEN pg_catalog.pg_get_indexdef(i.indexrelid) END
    AS definition,
  c.reloptions AS options, p.relnamespace AS parent_schema, p.relname AS parent
FROM pg_catalog.pg_index i
JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
JOIN pg_catalog.pg_class r ON r.oid = i.indrelid
LEFT JOIN LATERAL (
  SELECT array_agg(array_to_string(a.attoptions, ', ') ORDER BY a.attnum) AS opclass_options
  FROM pg_catalog.pg_attribute a WHERE a.attrelid = i.indexrelid AND a.attnum > 0
  HAVING count(a.attoptions) > 0
) o ON ${mayHaveOptions}
LEFT JOIN pg_catalog.pg_inherits h ON h.inhrelid = i.indexrelid
LEFT JOIN pg_catalog.pg_class p ON p.oid = h.inhparent
WHERE r.relnamespace = ANY ($1::oid[]) AND r.relkind = ANY ($2::"char"[]) AND r.relpersistence <> 't'
  AND i.indislive`;
}

/** An index while a catalog is put together: what a constraint on it takes over. */
export interface ReadIndex {
  readonly relation: number;
  readonly replicaIdentity: boolean;
  /** Its `constraint` is set when constraints are read. */
  readonly index: Index & { constraint: string | null };
}

/** Indexes by oid. */
export function readIndexes(
  rows: readonly IndexRow[],
  relations: ReadonlyMap<number, Relation>,
  facts: ServerFacts,
): ReadonlyMap<number, ReadIndex> {
  const indexes = new Map<number, ReadIndex>();
  const decodeClasses = memoize((classes) => readClasses(classes, facts));
  for (const row of rows) {
    const relation = relations.get(row.relation);
    if (relation === undefined) continue;
    const keys = readKeys(row, decodeClasses(row.classes), relation, facts);
    const flags = decodeFlags(row.flags);
    indexes.set(row.oid, {
      relation: row.relation,
      replicaIdentity: flags.replicaIdentity,
      index: readIndex(row, flags, keys, relation, facts),
    });
  }
  return indexes;
}

const decodeFlags = memoize((flags) => ({
  unique: flags.includes("u"),
  nullsNotDistinct: flags.includes("d"),
  valid: !flags.includes("x"),
  ready: !flags.includes("y"),
  replicaIdentity: flags.includes("i"),
  partial: flags.includes("w"),
}));

const decodeNumbers = memoize((numbers): readonly number[] => numbers.split(" ").map(Number));

function readIndex(
  row: IndexRow,
  flags: ReturnType<typeof decodeFlags>,
  keys: readonly IndexKey[],
  relation: Relation,
  facts: ServerFacts,
): ReadIndex["index"] {
  const columns = decodeNumbers(row.columns);
  const index = {
    name: row.name,
    method: required(facts.indexMethods.get(row.method)),
    keys,
    include:
      columns.length === keys.length
        ? noColumns
        : columns.slice(keys.length).map((number) => columnName(relation, number)),
    predicate: flags.partial ? required(row.predicate) : null,
    unique: flags.unique,
    nullsNotDistinct: flags.nullsNotDistinct,
    valid: flags.valid,
    ready: flags.ready,
    constraint: null,
    partitionOf:
      row.parent === null
        ? null
        : qualifiedName(facts.schemaNames.get(row.parent_schema ?? 0) ?? "", row.parent),
    options: readOptions(row.options),
    definition: row.definition ?? "",
  };
  if (row.definition === null) index.definition = printIndex(index, relation, facts);
  return index;
}

const noColumns: readonly string[] = [];

/** pg_index.indoption bits (pg_index.h). */
const descendingBit = 1;
const nullsFirstBit = 2;

/** What an index says about a key besides what it is of. */
interface KeyClass {
  readonly opclass: OperatorClass;
  readonly collation: number;
  readonly descending: boolean;
  readonly nullsFirst: boolean;
}

function readClasses(packed: string, facts: ServerFacts): readonly KeyClass[] {
  const [opclasses = [], collations = [], options = []] = packed.split("|").map(decodeNumbers);
  return opclasses.map((opclass, at) => ({
    opclass: required(facts.operatorClasses.get(opclass)),
    collation: required(collations[at]),
    descending: (required(options[at]) & descendingBit) !== 0,
    nullsFirst: (required(options[at]) & nullsFirstBit) !== 0,
  }));
}

function readKeys(
  row: IndexRow,
  classes: readonly KeyClass[],
  relation: Relation,
  facts: ServerFacts,
): readonly IndexKey[] {
  const numbers = decodeNumbers(row.columns);
  return classes.map(({ opclass, collation, descending, nullsFirst }, at) => {
    const number = required(numbers[at]);
    const column = relation.columns[number];
    const input = column?.slot.found?.input ?? null;
    return {
      column: number === 0 ? null : required(column).row.name,
      expression: number === 0 ? required(row.key_definitions?.[at]) : null,
      opclass: opclass.name,
      opclassIsDefault: isDefaultClass(opclass, row.method, input, facts),
      opclassOptions: row.opclass_options?.[at] ?? null,
      collation: keyCollation(collation, column?.row.collation, facts),
      descending,
      nullsFirst,
    };
  });
}

/**
 * Whether Postgres would choose the class by itself (GetDefaultOpClass in indexcmds.c).
 * @param input type of the column; null for expressions and arrays, whose class then is as good as known
 */
function isDefaultClass(
  opclass: OperatorClass,
  method: number,
  input: string | null,
  facts: ServerFacts,
): boolean {
  if (!opclass.isDefault) return false;
  if (input === null || opclass.input === input) return true;
  return !facts.defaultClasses.has(`${method} ${input}`);
}

/** The collation to name: the key's own when it differs from what the column or expression has anyway. */
function keyCollation(
  collation: number,
  columnCollation: number | undefined,
  facts: ServerFacts,
): QualifiedName | null {
  if (collation === 0 || collation === columnCollation) return null;
  const name = required(facts.collations.get(collation));
  return columnCollation === undefined && name === "default" ? null : name;
}
