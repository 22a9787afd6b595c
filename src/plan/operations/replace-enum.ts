import {
  qualifiedName,
  type Catalog,
  type Column,
  type EnumType,
  type Table,
} from "../../catalog/index.ts";
import { quoteIdent, quoteLiteral, quoteQualified } from "../../sql/index.ts";
import { madeName, shadowStatements } from "../dual-writes/index.ts";
import { columnIn, sqlName, tableChange, tableIn } from "../lookup.ts";
import { labelNotes } from "../new-labels.ts";
import { transaction, type PlannedOperation, type Step } from "../model.ts";
import { twinsOf } from "./change-type/carried.ts";
import { plannedColumn } from "./change-type/column.ts";
import type { ColumnChange } from "./change-type/facts.ts";
import { obstacle } from "./change-type/obstacle.ts";
import { swapStep, type Swapped } from "./change-type/swap.ts";
import { isPlainCast } from "./change-type/using.ts";
import type { NaiveStatement, OperationInput, Recognised, Refusal } from "./operation.ts";

/**
 * An enum type made again with other labels or another order, under its name: `ALTER TYPE … RENAME`, `CREATE TYPE`,
 * `ALTER COLUMN … TYPE … USING`, `DROP TYPE`, in any order that runs. Every column of the type gets a second form of the
 * new type; types and columns exchange names in one transaction.
 */
export async function replaceEnum(
  input: OperationInput,
): Promise<Recognised | Refusal | undefined> {
  const { before, plan, searchPath } = input;
  const statements = runOf(input);
  const last = statements.at(-1);
  const replaced = last && replacedIn(before, last.after);
  if (last === undefined || replaced === undefined) return undefined;
  const { type, labels, own } = replaced;
  const name = quoteQualified(type.schema, type.name);
  const title = `replace the enum type ${name}`;
  const made = own ?? madeName(type.name, plan);
  const kept = madeName(type.name, "was", plan);
  const uses = usesOf(before, type);
  if (uses.some(({ table, column }) => !isOf(last.after, table, column.name, type)))
    return undefined;
  const changes = uses.map(({ table, column }): ColumnChange => {
    const tableAfter = tableIn(last.after, table)!;
    return {
      plan,
      major: input.major,
      before,
      after: last.after,
      table,
      tableAfter,
      column,
      columnAfter: columnIn(tableAfter, column.name)!,
      shadow: {
        column: column.name,
        made: madeName(column.name, "as", plan),
        kept: madeName(column.name, "was", plan),
        up: `${quoteIdent(column.name)}::text`,
        down: `${quoteIdent(column.name)}::text`,
      },
      madeType: { type, name: made },
    };
  });
  const unknown = labels.filter((label) => !type.labels.includes(label));
  const gone = type.labels.filter((label) => !labels.includes(label));
  const why = whyNot(changes, statements, input);
  const takes = statements.length - 1;
  if (why !== undefined) return { title, takes, refused: { why, instead } };
  if (gone.length > 0 && !isSameOrder(type.labels, labels))
    return { title, takes, refused: { why: bothWays(gone, type), instead: inTwo } };
  const swapped = await Promise.all(
    changes.map(async (change): Promise<Swapped> => ({
      change,
      writes: await shadowStatements({ plan, table: change.table, searchPath }, change.shadow),
    })),
  );
  const planned = together(
    await Promise.all(
      changes.map(async (change) => {
        const { twins, notes } = await twinsOf(change, input);
        return { ...plannedColumn(change, notes, true), twins };
      }),
    ),
  );
  const step = swapStep(`columns of ${name} change over to its new labels`, swapped, {
    first: {
      forward: [renamed(type, type.name, kept), renamed(type, made, type.name)],
      back: [renamed(type, type.name, made), renamed(type, kept, type.name)],
    },
    last: { forward: [], back: [] },
  });
  // Who reads or compares a label that goes has to find it, as long as that release runs.
  const isLate = gone.length > 0;
  return {
    title,
    takes,
    planned: {
      ...planned,
      expand: [
        ...(own === undefined ? [madeStep(type, made, labels)] : []),
        ...unknown.map((label) => labelStep(type, label, labels)),
        ...(planned.expand ?? []),
      ],
      settle: [...(planned.settle ?? []), ...(isLate ? [] : [step])],
      begin: isLate && step.kind === "transaction" ? step.statements : [],
      end: [...(planned.end ?? []), `DROP TYPE ${quoteQualified(type.schema, kept)}`],
      notes: [
        ...(planned.notes ?? []),
        ...gone.map(
          (label) =>
            `${quoteLiteral(label).trim()} can be read and compared with until the contract phase, but who writes it is refused from the expand phase on, and rows that hold it stop the backfill, which names them`,
        ),
        ...labelNotes(unknown, type, input.start),
        `a statement that a session prepared by name with a parameter of ${name} keeps the old type for it and fails from the ${isLate ? "contract phase" : "swap"} on until it is prepared again: pools that prepare by name have to connect anew then`,
        `functions of PL/pgSQL with variables of ${name} keep the old type in sessions that have called them before`,
      ],
      remains: unknown.map(() => `extra-enum-value ${qualifiedName(type.schema, type.name)}`),
    },
  };
}

/** The statement and those behind it that have to do with types, and with types and defaults of columns. */
function runOf(input: OperationInput): readonly NaiveStatement[] {
  const all = [input, ...input.following];
  const end = all.findIndex((one) => !isAboutTypes(one, input.searchPath));
  return end < 0 ? all : all.slice(0, end);
}

