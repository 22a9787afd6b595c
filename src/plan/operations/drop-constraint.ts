import {
  qualifiedName,
  type Catalog,
  type Constraint,
  type ForeignKeyConstraint,
  type KeyConstraint,
  type Table,
} from "../../catalog/index.ts";
import { quoteIdent, quoteLiteral } from "../../sql/index.ts";
import { madeName } from "../dual-writes/index.ts";
import { columnIn, sqlName, tableChange, tableIn } from "../lookup.ts";
import {
  transaction,
  type Change,
  type Exemption,
  type PlannedOperation,
  type Step,
} from "../model.ts";
import { ownLockFirst } from "../online/both-locks.ts";
import { isKey } from "../online/key.ts";
import { takenBack, validatedSteps } from "../online/validated.ts";
import { addedConstraint } from "./add-constraint.ts";
import { addedKey, plannedKey, type AddedKey } from "./add-key.ts";
import { plannedUntilGone, untilGone } from "../outgoing-unique.ts";
import { keysAlong } from "./keys-along.ts";
import { missedOf } from "./missed-key.ts";
import type { OperationInput, Recognised, Refusal } from "./operation.ts";

/**
 * `DROP CONSTRAINT`. A check goes before the new release starts, which may write what it refuses. A key stays as long
 * as the old release may look rows up by it or say `ON CONFLICT`. What is dropped to be made anew is dropped when the
 * new one is there.
 */
export async function dropConstraint(
  input: OperationInput,
): Promise<Recognised | Refusal | undefined> {
  const { statement, before, after, following, existed, searchPath } = input;
  const change = tableChange(statement.node, before, searchPath);
  if (change?.command.subtype !== "AT_DropConstraint" || !existed(change.table)) return undefined;
  const { table, command, recurses } = change;
  const constraint = table.constraints.find(({ name }) => name === command.name);
  if (constraint === undefined) return undefined;
  const title = `drop constraint ${quoteIdent(constraint.name)} of ${sqlName(table)}`;
  const cascade = command.behavior === "DROP_CASCADE" ? " CASCADE" : "";
  const drop = `ALTER TABLE ${recurses ? "" : "ONLY "}${sqlName(table)} DROP CONSTRAINT IF EXISTS ${quoteIdent(constraint.name)}${cascade}`;
  const [next] = following;
  if (next !== undefined && isKey(constraint) && cascade === "") {
    const added = addedKey(next, input);
    if (added?.using === undefined && added !== undefined && replacesKey(added, table, constraint))
      return {
        title: `${keyWord(constraint)} of ${sqlName(table)}`,
        planned: plannedUntilGone(
          plannedKey(input, added, constraint.name),
          await untilGone(input, table, constraint.index),
        ),
        takes: 1,
      };
  }
  if (constraint.kind === "foreign-key") {
    const replaced = replacedKey(input, table, constraint, drop);
    if (replaced !== undefined)
      return "why" in replaced
        ? { title, refused: replaced, takes: 1 }
        : { title, planned: replaced, takes: 1 };
  }
  const isNoLonger = tableIn(after, table)!.constraints.every(
    ({ name }) => name !== constraint.name,
  );
  if (isNoLonger && recurses && goesEarly(table, constraint))
    return { title, planned: droppedEarly(input, table, constraint, drop) };
  const along = isKey(constraint) ? keysAlong(before, after) : { notes: [], exemptions: [] };
  const planned: PlannedOperation = {
    ...whenItGoes(input, table, constraint, transaction(title, dropping(table, constraint, drop))),
    notes: [lateNote(title, constraint), ...along.notes],
    exemptions: [...untilItGoes(table, constraint), ...along.exemptions],
  };
  if (!isKey(constraint)) return { title, planned };
  return {
    title,
    planned: plannedUntilGone(planned, await untilGone(input, table, constraint.index)),
  };
}

/**
 * A foreign key beside which the migration adds another one to the same table goes when that one is there: rows whose
 * parent is deleted in between would be left behind, and stop it. With a column that is dropped behind it, it goes too.
 */
function whenItGoes(
  { following, goal, searchPath }: OperationInput,
  table: Table,
  constraint: Constraint,
  step: Step,
): PlannedOperation {
  const inPlace = { narrow: [step] };
  if (constraint.kind !== "foreign-key" || tableIn(goal, table) === undefined) return inPlace;
  const added = following.map(({ before, after }) => {
    const was = tableIn(before, table);
    return was && addedConstraint(was, after);
  });
  const isBeside = (one: Constraint | undefined) =>
    one?.kind === "foreign-key" && one.references.table === constraint.references.table;
  const first = added.findIndex(isBeside);
  const isMadeAnew = added.some((one) => one?.name === constraint.name);
  if (first < 0 || isMadeAnew) return inPlace;
  const goesAlong = following.findIndex(({ statement, before }) => {
    const change = tableChange(statement.node, before, searchPath);
    if (change?.command.subtype !== "AT_DropColumn" || !isSame(change.table, table)) return false;
    return constraint.columns.includes(change.command.name ?? "");
  });
  if (goesAlong < 0) return { last: [step] };
  return goesAlong < first ? inPlace : {};
}

