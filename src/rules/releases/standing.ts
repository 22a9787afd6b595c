import { breaksBetween, objectsOf, type Break } from "../../effects/index.ts";
import type { CheckedStatement, FileInput } from "../rule.ts";
import { lostArbiters } from "./lost-arbiters.ts";
import { missingInReplacement } from "./replacement.ts";
import { sameForClients } from "./same-for-clients.ts";

/**
 * The breaks of a statement that are worth a word and still there when its transaction commits: a view that is dropped
 * and made again in one transaction was never missing. Where the transaction ends with its file, what stands at the end
 * of the file counts; otherwise every break of the statement.
 */
export function standingBreaks(input: FileInput, at: CheckedStatement): readonly Break[] {
  const own = [...at.effect.breaks, ...lostArbiters(input, at)];
  if (own.length === 0) return own;
  const standing = endsWithFile(input, at) ? standingAtEnd(input, own) : own;
  return standing.flatMap((one) => {
    if (one.how === "not-null") return notNull(input, at, one);
    return isToldElsewhere(at, one) || sameForClients(input, one) ? [] : [one];
  });
}

function endsWithFile({ statements }: FileInput, { session }: CheckedStatement): boolean {
  return session.inTransaction && statements.at(-1)?.session.transaction === session.transaction;
}

function standingAtEnd(input: FileInput, own: readonly Break[]): readonly Break[] {
  const net = breaksBetween(input.before, input.world, objectsOf(input.before));
  return own.flatMap((one) => {
    if (one.how === "constraint-dropped") return [one];
    if (one.how === "dropped") return missingInReplacement(input, one);
    return net.filter(({ object }) => object === one.object);
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

/** `public.users.email` as its table and its column, which may need quotes. */
function split(object: string): readonly [table: string, column: string] {
  const quoted = /^(.*)\."((?:[^"]|"")+)"$/.exec(object);
  if (quoted !== null) return [quoted[1]!, quoted[2]!.replaceAll('""', '"')];
  const dot = object.lastIndexOf(".");
  return [object.slice(0, dot), object.slice(dot + 1)];
}

/** A rewrite is reported as one, with the same way out; and what fails on rows breaks nobody. */
function isToldElsewhere({ effect }: CheckedStatement, { object, how }: Break): boolean {
  const [table] = split(object);
  if (how === "retyped" || how === "narrowed")
    return effect.work.some((work) => work.kind === "rewrite" && work.relation === table);
  return (
    how === "required" &&
    effect.failures.some(({ when, sqlState }) => when === "on-rows" && sqlState === "23502")
  );
}
