import { memoize } from "./memoize.ts";
import type { Constraint, ForeignKeyAction, ForeignKeyConstraint } from "./model-constraints.ts";
import { qualifiedName } from "./names.ts";
import { printForeignKey, printKey, printState } from "./print.ts";
import type { ReadIndex } from "./read-indexes.ts";
import { columnName, type Relation } from "./read-relations.ts";
import type { ServerFacts } from "./read-server.ts";
import { required } from "./snapshot.ts";

export interface ConstraintRow {
  readonly oid: number;
  readonly relation: number;
  readonly name: string;
  /**
   * p primary key, u unique, f foreign key, c check or x exclusion; then one letter each for ON UPDATE,
   * ON DELETE and MATCH; then any of D deferrable, I initially deferred, V not valid, E not enforced,
   * H inherited, N no inherit, P period or without overlaps.
   */
  readonly flags: string;
  readonly index: number | null;
  readonly parent: number | null;
  /** Column numbers as an array's text: `{1,2}`. */
  readonly columns: string | null;
  readonly referenced: number | null;
  readonly referenced_columns: string | null;
  /** Schema, name and column names of the referenced table when it is not among those read. */
  readonly referenced_schema: number | null;
  readonly referenced_name: string | null;
  readonly referenced_column_names: readonly string[] | null;
  readonly on_delete_columns: string | null;
  readonly expression: string | null;
  readonly definition: string | null;
}

const actions: Readonly<Record<string, ForeignKeyAction>> = {
  a: "no-action",
  r: "restrict",
  c: "cascade",
  n: "set-null",
  d: "set-default",
};

const matches: Readonly<Record<string, ForeignKeyConstraint["match"]>> = {
  s: "simple",
  f: "full",
  p: "partial",
};

/** Constraints of tables in the given schemas ($1 oid[]), but for NOT NULL, which columns carry. */
export function constraintsSql(major: number): string {
  return `
SELECT n.oid, n.conrelid AS relation, n.conname AS name,
  concat(n.contype, n.confupdtype, n.confdeltype, n.confmatchtype, CASE WHEN n.condeferrable THEN 'D' END,
    CASE WHEN n.condeferred THEN 'I' END, CASE WHEN NOT n.convalidated THEN 'V' END,
    CASE WHEN n.coninhcount > 0 THEN 'H' END, CASE WHEN n.connoinherit THEN 'N' END${
      major >= 18
        ? ", CASE WHEN NOT n.conenforced THEN 'E' END, CASE WHEN n.conperiod THEN 'P' END"
        : ""
    }) AS flags,
  nullif(n.conindid, 0) AS index, nullif(n.conparentid, 0) AS parent, n.conkey::text AS columns,
  nullif(n.confrelid, 0) AS referenced, n.confkey::text AS referenced_columns,
  f.relnamespace AS referenced_schema, f.relname AS referenced_name,
  CASE WHEN f.oid IS NOT NULL THEN ARRAY(
    SELECT a.attname::text FROM unnest(n.confkey) WITH ORDINALITY AS k(number, place)
    JOIN pg_catalog.pg_attribute a ON a.attrelid = n.confrelid AND a.attnum = k.number ORDER BY k.place
  ) END AS referenced_column_names,
  ${major >= 15 ? "n.confdelsetcols::text" : "NULL"} AS on_delete_columns,
  CASE n.contype WHEN 'c' THEN pg_catalog.pg_get_expr(n.conbin, n.conrelid) END AS expression,
  CASE n.contype WHEN 'x' THEN pg_catalog.pg_get_constraintdef(n.oid) END AS definition
FROM pg_catalog.pg_constraint n
LEFT JOIN pg_catalog.pg_class f ON f.oid = n.confrelid AND f.relnamespace <> ALL ($1::oid[])
WHERE n.connamespace = ANY ($1::oid[]) AND n.conrelid <> 0 AND n.contype IN ('p', 'u', 'f', 'c', 'x')`;
}

/** What else constraints are read with. */
export interface ConstraintContext {
  readonly relations: ReadonlyMap<number, Relation>;
  readonly indexes: ReadonlyMap<number, ReadIndex>;
  readonly facts: ServerFacts;
}

/** Constraints by relation oid. Also tells the indexes behind keys whose they are. */
export function readConstraints(
  rows: readonly ConstraintRow[],
  context: ConstraintContext,
): ReadonlyMap<number, Constraint[]> {
  const owners = new Map<number, number>();
  for (const row of rows) owners.set(row.oid, row.relation);
  const byRelation = new Map<number, Constraint[]>();
  for (const row of rows) {
    const relation = context.relations.get(row.relation);
    if (relation === undefined) continue;
    // A foreign key to a partitioned table has a hidden copy for each partition it points to.
    if (row.parent !== null && owners.get(row.parent) === row.relation) continue;
    const constraint = readConstraint(row, relation, context);
    const others = byRelation.get(row.relation);
    if (others === undefined) byRelation.set(row.relation, [constraint]);
    else others.push(constraint);
  }
  return byRelation;
}