function dropping(table: Table, { kind }: Constraint, drop: string): readonly string[] {
  return kind === "foreign-key" ? ownLockFirst(table, [drop]) : [drop];
}

/** What the new release has to bear of a constraint that it no longer has. */
function untilItGoes(table: Table, constraint: Constraint): readonly Exemption[] {
  const relation = qualifiedName(table.schema, table.name);
  if (isKey(constraint)) return [{ kind: "refuses-duplicates", relation }];
  if (constraint.kind !== "foreign-key") return [];
  const { references, onDelete } = constraint;
  const parent = references.table;
  return [
    { kind: "still-referenced", relation },
    { kind: "still-referenced", relation: parent },
    ...(keepsWords.has(onDelete) ? [] : [{ kind: "leaves-orphans", relation: parent } as const]),
  ];
}

/** A table has one primary key; of others, the one that takes over the name. */
function replacesKey({ key, table }: AddedKey, old: Table, constraint: KeyConstraint): boolean {
  if (!isSame(table, old) || key.kind !== constraint.kind) return false;
  return key.kind === "primary-key" || key.name === constraint.name;
}

function keyWord({ kind, name }: KeyConstraint): string {
  return kind === "primary-key" ? "primary key" : `unique constraint ${quoteIdent(name)}`;
}

function isSame(one: Table, other: Table): boolean {
  return one.schema === other.schema && one.name === other.name;
}

/** What only refuses rows; not what changes or finds them, or could not be had back without a stall. */
function goesEarly({ kind: of }: Table, constraint: Constraint): boolean {
  if (constraint.kind === "check") return true;
  if (constraint.kind !== "foreign-key" || of === "partitioned") return false;
  const passive = new Set(["no-action", "restrict"]);
  return passive.has(constraint.onDelete) && passive.has(constraint.onUpdate);
}

function droppedEarly(
  { before, goal, plan }: OperationInput,
  table: Table,
  constraint: Constraint,
  drop: string,
): PlannedOperation {
  const name = quoteIdent(constraint.name);
  const gone: Step = {
    kind: "transaction",
    title: `${name} of ${sqlName(table)} goes: the new release may write what it refuses`,
    statements: dropping(table, constraint, drop),
    undo: hadBack(before, table, constraint, drop),
  };
  const notes = [
    `${name} of ${sqlName(table)} is gone from the end of the backfill phase on, for both releases: neither is refused what it alone refused, the old one may read rows that break it, and an abort after that stops at them`,
  ];
  const later = tableIn(goal, table)?.constraints.find((one) => one.name === constraint.name);
  if (constraint.kind !== "check" || later?.kind !== "check") return { settle: [gone], notes };
  // In between, a row is right when either release's check says so: until the new release's own is there, not shorter.
  const either = quoteIdent(madeName(constraint.name, "or_new", plan));
  const without = `ALTER TABLE ${sqlName(table)} DROP CONSTRAINT IF EXISTS ${either}`;
  return {
    settle: [
      transaction(
        `${either} on ${sqlName(table)}: what either release's check allows`,
        [
          `ALTER TABLE ${sqlName(table)} ADD CONSTRAINT ${either} CHECK ((${constraint.expression}) OR (${later.expression})) NOT VALID`,
        ],
        [without],
      ),
      gone,
    ],
    last: [transaction(`${either} has done its work`, [without])],
    notes,
  };
}

/** What gives a constraint back, whether it went or not: first for new rows, then for all. */
function hadBack(
  { comments }: Catalog,
  table: Table,
  { name, definition, valid }: Constraint,
  drop: string,
): readonly Change[] {
  const own = quoteIdent(name);
  const add = `ALTER TABLE ${sqlName(table)} ADD CONSTRAINT ${own} ${definition}`;
  const validate = `ALTER TABLE ${sqlName(table)} VALIDATE CONSTRAINT ${own}`;
  const comment = comments[`constraint ${qualifiedName(table.schema, table.name, name)}`];
  const again = [
    drop,
    valid ? `${add} NOT VALID` : add,
    ...(comment === undefined
      ? []
      : [`COMMENT ON CONSTRAINT ${own} ON ${sqlName(table)} IS ${quoteLiteral(comment)}`]),
  ];
  return [again, ...(valid ? [[validate]] : [])].map((statements) => ({
    kind: "transaction",
    statements,
  }));
}

