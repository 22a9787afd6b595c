import { quoteIdent } from "../../../sql/index.ts";
import { isConstrained } from "../../domains.ts";
import { fillNotes } from "../../fill-notes.ts";
import { wholeRowNotes } from "../../trigger-notes.ts";
import { madeName, shadowStatements } from "../../dual-writes/index.ts";
import { columnIn, sqlName, tableChange, tableIn } from "../../lookup.ts";
import type { NaiveStatement, OperationInput, Recognised, Refusal } from "../operation.ts";
import { twinsOf } from "./carried.ts";
import { plannedColumn } from "./column.ts";
import { comparedObstacle } from "./compared.ts";
import { namesOf, type ColumnChange } from "./facts.ts";
import { obstacle } from "./obstacle.ts";
import { isOfZones, sharingOf, type Sharing } from "./sharing.ts";
import { swapStep, type Around } from "./swap.ts";
import { isPlainCast, usingText } from "./using.ts";

/**
 * `ALTER TABLE … ALTER COLUMN … TYPE`, the name staying. The new type is a second column, computed from the first;
 * indexes and constraints are built on it while both are written; then the two exchange names in one short
 * transaction, before the new release starts. Until the contract phase the first column is computed from the second,
 * so that the change can be taken back.
 */
export async function changeType(input: OperationInput): Promise<Recognised | Refusal | undefined> {
  return changeTypeWith(input);
}

/** @param around what else happens in the moment in which the column changes over */
export async function changeTypeWith(
  input: OperationInput,
  around?: Around,
): Promise<Recognised | Refusal | undefined> {
  const { before, existed, plan, major, searchPath } = input;
  const group = groupOf(input);
  const found = group && tableChange(group.type.statement.node, group.type.before, searchPath);
  if (group === undefined || found === undefined || !existed(found.table)) return undefined;
  const { command } = found;
  const name = command.name ?? "";
  const after = group.last.after;
  const table = tableIn(before, found.table);
  const column = table && columnIn(table, name);
  const tableAfter = tableIn(after, found.table);
  const columnAfter = tableAfter && columnIn(tableAfter, name);
  if (!table || !column || !tableAfter || !columnAfter) return undefined;
  const title = `change ${sqlName(table)}.${quoteIdent(name)} from ${column.type.text} to ${columnAfter.type.text}`;
  const using =
    command.def !== undefined && "ColumnDef" in command.def
      ? command.def.ColumnDef.raw_default
      : undefined;
  const isCast = using === undefined || isPlainCast(using, name);
  const isZones = isOfZones(column, columnAfter);
  const sharing: Sharing =
    isCast || isZones
      ? sharingOf(column, columnAfter)
      : { how: "not", why: "USING gives the column other values than the release that runs knows" };
  const shadow = {
    column: name,
    made: madeName(name, "as", plan),
    kept: madeName(name, "was", plan),
    up: usingText(group.type.statement) ?? quoteIdent(name),
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
  const why =
    obstacle(change, input) ??
    (sharing.how === "not" ? sharing.why : undefined) ??
    (sharing.how === "if-proven" && sharing.isComparedApart === true
      ? comparedObstacle(change, input.start)
      : undefined);
  if (why !== undefined)
    return {
      title,
      refused: {
        why,
        instead: [
          ...(isZones ? zones(name) : []),
          ...(isConstrained(after, columnAfter.type)
            ? ["the domain's base type, with a CHECK and a NOT NULL of the column's own"]
            : instead(name)),
        ],
      },
    };
  const isOtherKind = sharing.how === "if-proven" && sharing.isOtherKind === true;
  const twinned = await twinsOf(change, input);
  const notes = [
    ...fillNotes(before, table),
    ...wholeRowNotes(before, table),
    ...(sharing.how === "not" ? [] : sharing.notes),
    ...twinned.notes,
  ];
  const planned = plannedColumn(change, notes, isOtherKind);
  const writes = await shadowStatements({ plan, table, searchPath }, shadow);
  const names = namesOf(change);
  const swap = swapStep(
    `${names.table}.${names.column} changes over to its new type`,
    [{ change, writes }],
    around,
  );
  return {
    title,
    planned: { ...planned, twins: twinned.twins, settle: [...planned.settle, swap] },
    takes: group.size - 1,
  };
}

/** The change of type, with what takes the default away before it and gives one after it. */
interface Group {
  readonly type: NaiveStatement;
  readonly last: NaiveStatement;
  readonly size: number;
}

function groupOf(input: OperationInput): Group | undefined {
  const { following, searchPath } = input;
  const of = (one: NaiveStatement | undefined, subtype: string) => {
    const change = one && tableChange(one.statement.node, one.before, searchPath);
    return change?.command.subtype === subtype ? change : undefined;
  };
  const dropped = of(input, "AT_ColumnDefault");
  const isDropped = dropped !== undefined && dropped.command.def === undefined;
  const type = isDropped ? following[0] : input;
  const change = of(type, "AT_AlterColumnType");
  if (type === undefined || change === undefined) return undefined;
  const isSame = (other: typeof change | undefined) =>
    other?.command.name === change.command.name &&
    other?.table.name === change.table.name &&
    other?.table.schema === change.table.schema;
  if (isDropped && !isSame(dropped)) return undefined;
  const size = isDropped ? 2 : 1;
  const next = following[size - 1];
  if (next !== undefined && isSame(of(next, "AT_ColumnDefault")))
    return { type, last: next, size: size + 1 };
  return { type, last: type, size };
}

/** By a zone that is written down the conversion is the same in every session, and there is a way back. */
function zones(name: string): readonly string[] {
  const [own, other] = [quoteIdent(name), quoteIdent(`${name}_at`)];
  return [
    `where the values mean one zone, say which: "-- lockstep: ${other} = ${own} AT TIME ZONE 'UTC'" and "-- lockstep: ${own} = ${other} AT TIME ZONE 'UTC'" in front of ADD COLUMN ${other}, UPDATE and DROP COLUMN ${own}`,
  ];
}

function instead(name: string): readonly string[] {
  return [
    `give the new form a name of its own: ADD COLUMN, with a line "-- lockstep: …" for the conversion in each direction, and DROP COLUMN ${quoteIdent(name)} (docs/plan-directives.md); the new release uses the new name`,
    "run it in a maintenance window: lockstep check says what it locks, lockstep rehearse for how long",
  ];
}