function readConstraint(
  row: ConstraintRow,
  relation: Relation,
  context: ConstraintContext,
): Constraint {
  const { name } = row;
  const flags = decodeFlags(row.flags);
  const { valid, enforced, deferrable, inherited, state } = flags;
  if (flags.kind === "f") return readForeignKey(row, flags, relation, context);
  if (flags.kind === "c") {
    const expression = required(row.expression);
    return {
      kind: "check",
      name,
      expression,
      columns: namesOf(row.columns, relation, true),
      valid,
      enforced,
      deferrable,
      inherited,
      noInherit: flags.noInherit,
      definition: `CHECK (${expression})${flags.noInherit ? " NO INHERIT" : ""}${state}`,
    };
  }
  const { index } = required(context.indexes.get(row.index ?? 0));
  index.constraint = name;
  const columns = namesOf(row.columns, relation);
  if (flags.kind === "x")
    return {
      kind: "exclusion",
      name,
      columns,
      index: index.name,
      valid,
      enforced,
      deferrable,
      inherited,
      noInherit: false,
      definition: required(row.definition),
    };
  const key = {
    kind: flags.kind === "p" ? ("primary-key" as const) : ("unique" as const),
    name,
    columns,
    include: index.include,
    nullsNotDistinct: index.nullsNotDistinct,
    withoutOverlaps: flags.period,
    index: index.name,
    valid,
    enforced,
    deferrable,
    inherited,
    noInherit: false,
    definition: "",
  };
  key.definition = printKey(key, context.facts.print) + state;
  return key;
}

function readForeignKey(
  row: ConstraintRow,
  flags: ReturnType<typeof decodeFlags>,
  relation: Relation,
  { relations, facts }: ConstraintContext,
): ForeignKeyConstraint {
  const target = relations.get(row.referenced ?? 0);
  const schema = target?.schema ?? facts.schemaNames.get(row.referenced_schema ?? 0) ?? "";
  const table = target?.row.name ?? required(row.referenced_name);
  const key = {
    kind: "foreign-key" as const,
    name: row.name,
    columns: namesOf(row.columns, relation),
    references: {
      table: target?.key ?? qualifiedName(schema, table),
      columns:
        target === undefined
          ? required(row.referenced_column_names)
          : namesOf(row.referenced_columns, target),
    },
    onUpdate: required(actions[flags.onUpdate]),
    onDelete: required(actions[flags.onDelete]),
    onDeleteColumns: namesOf(row.on_delete_columns, relation),
    match: required(matches[flags.match]),
    period: flags.period,
    valid: flags.valid,
    enforced: flags.enforced,
    deferrable: flags.deferrable,
    inherited: flags.inherited,
    noInherit: false,
    definition: "",
  };
  const printed = `${facts.print(schema)}.${facts.print(table)}`;
  key.definition = printForeignKey(key, printed, facts.print) + flags.state;
  return key;
}

const decodeFlags = memoize((flags) => {
  const has = (flag: string) => flags.includes(flag, 4);
  const deferrable: Constraint["deferrable"] = !has("D")
    ? "no"
    : has("I")
      ? "initially-deferred"
      : "initially-immediate";
  const facts = { deferrable, valid: !has("V"), enforced: !has("E") };
  return {
    kind: flags.charAt(0),
    onUpdate: flags.charAt(1),
    onDelete: flags.charAt(2),
    match: flags.charAt(3),
    ...facts,
    inherited: has("H"),
    noInherit: has("N"),
    period: has("P"),
    /** The clauses a definition ends with. */
    state: printState(facts),
  };
});

/** Column names of an array's text; a zero stands for an expression (exclusion constraints) and is left out. */
function namesOf(numbers: string | null, relation: Relation, sorted = false): readonly string[] {
  if (numbers === null) return noColumns;
  const list = sorted ? decodeNumbers(numbers).toSorted((a, b) => a - b) : decodeNumbers(numbers);
  return list.map((number) => columnName(relation, number));
}

const noColumns: readonly string[] = [];

const decodeNumbers = memoize((text): readonly number[] =>
  text === "{}"
    ? []
    : text
        .slice(1, -1)
        .split(",")
        .map(Number)
        .filter((number) => number !== 0),
);
