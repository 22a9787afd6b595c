import {
  qualifiedName,
  type Catalog,
  type Column,
  type Constraint,
  type Sequence,
  type Table,
} from "../../catalog/index.ts";
import { quoteIdent, quoteLiteral } from "../../sql/index.ts";
import { madeName } from "../dual-writes/index.ts";
import { fillNotes } from "../fill-notes.ts";
import { fillObstacle } from "../fillable.ts";
import { isHarmless } from "../harmless.ts";
import { columnIn, named, sqlName, tableChange, tableIn, type TableChange } from "../lookup.ts";
import { transaction, type PlannedOperation, type Step } from "../model.ts";
import { isNull } from "../null-test.ts";
import { indexOf, isKey, keySteps } from "../online/key.ts";
import { requiredSteps } from "../online/not-null.ts";
import { validatedSteps } from "../online/validated.ts";
import { sequenceOptions } from "../sequence-options.ts";
import { notedKey } from "./add-constraint.ts";
import { duplicatesRefused } from "./create-index.ts";
import { areNeverEqual } from "./no-duplicates.ts";
import { refusedColumn } from "./add-column-refused.ts";
import type { OperationInput, Recognised, Refusal } from "./operation.ts";

/**
 * `ADD COLUMN` that writes or reads the whole table. The column comes empty and with its default for new rows, rows
 * that are there are filled, and what is required of it comes then, each in its online way.
 */
export function addColumn(input: OperationInput): Recognised | Refusal | undefined {
  const { statement, before, after, start, effect, existed, searchPath } = input;
  const change = tableChange(statement.node, before, searchPath);
  if (change?.command.subtype !== "AT_AddColumn" || !existed(change.table)) return undefined;
  const table = tableIn(after, change.table)!;
  const column = table.columns.find(({ name }) => columnIn(change.table, name) === undefined);
  // Nobody writes the column yet, so that what it alone refuses is no matter.
  if (column === undefined || isHarmless(effect)) return undefined;
  const title = `add column ${quoteIdent(column.name)} to ${sqlName(table)}`;
  const isRewritten = effect.work.some(({ kind }) => kind === "rewrite");
  const refused =
    refusedColumn(after, table, column, change.command, isEmptied(input, table)) ??
    (isRewritten ? (ofDrawnKey(change.table, table) ?? fillObstacle(start, table)) : undefined);
  if (refused !== undefined) return { title, refused };
  return { title, planned: planned(input, change, { table, column }) };
}

/** Values that are drawn for each row, and have to be those of another table's rows. */
function ofDrawnKey(before: Table, after: Table): Refusal["refused"] | undefined {
  const had = new Set(before.constraints.map(({ name }) => name));
  const key = after.constraints.find((one) => one.kind === "foreign-key" && !had.has(one.name));
  if (key === undefined) return undefined;
  return {
    why: `each row gets a value that its default draws for it, and ${quoteIdent(key.name)} wants it to be one of another table: whether it is, no two runs agree on`,
    instead: [
      "a column without a default; its rows get the values that they are to refer to (UPDATE … WHERE … IS NULL), then the foreign key",
    ],
  };
}

interface NewColumn {
  /** As it is after the statement. */
  readonly table: Table;
  readonly column: Column;
}

function planned(
  input: OperationInput,
  change: TableChange,
  { table, column }: NewColumn,
): PlannedOperation {
  const { before, after, effect, plan, major } = input;
  const isRewritten = effect.work.some(({ kind }) => kind === "rewrite");
  const { identity } = column;
  const made = { schema: table.schema, name: madeName(table.name, column.name, "seq", plan) };
  const sequences = Object.values(after.sequences).filter(
    ({ ownedBy, schema, name }) =>
      ownedBy?.table === qualifiedName(table.schema, table.name) &&
      ownedBy.column === column.name &&
      !(qualifiedName(schema, name) in before.sequences),
  );
  const expand = newColumn({ table, column }, change, isRewritten, sequences, made);
  const fill: Step = {
    kind: "fill",
    title: `${quoteIdent(column.name)} of the rows that are there in ${sqlName(table)}`,
    table,
    set: `${quoteIdent(column.name)} = DEFAULT`,
    todo: isNull(`t.${quoteIdent(column.name)}`, column),
    undo: [],
  };
  const required =
    isRewritten && column.notNull !== null
      ? requiredSteps({
          table,
          column: column.name,
          type: column.type,
          constraint: column.notNull.name,
          noInherit: column.notNull.noInherit,
          plan,
          major,
        })
      : [];
  const had = new Set(change.table.constraints.map(({ name }) => name));
  const constraints = table.constraints.filter(({ name }) => !had.has(name));
  // The old release may delete the row that the default points to.
  const isLate = ({ kind }: Constraint) => kind === "foreign-key" && column.default !== null;
  const early = constraints.filter((constraint) => !isLate(constraint));
  const late = constraints.filter(isLate);
  const keys = constraints
    .filter(isKey)
    .filter((key) => !areNeverEqual(input, table, indexOf(table, key)))
    .map(({ name }) => duplicatesRefused(quoteIdent(name), table));
  const said = [
    ...keys,
    ...late.flatMap((one) =>
      one.kind === "foreign-key" ? [notedKey(after, table, one, false)] : [],
    ),
  ];
  return {
    expand: [expand],
    fills: isRewritten ? [fill] : [],
    settle: [
      ...required,
      ...(identity === null ? [] : [identityOf({ table, column }, made)]),
      ...early.flatMap((constraint) => constraintSteps(before, after, table, constraint, major)),
    ],
    narrow: late.flatMap((constraint) => constraintSteps(before, after, table, constraint, major)),
    notes: [
      ...(isRewritten ? fillNotes(before, change.table) : []),
      ...said.flatMap(({ notes = [] }) => notes),
    ],
    exemptions: said.flatMap(({ exemptions = [] }) => exemptions),
  };
}

