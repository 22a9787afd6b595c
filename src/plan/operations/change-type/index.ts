import { qualifiedName, type Table } from "../../../catalog/index.ts";
import { quoteIdent, quoteLiteral } from "../../../sql/index.ts";
import { madeName, shadowStatements } from "../../dual-writes/index.ts";
import { columnIn, sqlName, tableChange, tableIn } from "../../lookup.ts";
import { transaction, type PlannedOperation } from "../../model.ts";
import type { OperationInput, Recognised, Refusal } from "../operation.ts";
import { carriedSteps, validated } from "./carried.ts";
import { namesOf, type ColumnChange } from "./facts.ts";
import { copiedSettings } from "./live.ts";
import { referrersOf } from "./foreign-keys.ts";
import { sharingOf, type Sharing } from "./sharing.ts";
import { proofOf, proofStatement, swapStep } from "./swap.ts";
import { isPlainCast, usingText } from "./using.ts";

/**
 * `ALTER TABLE … ALTER COLUMN … TYPE`, the name staying. The new type is a second column, computed from the first;
 * indexes and constraints are built on it while both are written; then the two exchange names in one short
 * transaction, before the new release starts. Until the contract phase the first column is computed from the second,
 * so that the change can be taken back.
 */
export async function changeType(input: OperationInput): Promise<Recognised | Refusal | undefined> {
  const { statement, before, after, existed, plan, major, searchPath } = input;
  const found = tableChange(statement.node, before, searchPath);
  if (found?.command.subtype !== "AT_AlterColumnType" || !existed(found.table)) return undefined;
  const { table, command } = found;
  const name = command.name ?? "";
  const column = columnIn(table, name);
  const tableAfter = tableIn(after, table);
  const columnAfter = tableAfter && columnIn(tableAfter, name);
  if (column === undefined || tableAfter === undefined || columnAfter === undefined)
    return undefined;
  const title = `change ${sqlName(table)}.${quoteIdent(name)} from ${column.type.text} to ${columnAfter.type.text}`;
  const using =
    command.def !== undefined && "ColumnDef" in command.def
      ? command.def.ColumnDef.raw_default
      : undefined;
  const isCast = using === undefined || isPlainCast(using, name);
  const sharing: Sharing = isCast
    ? sharingOf(column, columnAfter)
    : { how: "not", why: "USING gives the column other values than the release that runs knows" };
  const shadow = {
    column: name,
    made: madeName(name, "as", plan),
    kept: madeName(name, "was", plan),
    up: usingText(statement) ?? quoteIdent(name),
    down: quoteIdent(name),
  };
  const change: ColumnChange = {
    plan,
    major,
    before,
    after,
    table,
    tableAfter,
    column,
    columnAfter,
    shadow,
  };
  const why = obstacle(change, input) ?? (sharing.how === "not" ? sharing.why : undefined);
  if (why !== undefined) return { title, refused: { why, instead: instead(name) } };
  const notes = sharing.how === "not" ? [] : sharing.notes;
  const writes = await shadowStatements({ plan, table, searchPath }, shadow);
  return { title, planned: planned(change, swapStep(change, writes), notes) };
}

function planned(
  change: ColumnChange,
  swap: ReturnType<typeof swapStep>,
  notes: readonly string[],
): PlannedOperation {
  const { table, column, made, kept } = namesOf(change);
  const { columnAfter, shadow } = change;
  const { collation } = columnAfter;
  const type = `${columnAfter.type.text}${collation === null ? "" : ` COLLATE ${collation}`}`;
  return {
    expand: [
      transaction(
        `a second column for the new type, ${made}`,
        [
          `ALTER TABLE ${table} ADD COLUMN IF NOT EXISTS ${made} ${type}`,
          copiedSettings(change),
          ...commentOf(change),
        ],
        [`ALTER TABLE ${table} DROP COLUMN IF EXISTS ${made}`],
      ),
    ],
    shadows: [{ table: change.table, shadow }],
    settle: [
      ...validated(table, quoteIdent(proofOf(change)), proofStatement(change)),
      ...carriedSteps(change),
      swap,
    ],
    end: [`ALTER TABLE ${table} DROP COLUMN IF EXISTS ${kept}`],
    notes: [
      ...notes,
      `a statement prepared by name that returns ${column} fails once in each session ("cached plan must not change result type"), as it does with the naive statement; drivers that prepare unnamed are not affected`,
      `${column} ends as the last column of ${table}: from the contract phase on INSERT and COPY need a list of columns`,
      `until the contract phase ${column} refuses what ${change.column.type.text} cannot hold, as before the change`,
    ],
  };
}

function commentOf(change: ColumnChange): readonly string[] {
  const { table, made } = namesOf(change);
  const { schema, name } = change.table;
  const text = change.after.comments[`column ${qualifiedName(schema, name, change.column.name)}`];
  return text === undefined
    ? []
    : [`COMMENT ON COLUMN ${table}.${made} IS ${quoteLiteral(text).trim()}`];
}

/** What has no second form that could exchange places with the first. */
function obstacle(change: ColumnChange, { start, existed }: OperationInput): string | undefined {
  const { table, column } = change;
  const name = quoteIdent(column.name);
  const first = tableIn(start, table);
  const same = first && columnIn(first, column.name);
  if (same === undefined || !existed(table))
    return `${name} was renamed or made by the same migration`;
  if (same.type.text !== column.type.text) return `the same migration changes ${name} twice`;
  if (table.kind === "foreign")
    return "a foreign table has neither triggers that compute rows nor indexes";
  if (table.kind !== "table" || table.inherits.length > 0 || hasChildren(change, table))
    return `${sqlName(table)} has partitions or children: their indexes and keys would have to change places together`;
  if (column.generated !== null) return `${name} is generated: it cannot be computed by a trigger`;
  const constraints = change.tableAfter.constraints;
  if (constraints.some((one) => one.kind === "exclusion" && one.columns.includes(column.name)))
    return `${name} is in an exclusion constraint, whose index cannot be built while rows are written`;
  const partitioned = referrersOf(change).find((one) => one.table.kind === "partitioned");
  if (partitioned !== undefined && change.major < 18)
    return `the partitioned table ${sqlName(partitioned.table)} refers to ${name}, and before Postgres 18 it cannot have a second foreign key that is validated later`;
  return undefined;
}

function hasChildren({ before }: ColumnChange, { schema, name }: Table): boolean {
  const key = qualifiedName(schema, name);
  return Object.values(before.tables).some(
    ({ inherits, partitionOf }) => inherits.includes(key) || partitionOf?.table === key,
  );
}

function instead(name: string): readonly string[] {
  return [
    `give the new form a name of its own: ADD COLUMN, with a line "-- lockstep: …" for the conversion in each direction, and DROP COLUMN ${quoteIdent(name)} (docs/plan-directives.md); the new release uses the new name`,
    "run it in a maintenance window: lockstep check says what it locks and for how long",
  ];
}
