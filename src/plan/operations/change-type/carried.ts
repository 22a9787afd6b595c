import { qualifiedName, type Index, type KeyConstraint } from "../../../catalog/index.ts";
import { quoteIdent, quoteLiteral, quoteQualified } from "../../../sql/index.ts";
import { madeName } from "../../dual-writes/index.ts";
import { transaction, type Step } from "../../model.ts";
import { buildSteps, dropped } from "../../online/index-build.ts";
import type { OperationInput } from "../operation.ts";
import { twinUnique } from "../../twin-unique.ts";
import { requiredSteps } from "../../online/not-null.ts";
import {
  exchangeOfNames,
  keyOf,
  madeFor,
  namesOf,
  onSecondForm,
  type ColumnChange,
  type Exchange,
} from "./facts.ts";
import { deferrableClause, keysOf, ownKeySteps, referrerSteps } from "./foreign-keys.ts";

/** What hangs on the column, built a second time on its second form, without blocking anybody. */
export function carriedSteps(change: ColumnChange): readonly Step[] {
  return [
    ...required(change),
    ...indexesOf(change).flatMap((index) => indexSteps(index, change)),
    ...goingBack(change),
    ...uniqueOf(change).map((key) => uniqueStep(key, change)),
    ...checks(change),
    ...ownKeySteps(change),
    ...referrerSteps(change),
    ...statistics(change),
    ...comments(change),
  ];
}

/** The names that the carried ones and the column's own exchange. */
export function carriedExchanges(change: ColumnChange): readonly Exchange[] {
  const { table } = namesOf(change);
  const { schema } = change.table;
  const constraint = (from: string, to: string) =>
    `ALTER TABLE ${table} RENAME CONSTRAINT ${quoteIdent(from)} TO ${quoteIdent(to)}`;
  const object = (word: string) => (from: string, to: string) =>
    `ALTER ${word} ${quoteQualified(schema, from)} RENAME TO ${quoteIdent(to)}`;
  const named = change.columnAfter.notNull?.name ?? null;
  return [
    ...(named === null ? [] : [exchangeOfNames(named, change, constraint)]),
    ...[...uniqueOf(change), ...checksOf(change)].map(({ name }) =>
      exchangeOfNames(name, change, constraint),
    ),
    ...indexesOf(change)
      .filter((index) => index.constraint === null)
      .map(({ name }) => exchangeOfNames(name, change, object("INDEX"))),
    ...statisticsOf(change).map(({ name }) => exchangeOfNames(name, change, object("STATISTICS"))),
  ];
}

/** The table's primary key, when the column is in it. */
export function primaryKeyOf({ tableAfter, column }: ColumnChange): KeyConstraint | undefined {
  return tableAfter.constraints.find(
    (constraint): constraint is KeyConstraint =>
      constraint.kind === "primary-key" &&
      [...constraint.columns, ...constraint.include].includes(column.name),
  );
}

/** Name of the index that the first form's primary key stands behind when the change is taken back. */
export function keyForGoingBack({ name }: KeyConstraint, { plan }: ColumnChange): string {
  return madeName(name, "again", plan);
}

/** Indexes that read the column, those behind keys included. */
export function indexesOf(change: ColumnChange): readonly Index[] {
  return change.tableAfter.indexes.filter(
    ({ definition }) => onSecondForm(definition, change) !== definition,
  );
}

/** The unique ones among them, each of which has its first form beside it. */
export async function twinsOf(
  change: ColumnChange,
  { start, goal }: Pick<OperationInput, "start" | "goal">,
): ReturnType<typeof twinUnique> {
  const names = indexesOf(change).map(({ name }) => name);
  return twinUnique({ start, goal, table: change.table, retyped: change.shadow.column }, names);
}

function indexSteps(index: Index, change: ColumnChange): readonly Step[] {
  const { after, table } = change;
  const definition = onSecondForm(index.definition, change);
  return buildSteps({
    catalog: after,
    table,
    index: { ...index, definition },
    nameOf: ({ name }) => madeFor(name, change),
  });
}

/** The primary key can be on one form only: without this index, going back would have to build it first. */
function goingBack(change: ColumnChange): readonly Step[] {
  const key = primaryKeyOf(change);
  const index = change.table.indexes.find(({ constraint }) => constraint === key?.name);
  if (key === undefined || index === undefined) return [];
  const name = keyForGoingBack(key, change);
  return buildSteps({
    catalog: change.before,
    table: change.table,
    index,
    nameOf: () => name,
  }).map((step) => ({
    ...step,
    title: `a second index of the first form, for the primary key if the change is taken back`,
    undo: [dropped(quoteQualified(change.table.schema, name))],
  }));
}

function uniqueOf({ tableAfter, column }: ColumnChange): readonly KeyConstraint[] {
  return tableAfter.constraints.filter(
    (constraint): constraint is KeyConstraint =>
      constraint.kind === "unique" &&
      [...constraint.columns, ...constraint.include].includes(column.name),
  );
}