/** True when a statement before it deletes all rows of the table. */
function isEmptied({ preceding, searchPath }: OperationInput, table: Table): boolean {
  return preceding.some(({ statement: { node }, before }) => {
    if (!("DeleteStmt" in node)) return false;
    const { relation, usingClause, whereClause } = node.DeleteStmt;
    const found = relation && named(before.tables, relation, searchPath);
    const isAll = usingClause === undefined && whereClause === undefined;
    return isAll && found?.schema === table.schema && found.name === table.name;
  });
}

function constraintSteps(
  before: Catalog,
  after: Catalog,
  table: Table,
  constraint: Constraint,
  major: number,
): readonly Step[] {
  if (isKey(constraint)) {
    const build = { catalog: after, table, key: constraint, nameOf: indexName };
    const { builds, names } = keySteps(build);
    return [...builds, ...names];
  }
  const drop = `ALTER TABLE ${sqlName(table)} DROP CONSTRAINT IF EXISTS ${quoteIdent(constraint.name)}`;
  // A check that reads no column does not go with any.
  return validatedSteps({ before, after, table, constraint, major }).map((step, n) =>
    n === 0 ? { ...step, undo: [{ kind: "transaction", statements: [drop] }] } : step,
  );
}

function indexName({ name }: { readonly name: string }): string {
  return name;
}

function newColumn(
  { table, column }: NewColumn,
  { command: { def } }: TableChange,
  isRewritten: boolean,
  sequences: readonly Sequence[],
  made: { readonly schema: string; readonly name: string },
): Step {
  const [on, name] = [sqlName(table), quoteIdent(column.name)];
  const alter = `ALTER TABLE ${on} ALTER COLUMN ${name}`;
  const written = def !== undefined && "ColumnDef" in def ? def.ColumnDef : {};
  const type = [
    column.type.text,
    ...(written.compression === undefined
      ? []
      : [`COMPRESSION ${quoteIdent(written.compression)}`]),
    ...(column.collation === null ? [] : [`COLLATE ${column.collation}`]),
  ].join(" ");
  const [withDefault, later] = isRewritten
    ? ["", defaultOf(column, made)]
    : [constantOf(column), undefined];
  const makes = [
    ...sequences.map(
      (sequence) =>
        `CREATE ${sequence.persistence === "unlogged" ? "UNLOGGED " : ""}SEQUENCE IF NOT EXISTS ${sqlName(sequence)} AS ${sequence.type} ${sequenceOptions(sequence)}`,
    ),
    ...(column.identity === null
      ? []
      : [
          `CREATE SEQUENCE IF NOT EXISTS ${sqlName(made)} AS ${column.identity.options!.type} ${sequenceOptions(column.identity.options!)}`,
        ]),
  ];
  const drops = [...sequences.map(sqlName), ...(column.identity === null ? [] : [sqlName(made)])];
  return transaction(
    `column ${name} of ${on}, which the old release leaves to its default`,
    [
      ...makes,
      `ALTER TABLE ${on} ADD COLUMN IF NOT EXISTS ${name} ${type}${withDefault}`,
      ...(written.storage_name === undefined
        ? []
        : [`${alter} SET STORAGE ${quoteIdent(written.storage_name)}`]),
      ...(later === undefined ? [] : [`${alter} SET DEFAULT ${later}`]),
      ...sequences.map((sequence) => `ALTER SEQUENCE ${sqlName(sequence)} OWNED BY ${on}.${name}`),
    ],
    [
      `ALTER TABLE ${on} DROP COLUMN IF EXISTS ${name}`,
      ...drops.map((sequence) => `DROP SEQUENCE IF EXISTS ${sequence}`),
    ],
  );
}

function constantOf(column: Column): string {
  const given = column.default === null ? "" : ` DEFAULT ${column.default}`;
  return column.nullable ? given : `${given} NOT NULL`;
}

function defaultOf(
  column: Column,
  made: { readonly schema: string; readonly name: string },
): string | undefined {
  if (column.identity === null) return column.default ?? undefined;
  return `pg_catalog.nextval(${quoteLiteral(sqlName(made))}::pg_catalog.regclass)`;
}

/** The numbers go on where those of the column's sequence of the first days end: nobody draws meanwhile. */
function identityOf(
  { table, column: { name, identity } }: NewColumn,
  made: { readonly schema: string; readonly name: string },
): Step {
  const alter = `ALTER TABLE ${sqlName(table)} ALTER COLUMN ${quoteIdent(name)}`;
  const { generation, sequence, options } = identity!;
  const kind = generation === "always" ? "ALWAYS" : "BY DEFAULT";
  const own = `pg_catalog.pg_get_serial_sequence(${quoteLiteral(sqlName(table))}, ${quoteLiteral(name)})`;
  return transaction(`${quoteIdent(name)} of ${sqlName(table)} is an identity column`, [
    `${alter} DROP DEFAULT`,
    `${alter} ADD GENERATED ${kind} AS IDENTITY (SEQUENCE NAME ${sequence} ${sequenceOptions(options!)})`,
    `SELECT pg_catalog.setval(${own}, last_value, is_called) FROM ${sqlName(made)}`,
    `DROP SEQUENCE ${sqlName(made)}`,
  ]);
}