/** A foreign key whose columns get another one with the next statement: the old one goes when the new one is proven. */
function replacedKey(
  { following, existed, searchPath, plan, major }: OperationInput,
  table: Table,
  constraint: ForeignKeyConstraint,
  drop: string,
): PlannedOperation | Refusal["refused"] | undefined {
  const [next] = following;
  const change = next && tableChange(next.statement.node, next.before, searchPath);
  if (next === undefined || change?.command.subtype !== "AT_AddConstraint") return undefined;
  if (!existed(change.table) || !isSame(change.table, table)) return undefined;
  const added = addedConstraint(change.table, next.after);
  if (added?.kind !== "foreign-key" || added.columns.join() !== constraint.columns.join())
    return undefined;
  // What keeps rows from going as the old one does can come early, when the new release wants more of it.
  const isEither = keeps(constraint) && keeps(added) && table.kind !== "partitioned";
  const isLate =
    table.kind === "partitioned" ||
    (keepsRows(added, table) && !(isEither && missedOf(added, constraint) !== undefined)) ||
    (!keepsRows(constraint, table) && added.onDelete === "cascade");
  const missed = isLate ? missedOf(added, constraint) : missedOf(constraint, added);
  if (missed !== undefined)
    return {
      why: `the ${isLate ? "new" : "old"} release relies on ${missed} of its foreign key, and ${quoteIdent(constraint.name)} is one for both releases as long as both run`,
      instead: [
        "two migrations: first a key that does what either release relies on, and the last one when the old release is gone",
      ],
    };
  if (table.kind === "partitioned") return undefined;
  const own = added.name;
  const name = own === constraint.name ? madeName(own, plan) : own;
  const { before, after } = next;
  const made = { ...added, name };
  const rename = `ALTER TABLE ${sqlName(table)} RENAME CONSTRAINT ${quoteIdent(name)} TO ${quoteIdent(own)}`;
  const steps = validatedSteps({ before, after, table, constraint: made, major });
  const instead = transaction(
    own === constraint.name
      ? `${quoteIdent(own)} of ${sqlName(table)} as it is to be, instead of as it was`
      : `${quoteIdent(own)} of ${sqlName(table)} instead of ${quoteIdent(constraint.name)}`,
    ownLockFirst(table, name === own ? [drop] : [drop, rename]),
  );
  if (isLate) return { narrow: [...steps, instead], ...untilThen(table, constraint, added) };
  // What the new release lets go, or keeps, would be refused or lost by the old key; the old release loses nothing by the new one.
  return {
    settle: [
      ...takenBack(steps, table, name),
      { ...instead, undo: hadBack(before, table, constraint, drop) },
    ],
    ...fromThenOn(table, constraint, added),
  };
}

/** What a person has to know of a key that comes when the old release is gone. */
function untilThen(
  table: Table,
  old: ForeignKeyConstraint,
  { name, onDelete, references }: ForeignKeyConstraint,
): Pick<PlannedOperation, "notes" | "exemptions"> {
  if (old.onDelete === onDelete) return {};
  return {
    notes: [
      `until the contract phase ${actionOf(old)} when the row of ${references.table} that they refer to is deleted, as before: ${quoteIdent(name)} of ${sqlName(table)} comes then, and the new release cannot count on it meanwhile`,
    ],
    exemptions: [{ kind: "leaves-orphans", relation: references.table }],
  };
}

/** The same of one that is there when the new release starts. */
function fromThenOn(
  table: Table,
  old: ForeignKeyConstraint,
  { name, onDelete, references }: ForeignKeyConstraint,
): Pick<PlannedOperation, "notes" | "exemptions"> {
  const own = `${quoteIdent(name)} of ${sqlName(table)}`;
  if (keeps(old) && keepsWords.has(onDelete)) return {};
  if (keepsRows(old, table))
    return {
      notes: [
        `from the end of the backfill phase on a row that ${own} refers to may go, also when the old release deletes it; before, it was refused as long as a row referred to it`,
      ],
    };
  if (old.onDelete === onDelete) return {};
  return {
    notes: [
      `from the end of the backfill phase on (and maybe from when it is added beside the old one: their numbers decide which acts first) rows of ${sqlName(table)} stay, and ${own} makes them refer to nothing, when the row of ${references.table} that they refer to is deleted, also when the old release deletes it; before, ${actionOf(old)}`,
    ],
    exemptions: [{ kind: "leaves-orphans", relation: references.table }],
  };
}

function actionOf({ onDelete }: ForeignKeyConstraint): string {
  if (onDelete === "cascade") return "rows go";
  return keepsWords.has(onDelete) ? "rows keep it from being deleted" : "rows refer to nothing";
}

const keepsWords: ReadonlySet<string> = new Set(["no-action", "restrict"]);

/** True for a key that keeps a row that is referred to. */
function keeps({ onDelete }: ForeignKeyConstraint): boolean {
  return keepsWords.has(onDelete);
}

/** True also for one that would make NULL what must not be NULL. */
function keepsRows(key: ForeignKeyConstraint, table: Table): boolean {
  const { onDelete, onDeleteColumns, columns } = key;
  const emptied = onDeleteColumns.length === 0 ? columns : onDeleteColumns;
  return (
    keeps(key) ||
    (onDelete === "set-null" && emptied.some((name) => columnIn(table, name)?.nullable === false))
  );
}

function lateNote(title: string, constraint: Constraint): string {
  const late = `${title}: in the contract phase only, for the old release may`;
  const until = "until then the new release cannot write what it refuses";
  if (constraint.kind !== "foreign-key")
    return `${late} find rows by it or name it in ON CONFLICT; ${until}`;
  const { references } = constraint;
  const columns = constraint.columns.map(quoteIdent).join(", ");
  return `${late} rely on what it does to rows; ${until}, and ${actionOf(constraint)} when the row of ${references.table} that they refer to by ${columns} is deleted`;
}
