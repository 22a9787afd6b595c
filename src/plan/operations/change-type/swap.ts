import { quoteIdent, quoteLiteral, quoteQualified } from "../../../sql/index.ts";
import { madeName, standInDefault, type ShadowStatements } from "../../dual-writes/index.ts";
import { sqlName } from "../../lookup.ts";
import { qualifiedName } from "../../../catalog/index.ts";
import type { Change, Step } from "../../model.ts";
import { carriedExchanges, keyForGoingBack, primaryKeyOf } from "./carried.ts";
import { madeFor, namesOf, secondType, type ColumnChange, type Exchange } from "./facts.ts";
import { deferrableClause, definitionOf, inPartitions, keysOf } from "./foreign-keys.ts";
import { doBlock, publicationsThatFollow, recompiledTriggers, whenColumnExists } from "./live.ts";
import { movedDefault } from "./sequences.ts";

/** Name of the constraint that proves that both forms are in step. */
export function proofOf({ plan, column }: ColumnChange): string {
  return madeName(column.name, "in_step", plan);
}

/** A change with what keeps its forms in step. */
export interface Swapped {
  readonly change: ColumnChange;
  readonly writes: ShadowStatements;
}

/** What else happens in the swap. */
export interface Around {
  /**
   * Before the tables are locked, in each direction: who uses a view locks it before the tables that it reads, and would
   * wait for us as we for him.
   */
  readonly first: Exchange;
  /** At the end, in each direction. */
  readonly last: Exchange;
}

/**
 * The forms exchange their names, and all that hangs on them, in one transaction that only changes the catalog. The
 * tables are locked before, always in the same order.
 */
export function swapStep(
  title: string,
  swapped: readonly Swapped[],
  { first: before, last: after }: Around = nothingElse,
): Step {
  const changes = swapped.map(({ change }) => change);
  const first = changes[0]!;
  const backwards = [
    ...before.back,
    ...lock(changes),
    ...swapped.flatMap(({ change, writes }) => back(change, writes)),
    ...after.back,
  ];
  return {
    kind: "transaction",
    title,
    statements: [
      ...before.forward,
      ...lock(changes),
      ...swapped.flatMap(({ change, writes }) => forward(change, writes)),
      ...after.forward,
    ],
    undo: [
      {
        kind: "transaction",
        statements: [whenColumnExists(namesOf(first).table, first.shadow.kept, backwards)],
      },
      ...changes.flatMap(validatedAgain),
    ],
  };
}

const none: Exchange = { forward: [], back: [] };
const nothingElse: Around = { first: none, last: none };

function forward(change: ColumnChange, writes: ShadowStatements): readonly string[] {
  const { table, column, made, kept } = namesOf(change);
  const { shadow } = change;
  const key = primaryKeyOf(change);
  return [
    `ALTER TABLE ${table} DROP CONSTRAINT IF EXISTS ${quoteIdent(proofOf(change))}`,
    ...droppedKeys(change),
    ...(key === undefined ? [] : [`ALTER TABLE ${table} DROP CONSTRAINT ${quoteIdent(key.name)}`]),
    `ALTER TABLE ${table} ALTER COLUMN ${made} DROP DEFAULT`,
    `ALTER TABLE ${table} RENAME COLUMN ${column} TO ${kept}`,
    `ALTER TABLE ${table} RENAME COLUMN ${made} TO ${column}`,
    ...primaryKey(change, key === undefined ? "" : madeFor(key.index, change)),
    ...keysOf(change).flatMap((one) => {
      const { name } = one.constraint;
      const made = quoteIdent(madeFor(name, change));
      return [{ table: one.table, name }, ...inPartitions(change, one)].map(
        (own) =>
          `ALTER TABLE ${sqlName(own.table)} RENAME CONSTRAINT ${made} TO ${quoteIdent(own.name)}`,
      );
    }),
    ...carriedExchanges(change).flatMap((exchange) => exchange.forward),
    ...movedDefault(change, shadow.kept, { name: shadow.column, column: change.columnAfter }),
    ...(change.column.nullable ? [] : [standInForKept(change)]),
    ...replicaIdentity(change),
    ...publicationsThatFollow(change, [shadow.kept, shadow.column]),
    ...writes.exchanged,
    recompiledTriggers(change),
  ];
}