function isAboutTypes(
  { statement: { node }, before }: NaiveStatement,
  searchPath: readonly string[],
): boolean {
  if ("CreateEnumStmt" in node) return true;
  if ("RenameStmt" in node) return node.RenameStmt.renameType === "OBJECT_TYPE";
  if ("DropStmt" in node) return node.DropStmt.removeType === "OBJECT_TYPE";
  const subtype = tableChange(node, before, searchPath)?.command.subtype;
  return subtype === "AT_AlterColumnType" || subtype === "AT_ColumnDefault";
}

interface Replaced {
  readonly type: EnumType;
  readonly labels: readonly string[];
  /** Name of the new type where the migration has made it already. */
  readonly own: string | undefined;
}

/** The one enum type that has other labels afterwards. */
function replacedIn(before: Catalog, after: Catalog): Replaced | undefined {
  const changed = Object.entries(before.enums).flatMap(([key, type]) => {
    const labels = after.enums[key]?.labels;
    return labels === undefined || same(labels, type.labels) ? [] : [{ type, labels }];
  });
  const [only] = changed;
  if (only === undefined || changed.length > 1) return undefined;
  const own = Object.entries(before.enums).find(
    ([key, { schema, labels }]) =>
      !(key in after.enums) && schema === only.type.schema && same(labels, only.labels),
  );
  return { ...only, own: own?.[1].name };
}

function same(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((label, n) => label === other[n]);
}

interface Use {
  readonly table: Table;
  readonly column: Column;
}

function usesOf({ tables }: Catalog, type: EnumType): readonly Use[] {
  return Object.values(tables).flatMap((table) =>
    table.columns.flatMap((column) => (isType(column, type) ? [{ table, column }] : [])),
  );
}

function isType({ type: { schema, name } }: Column, type: EnumType): boolean {
  return schema === type.schema && name === type.name;
}

function isOf(catalog: Catalog, table: Table, name: string, type: EnumType): boolean {
  const found = tableIn(catalog, table);
  const column = found && columnIn(found, name);
  return column !== undefined && isType(column, type);
}

function whyNot(
  changes: readonly ColumnChange[],
  statements: readonly NaiveStatement[],
  input: OperationInput,
): string | undefined {
  for (const { statement, before } of statements) {
    const change = tableChange(statement.node, before, input.searchPath);
    if (change === undefined) continue;
    const name = change.command.name ?? "";
    const own = changes.some(
      ({ table, column }) => table.name === change.table.name && column.name === name,
    );
    if (!own) return `the same statements change ${sqlName(change.table)}.${quoteIdent(name)} too`;
    const { def } = change.command;
    const using = def !== undefined && "ColumnDef" in def ? def.ColumnDef.raw_default : undefined;
    if (using !== undefined && !isPlainCast(using, name))
      return "USING gives rows other labels than the release that runs knows";
  }
  for (const change of changes) {
    const found = obstacle(change, input);
    if (found !== undefined) return found;
    const isKey = change.table.constraints.some(
      (one) => one.kind === "primary-key" && one.columns.includes(change.column.name),
    );
    if (isKey)
      return `${quoteIdent(change.column.name)} is in the primary key of ${sqlName(change.table)}`;
  }
  return undefined;
}

function renamed({ schema }: EnumType, from: string, to: string): string {
  return `ALTER TYPE ${quoteQualified(schema, from)} RENAME TO ${quoteIdent(to)}`;
}

function madeStep({ schema }: EnumType, made: string, labels: readonly string[]): Step {
  const name = quoteQualified(schema, made);
  const list = labels.map((label) => quoteLiteral(label).trim()).join(", ");
  return transaction(
    `the type with its new labels, ${name}`,
    [`CREATE TYPE ${name} AS ENUM (${list})`],
    [`DROP TYPE IF EXISTS ${name}`],
  );
}

/**
 * What the new release writes has to fit into the first form too, and to stand there where it stands in the second one: in
 * front of a label that both have, else at the end.
 */
function labelStep(
  { schema, name, labels }: EnumType,
  label: string,
  all: readonly string[],
): Step {
  const type = quoteQualified(schema, name);
  const next = all.slice(all.indexOf(label)).find((one) => labels.includes(one));
  const place = next === undefined ? "" : ` BEFORE ${quoteLiteral(next).trim()}`;
  return transaction(`${type} knows what the new release writes`, [
    `ALTER TYPE ${type} ADD VALUE IF NOT EXISTS ${quoteLiteral(label).trim()}${place}`,
  ]);
}

/** Whether the labels that both have follow one another in the same order. */
function isSameOrder(one: readonly string[], other: readonly string[]): boolean {
  return same(
    one.filter((label) => other.includes(label)),
    other.filter((label) => one.includes(label)),
  );
}

function bothWays(gone: readonly string[], { schema, name }: EnumType): string {
  const labels = gone.map((label) => quoteLiteral(label).trim()).join(", ");
  return `${labels} of ${quoteQualified(schema, name)} goes and the others get another order: while both releases run the old one needs the label under the type's name, and the new one its order`;
}

const inTwo: readonly string[] = [
  "make two migrations of it, and carry them one after the other: the other order with all labels, then the type without those that go",
];

function together(operations: readonly PlannedOperation[]): PlannedOperation {
  return {
    expand: operations.flatMap(({ expand = [] }) => expand),
    shadows: operations.flatMap(({ shadows = [] }) => shadows),
    twins: operations.flatMap(({ twins = [] }) => twins),
    settle: operations.flatMap(({ settle = [] }) => settle),
    end: operations.flatMap(({ end = [] }) => end),
    notes: [...new Set(operations.flatMap(({ notes = [] }) => notes))],
    exemptions: operations.flatMap(({ exemptions = [] }) => exemptions),
  };
}

const instead: readonly string[] = [
  "ADD VALUE for new labels; labels that go may stay in the type with a CHECK that refuses them",
  "give the column a new name with the conversion in each direction (docs/plan-directives.md)",
];