/** The index takes the constraint's name; the constraint needs no scan. */
function uniqueStep(key: KeyConstraint, change: ColumnChange): Step {
  const name = quoteIdent(madeFor(key.name, change));
  const index = quoteIdent(madeFor(key.index, change));
  const clauses = ["UNIQUE USING INDEX", index, ...deferrableClause(key.deferrable)].join(" ");
  const { table } = namesOf(change);
  return transaction(
    `unique constraint ${name}`,
    [`ALTER TABLE ${table} ADD CONSTRAINT ${name} ${clauses}`],
    [`ALTER TABLE ${table} DROP CONSTRAINT IF EXISTS ${name}`],
  );
}

function checksOf({ tableAfter, column }: ColumnChange) {
  return tableAfter.constraints.filter(
    (constraint) => constraint.kind === "check" && constraint.columns.includes(column.name),
  );
}

function checks(change: ColumnChange): readonly Step[] {
  const { table } = namesOf(change);
  return checksOf(change).flatMap(({ name, definition, valid, enforced }) => {
    const quoted = quoteIdent(madeFor(name, change));
    const add = onSecondForm(`ALTER TABLE ${table} ADD CONSTRAINT ${quoted} ${definition}`, change);
    return valid && enforced
      ? validated(table, quoted, add)
      : [transaction(`check ${quoted}`, [add])];
  });
}

/** Added for new rows, then validated for those that are there. */
export function validated(table: string, quoted: string, add: string): readonly Step[] {
  return [
    transaction(`constraint ${quoted} on ${table}, for new rows`, [`${add} NOT VALID`]),
    transaction(`constraint ${quoted} on ${table}, for the rows that are there`, [
      `ALTER TABLE ${table} VALIDATE CONSTRAINT ${quoted}`,
    ]),
  ];
}

function required(change: ColumnChange): readonly Step[] {
  const { table, columnAfter, shadow, plan, major } = change;
  if (columnAfter.nullable) return [];
  const { notNull, type } = columnAfter;
  const constraint = notNull?.name == null ? null : madeFor(notNull.name, change);
  const noInherit = notNull?.noInherit ?? false;
  const steps = requiredSteps({
    table,
    column: shadow.made,
    type,
    constraint,
    noInherit,
    plan,
    major,
  });
  return notNull?.valid === false ? steps.slice(0, 1) : steps;
}

function statisticsOf(change: ColumnChange) {
  const key = keyOf(change);
  return Object.values(change.after.statistics).filter(
    ({ table, definition, schema }) =>
      table === key &&
      schema === change.table.schema &&
      onSecondForm(definition, change) !== definition,
  );
}

/** `CREATE STATISTICS name …`: what it knows comes with the next ANALYZE. They go with the column. */
function statistics(change: ColumnChange): readonly Step[] {
  return statisticsOf(change).map(({ schema, name, definition }) => {
    const made = quoteQualified(schema, madeFor(name, change));
    const read = onSecondForm(definition, change);
    const kinds = read.slice(read.indexOf(" ", "CREATE STATISTICS ".length));
    return transaction(
      `statistics ${made}`,
      [`CREATE STATISTICS ${made}${kinds}`],
      [`DROP STATISTICS IF EXISTS ${made}`],
    );
  });
}

/** Comments go with what is made. */
function comments(change: ColumnChange): readonly Step[] {
  const { table } = namesOf(change);
  const { schema, name: own } = change.table;
  const { comments: all } = change.after;
  const primary = primaryKeyOf(change);
  const on = (address: string, object: string) => {
    const text = all[address];
    return text === undefined ? [] : [`COMMENT ON ${object} IS ${quoteLiteral(text).trim()}`];
  };
  const made = (name: string) => madeFor(name, change);
  const statements = [
    ...keysOf(change).flatMap(({ table: { schema: of, name: its }, constraint: { name } }) =>
      on(
        `constraint ${qualifiedName(of, its, name)}`,
        `CONSTRAINT ${quoteIdent(made(name))} ON ${quoteQualified(of, its)}`,
      ),
    ),
    ...[...uniqueOf(change), ...checksOf(change)].flatMap(({ name }) =>
      on(
        `constraint ${qualifiedName(schema, own, name)}`,
        `CONSTRAINT ${quoteIdent(made(name))} ON ${table}`,
      ),
    ),
    ...indexesOf(change)
      .filter(({ constraint }) => constraint === null || constraint !== primary?.name)
      .flatMap(({ name, constraint }) =>
        on(
          `index ${qualifiedName(schema, name)}`,
          `INDEX ${quoteQualified(schema, made(constraint ?? name))}`,
        ),
      ),
  ];
  return statements.length === 0 ? [] : [transaction("comments", statements)];
}