function back(change: ColumnChange, writes: ShadowStatements): readonly string[] {
  const { table, column, made, kept } = namesOf(change);
  const { shadow, before } = change;
  const key = primaryKeyOf(change);
  const keys = keysOf(change);
  return [
    `ALTER TABLE ${table} ALTER COLUMN ${kept} DROP DEFAULT`,
    ...droppedKeys(change),
    ...(key === undefined ? [] : [`ALTER TABLE ${table} DROP CONSTRAINT ${quoteIdent(key.name)}`]),
    `ALTER TABLE ${table} RENAME COLUMN ${column} TO ${made}`,
    `ALTER TABLE ${table} RENAME COLUMN ${kept} TO ${column}`,
    ...primaryKey(change, key === undefined ? "" : keyForGoingBack(key, change)),
    ...keys.map(({ table: on, constraint }) => {
      const late = constraint.enforced ? " NOT VALID" : "";
      return `ALTER TABLE ${sqlName(on)} ADD CONSTRAINT ${quoteIdent(constraint.name)} ${definitionOf(constraint, before)}${late}`;
    }),
    ...keys.flatMap(({ table: on, constraint: { name } }) =>
      comment(
        change,
        `constraint ${qualifiedName(on.schema, on.name, name)}`,
        `CONSTRAINT ${quoteIdent(name)} ON ${sqlName(on)}`,
      ),
    ),
    ...carriedExchanges(change).flatMap((exchange) => exchange.back),
    ...movedDefault(change, shadow.made, { name: shadow.column, column: change.column }),
    ...replicaIdentity(change),
    ...publicationsThatFollow(change, [shadow.made, shadow.column]),
    ...writes.exchangedBack,
    recompiledTriggers(change),
  ];
}

/** The keys that came back NOT VALID. */
function validatedAgain(change: ColumnChange): readonly Change[] {
  return keysOf(change).flatMap(({ table, constraint: { name, valid, enforced } }): Change[] =>
    valid && enforced
      ? [
          {
            kind: "transaction",
            statements: [`ALTER TABLE ${sqlName(table)} VALIDATE CONSTRAINT ${quoteIdent(name)}`],
          },
        ]
      : [],
  );
}

/** One by one: who holds a lock waits for the next one for a shorter time only, as the runner has it. */
function lock(changes: readonly ColumnChange[]): readonly string[] {
  const tables = changes.flatMap((change) => [
    namesOf(change).table,
    ...keysOf(change).flatMap(({ table, constraint }) => [
      sqlName(table),
      sqlName(change.before.tables[constraint.references.table]!),
    ]),
  ]);
  return [...new Set(tables)].sort().map((table) => `LOCK TABLE ${table} IN ACCESS EXCLUSIVE MODE`);
}

function droppedKeys(change: ColumnChange): readonly string[] {
  return keysOf(change).map(
    ({ table, constraint: { name } }) =>
      `ALTER TABLE ${sqlName(table)} DROP CONSTRAINT ${quoteIdent(name)}`,
  );
}

/** The index takes the constraint's name (manual, ALTER TABLE, `table_constraint_using_index`). */
function primaryKey(change: ColumnChange, index: string): readonly string[] {
  const key = primaryKeyOf(change);
  if (key === undefined) return [];
  const { table } = namesOf(change);
  const { schema, name: own } = change.table;
  const clauses = [
    "PRIMARY KEY USING INDEX",
    quoteIdent(index),
    ...deferrableClause(key.deferrable),
  ];
  return [
    `ALTER TABLE ${table} ADD CONSTRAINT ${quoteIdent(key.name)} ${clauses.join(" ")}`,
    ...comment(
      change,
      `constraint ${qualifiedName(schema, own, key.name)}`,
      `CONSTRAINT ${quoteIdent(key.name)} ON ${table}`,
    ),
    ...comment(
      change,
      `index ${qualifiedName(schema, key.index)}`,
      `INDEX ${quoteQualified(schema, key.index)}`,
    ),
  ];
}

function comment(change: ColumnChange, address: string, object: string): readonly string[] {
  const text = change.after.comments[address];
  return text === undefined ? [] : [`COMMENT ON ${object} IS ${quoteLiteral(text).trim()}`];
}

/** The marked index is one of a form; by its name it is the other form's now. */
function replicaIdentity(change: ColumnChange): readonly string[] {
  const { replicaIdentity: identity } = change.table;
  if (identity.kind !== "index" || identity.index === null) return [];
  return [
    `ALTER TABLE ${namesOf(change).table} REPLICA IDENTITY USING INDEX ${quoteIdent(identity.index)}`,
  ];
}

/** Fails at a row whose forms are not in step, before the swap. */
export function proofStatement(change: ColumnChange): string {
  const { table, made } = namesOf(change);
  const { up } = change.shadow;
  const form = (value: string) => `ROW(${value})::pg_catalog.record`;
  return `ALTER TABLE ${table} ADD CONSTRAINT ${quoteIdent(proofOf(change))} CHECK (${form(made)} OPERATOR(pg_catalog.*=) ${form(`CAST(${up} AS ${secondType(change)})`)})`;
}

/** See `standInDefault`; what the old form's type is called then, the server knows. */
function standInForKept(change: ColumnChange): string {
  const { table } = namesOf(change);
  const { kept } = change.shadow;
  const statement = standInDefault(table, kept, "@type@");
  const [before, after] = statement.split("@type@").map(quoteLiteral);
  return doBlock(
    ["type text;"],
    [
      "SELECT pg_catalog.format_type(atttypid, atttypmod) INTO type FROM pg_catalog.pg_attribute",
      `WHERE attrelid = ${quoteLiteral(table)}::pg_catalog.regclass AND attname = ${quoteLiteral(kept)};`,
      `EXECUTE ${before} || type || ${after};`,
    ],
  );
}
