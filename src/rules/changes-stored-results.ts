import { relationName, type Routine, type World } from "../effects/index.ts";
import { isTrue } from "./always-true.ts";
import { listWords } from "./evaluate-locks.ts";
import type { WayOut } from "./finding.ts";
import type { CheckedStatement, FileInput, Rule, Verdict } from "./rule.ts";
import { isEmptyBySizes } from "./size-words.ts";
import { sqlRelation } from "./sql-names.ts";
import { changesOf, type RoutineChange } from "./stored/change.ts";
import { holdersOf, holderWords, isUntouched, type Holder } from "./stored/holders.ts";
import { underNewName } from "./stored/recipe.ts";
import { partsOf, subjectOf } from "./subject.ts";

/**
 * A function is replaced, or altered, whose results an index, a generated column, a CHECK or the partition of a row still
 * holds. It speaks for the file: what is built again behind the change holds the new results.
 */
export const changesStoredResults: Rule = {
  id: "changes-stored-results",
  title: "Changes a function whose results are stored",
  severity: "error",
  kind: "hazard",
  kinds: ["AlterFunctionStmt", "CreateFunctionStmt"],
  *file(input): Iterable<Verdict> {
    const changing = input.statements.filter(mayChange);
    if (changing.length === 0) return;
    for (const [before, after] of replaced(input.before, input.world, changing)) {
      const own = changing.filter((at) => nameOf(at) === before.name);
      const changes = changesOf(before, after, own, input.world);
      const at = own.at(-1);
      if (at === undefined || changes.length === 0) continue;
      const holders = holdersOf(input.before, before, input.existing).filter(
        (holder) => !isEmpty(input, holder) && isUntouched(holder, input.world),
      );
      const stale = holders.filter((holder) => !isMadeAgain(input, at, holder));
      const [change] = changes;
      const told = change!.kind === "volatility" ? stale.filter(needsImmutable) : stale;
      if (told.length > 0) yield verdict(input, at, after, told, change!);
    }
  },
};

function mayChange({ statement: { node }, session }: CheckedStatement): boolean {
  if (session.failed) return false;
  return "CreateFunctionStmt" in node
    ? node.CreateFunctionStmt.replace === true
    : "AlterFunctionStmt" in node;
}

/** Last part of the name of the routine that a statement is about. */
function nameOf({ statement: { node } }: CheckedStatement): string | undefined {
  if ("CreateFunctionStmt" in node)
    return (node.CreateFunctionStmt.funcname ?? []).flatMap(partsOf).at(-1);
  if ("AlterFunctionStmt" in node)
    return (node.AlterFunctionStmt.func?.objname ?? []).flatMap(partsOf).at(-1);
  return undefined;
}

/** Routines of these names before and after the file, where they are the same object with other properties. */
function replaced(
  before: World,
  after: World,
  changing: readonly CheckedStatement[],
): readonly (readonly [Routine, Routine])[] {
  const names = new Set(changing.map(nameOf));
  const pairs: (readonly [Routine, Routine])[] = [];
  for (const list of before.routines.values())
    for (const old of list) {
      if (!names.has(old.name) || old.returns?.name === "trigger") continue;
      const now = after.routines.get(relationName(old))?.find(({ id }) => id === old.id);
      if (now !== undefined && now !== old) pairs.push([old, now]);
    }
  return pairs;
}

function isEmpty({ context }: FileInput, holder: Holder): boolean {
  return holder.kind !== "domain" && isEmptyBySizes(context, relationName(holder.table));
}

/** Postgres takes any function in a CHECK. */
function needsImmutable({ kind }: Holder): boolean {
  return kind !== "check" && kind !== "domain";
}

/** True when a later statement computes what is stored anew: an index is built again, every row written. */
function isMadeAgain(input: FileInput, changed: CheckedStatement, holder: Holder): boolean {
  return input.statements.some((at) => {
    const { statement, effect } = at;
    if (statement.index <= changed.statement.index) return false;
    if (holder.kind === "index")
      return effect.work.some(
        (work) => work.kind === "index-build" && work.index === relationName(holder.index),
      );
    const { node } = statement;
    if (holder.kind !== "generated" || !("UpdateStmt" in node)) return false;
    const { relation, whereClause } = node.UpdateStmt;
    const scope = { world: input.world, existing: input.existing, session: at.session };
    return (
      relation !== undefined &&
      isTrue(whereClause) &&
      subjectOf(scope, relation).relation?.id === holder.table.id
    );
  });
}

function verdict(
  input: FileInput,
  at: CheckedStatement,
  routine: Routine,
  holders: readonly Holder[],
  change: RoutineChange,
): Verdict {
  const shown = sqlRelation(routine);
  const names = listWords(holders.map(holderWords));
  const many = holders.length > 1;
  const finds = holders.some(({ kind }) => kind === "index" || kind === "partition-key");
  if (change.kind === "volatility")
    return {
      at,
      message: `${shown} is no longer IMMUTABLE, and ${names} ${many ? "rest" : "rests"} on its being so`,
      why: `Postgres asks for IMMUTABLE when ${many ? "such things are" : "such a thing is"} made, not when the function changes: queries go on trusting what is stored, and a dump cannot be restored (42P17) ${measured}`,
      wayOut: {
        text: `Leave it IMMUTABLE if it gives the same for the same arguments. If it does not, drop what rests on it first, or make another function for the other callers.`,
      },
    };
  if (change.kind === "setting")
    return {
      at,
      severity: "warning",
      message: `${shown} runs with another ${change.setting} from now on, and ${names} ${many ? "hold" : "holds"} what it gave before`,
      why: `what it gives may be something else then, and nothing that is stored is computed again: ${reasons(holders)} ${measured}`,
      wayOut: settingWayOut(change.setting),
    };
  return {
    at,
    severity: finds ? "error" : "warning",
    message: `${shown} gives other results from now on, and ${names} ${many ? "keep" : "keeps"} the old ones`,
    why: `nothing is computed again when a function is replaced: ${reasons(holders)} ${measured}`,
    wayOut: underNewName(input, at, routine, holders),
  };
}

const measured = "(measured on 14 and 18)";

function settingWayOut(setting: string): WayOut {
  return {
    text:
      setting === "search_path"
        ? "Write the names in its body with their schemas, so that no path decides about them; then the setting changes nothing."
        : "Make another function with the setting, and leave this one to what rests on it.",
  };
}

/** What goes wrong, for each kind of thing that holds results. */
function reasons(holders: readonly Holder[]): string {
  const has = (kind: Holder["kind"]) => holders.some((holder) => holder.kind === kind);
  const unique = holders.some((holder) => holder.kind === "index" && holder.index.index!.unique);
  return [
    has("index") &&
      `queries look for new results in an index of old ones, so rows are missed without an error${unique ? ", and a duplicate gets past the unique one" : ""}`,
    has("partition-key") &&
      "rows stand in the partition of the old result, which queries for the new one leave out",
    has("generated") && "a generated column keeps its value until its row is updated",
    (has("check") || has("domain")) &&
      "rows that passed the CHECK may fail it with 23514 when another column is updated, or a dump restored",
  ]
    .filter((part) => part !== false)
    .join("; ");
}
