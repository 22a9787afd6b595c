import {
  breaksBetween,
  byId,
  objectsOf,
  type Break,
  type Routine,
  type World,
} from "../../effects/index.ts";
import type { CheckedStatement, FileInput } from "../rule.ts";
import { lostArbiters } from "./lost-arbiters.ts";
import { isRemade, isReplaced, missingInReplacement } from "./replacement.ts";
import { sameForClients } from "./same-for-clients.ts";
import { truncatedBefore } from "../truncated.ts";
import { hasShim } from "./shim.ts";

/**
 * The breaks of a statement that are worth a word and still there when its transaction commits: a view that is dropped
 * and made again in one transaction was never missing. Where the transaction ends with its file, what stands at the end
 * of the file counts; otherwise every break of the statement.
 */
export function standingBreaks(input: FileInput, at: CheckedStatement): readonly Break[] {
  const { breaks } = at.effect;
  const lost = lostArbiters(input, at);
  if (breaks.length === 0 && lost.length === 0) return lost;
  const own = [
    ...breaks.filter((one) => wasThere(input.before, one)).map((one) => asRequired(input, one)),
    ...lost,
  ];
  if (own.length === 0) return own;
  const standing = endsWithFile(input, at)
    ? standingAtEnd(input, at, own)
    : own.flatMap((one) => (isRemade(input, at, one) ? missingInReplacement(input, one) : [one]));
  return standing.flatMap((one) => {
    if (one.how === "not-null") return notNull(input, at, one);
    const needsFilling = one.how === "default-dropped" || one.how === "required";
    if (needsFilling && !mustBeFilled(input, one)) return [];
    return isToldElsewhere(input, at, one) || sameForClients(input, one) ? [] : [one];
  });
}

/**
 * False for a name that only this file knows, e.g. after a rename; for a type that goes: what had columns of it was
 * reported when these went; and for a trigger function that goes, which only its triggers call.
 */
function wasThere(before: World, { object, how }: Break): boolean {
  if (before.types.has(object) && !before.relations.has(object)) return how !== "dropped";
  const routines = before.routines.get(object);
  if (routines !== undefined && how === "dropped") return !routines.every(isTriggerFunction);
  if (before.relations.has(object) || routines !== undefined) return true;
  const [container] = split(object);
  const table = before.relations.get(container);
  // A column that the file adds as a required one is new by its nature.
  return table !== undefined || before.types.has(container);
}

/**
 * A default that goes from a column of this file, where it was for the rows that are there only (Django does so), leaves
 * a required column.
 */
function asRequired({ before }: FileInput, one: Break): Break {
  const [table, name] = split(one.object);
  const columns = before.relations.get(table)?.columns;
  const isNew = columns !== undefined && columns.every((column) => column.name !== name);
  return one.how === "default-dropped" && isNew ? { ...one, how: "required" } : one;
}

function isTriggerFunction({ returns }: Routine): boolean {
  return returns?.name === "trigger" || returns?.name === "event_trigger";
}

function endsWithFile({ statements }: FileInput, { session }: CheckedStatement): boolean {
  return session.inTransaction && statements.at(-1)?.session.transaction === session.transaction;
}

function standingAtEnd(
  input: FileInput,
  at: CheckedStatement,
  own: readonly Break[],
): readonly Break[] {
  const net = breaksBetween(input.before, input.world, objectsOf(input.before));
  return own.flatMap((one) => {
    if (one.how === "constraint-dropped" || hasShim(input, at, one)) return [one];
    if (isReplaced(input, one)) return missingInReplacement(input, one);
    return net.some(({ object, how }) => object === one.object && how === one.how) ? [one] : [];
  });
}

/**
 * NOT NULL on a column that was there before the file is proved by every row, so nobody leaves it out; unless the file
 * filled the rows first. On a column of this file's it is what makes the column required.
 */
function notNull(input: FileInput, at: CheckedStatement, one: Break): readonly Break[] {
  const [table, column] = split(one.object);
  const before = input.before.relations.get(table);
  if (before === undefined) return [];
  const now = byId(input.world, before.id)?.columns.find(({ name }) => name === column);
  if (now?.default !== undefined || now?.identity !== undefined) return [];
  if (!before.columns.some(({ name }) => name === column)) return [{ ...one, how: "required" }];
  const filled = input.statements.some(({ statement }) => {
    if (statement.index >= at.statement.index || !("UpdateStmt" in statement.node)) return false;
    const { relation, targetList = [] } = statement.node.UpdateStmt;
    const sets = targetList.some(
      (target) => "ResTarget" in target && target.ResTarget.name === column,
    );
    return sets && relation?.relname === before.name;
  });
  return filled ? [one] : [];
}

/** False for a column that may be null, which is null from now on, and for one whose numbers an identity gives. */
function mustBeFilled({ before, world }: FileInput, { object }: Break): boolean {
  const [table, name] = split(object);
  const id = before.relations.get(table)?.id;
  const column =
    id === undefined ? undefined : byId(world, id)?.columns.find((one) => one.name === name);
  return (
    column === undefined ||
    (column.notNull && column.default === undefined && column.identity === undefined)
  );
}

/** `public.users.email` as its table and its column, which may need quotes. */
function split(object: string): readonly [table: string, column: string] {
  const quoted = /^(.*)\."((?:[^"]|"")+)"$/.exec(object);
  if (quoted !== null) return [quoted[1]!, quoted[2]!.replaceAll('""', '"')];
  const dot = object.lastIndexOf(".");
  return [object.slice(0, dot), object.slice(dot + 1)];
}

/** A rewrite is reported as one, with the same way out; and what fails on rows breaks nobody. */
function isToldElsewhere(
  { statements }: FileInput,
  at: CheckedStatement,
  { object, how }: Break,
): boolean {
  const { effect, statement } = at;
  const [table] = split(object);
  if (how === "retyped" || how === "narrowed") {
    const before = statements.slice(0, statement.index);
    if (truncatedBefore(at, before, table)) return false;
    return effect.work.some((work) => work.kind === "rewrite" && work.relation === table);
  }
  return (
    how === "required" &&
    effect.failures.some(({ when, sqlState }) => when === "on-rows" && sqlState === "23502")
  );
}
