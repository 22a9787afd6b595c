import type { Node } from "@pgsql/types";
import {
  builtinFacts,
  findRoutines,
  searchPathOf,
  type Routine,
  type World,
} from "../../effects/index.ts";
import { loadedParser } from "../../sql/index.ts";
import type { CheckedStatement } from "../rule.ts";
import { partsOf } from "../subject.ts";
import { nodesOf } from "../tree-search.ts";
import { treesOf } from "./holders.ts";

/** How a routine differs from the one that stood in its place, as far as what it gives is concerned. */
export type RoutineChange =
  /** It computes something else. */
  | { readonly kind: "results" }
  /** It runs with another value of a setting that decides what it computes. */
  | { readonly kind: "setting"; readonly setting: string }
  /** It is no longer declared IMMUTABLE. */
  | { readonly kind: "volatility"; readonly volatility: "stable" | "volatile" };

/**
 * The changes that statements make to a routine that stays the same object.
 *
 * @param world the catalog in which names of its body are looked up
 */
export function changesOf(
  before: Routine,
  after: Routine,
  statements: readonly CheckedStatement[],
  world: World,
): readonly RoutineChange[] {
  const changes: RoutineChange[] = [];
  if (before.strict !== after.strict || !sameProgram(before, after))
    changes.push({ kind: "results" });
  else
    for (const at of statements)
      for (const { setting, path } of settingsOf(at.statement.node))
        if (
          setting === "search_path"
            ? path === undefined || changesNames(after, searchPathOf(at.session), path, world)
            : deciding.has(setting)
        )
          changes.push({ kind: "setting", setting });
  if (before.volatility === "immutable" && after.volatility !== "immutable")
    changes.push({ kind: "volatility", volatility: after.volatility });
  return changes;
}

/** True when two bodies are the same but for comments, spaces and the case of words. C code cannot be compared. */
function sameProgram(before: Routine, after: Routine): boolean {
  if (before.language !== after.language) return false;
  if (before.sqlBody !== undefined || after.sqlBody !== undefined)
    return withoutPlaces(before.sqlBody) === withoutPlaces(after.sqlBody);
  if (before.body === undefined || after.body === undefined) return false;
  return before.body === after.body || wordsOf(before.body) === wordsOf(after.body);
}

function withoutPlaces(tree: Node | undefined): string {
  return JSON.stringify(tree ?? null, (key, value: unknown) =>
    key === "location" ? undefined : value,
  );
}

/** The tokens of a body; the body itself when the scanner does not know its language. */
function wordsOf(body: string): string {
  try {
    const { tokens } = loadedParser().scanSync(body);
    return JSON.stringify(
      tokens
        .filter(({ tokenName }) => !tokenName.endsWith("COMMENT"))
        .map(({ text }) => (/["'$]/.test(text) ? text : text.toLowerCase())),
    );
  } catch {
    return body;
  }
}

/** Settings that decide what a function gives for the same arguments; plans, limits and logs are none. */
const deciding: ReadonlySet<string> = new Set([
  "array_nulls",
  "bytea_output",
  "datestyle",
  "default_text_search_config",
  "extra_float_digits",
  "intervalstyle",
  "lc_messages",
  "lc_monetary",
  "lc_numeric",
  "lc_time",
  "row_security",
  "standard_conforming_strings",
  "timezone",
  "transform_null_equals",
  "xmlbinary",
  "xmloption",
]);

interface SettingChange {
  readonly setting: string;
  /** The schemas of `SET search_path`; undefined where the statement does not say them. */
  readonly path: readonly string[] | undefined;
}

/** What SET and RESET of CREATE FUNCTION and ALTER FUNCTION name. */
function settingsOf(node: Node): readonly SettingChange[] {
  const options =
    "CreateFunctionStmt" in node
      ? node.CreateFunctionStmt.options
      : "AlterFunctionStmt" in node
        ? node.AlterFunctionStmt.actions
        : undefined;
  return (options ?? []).flatMap((option): readonly SettingChange[] => {
    if (!("DefElem" in option) || option.DefElem.defname !== "set") return [];
    const { arg } = option.DefElem;
    if (arg === undefined || !("VariableSetStmt" in arg)) return [];
    const { kind, name = "", args } = arg.VariableSetStmt;
    if (kind !== "VAR_SET_VALUE") return [{ setting: name.toLowerCase(), path: undefined }];
    const path = (args ?? []).map((each) =>
      "A_Const" in each ? (each.A_Const.sval?.sval ?? "") : (partsOf(each)[0] ?? ""),
    );
    return [{ setting: name.toLowerCase(), path }];
  });
}

/** True unless every name that the body leaves to the path means under the new path what it means under the old one. */
function changesNames(
  routine: Routine,
  before: readonly string[],
  after: readonly string[],
  world: World,
): boolean {
  // What SQL itself makes of a body was looked up when it was created.
  if (routine.sqlBody !== undefined) return false;
  const trees = treesOf(routine);
  if (trees.length === 0) return true;
  const facts = builtinFacts(world.major);
  const isUnqualified = (parts: readonly string[]) => parts.length === 1;
  const calls = trees
    .flatMap((tree) => nodesOf(tree, "FuncCall"))
    .map(({ funcname = [] }) => funcname.flatMap(partsOf))
    .filter(isUnqualified)
    .flat()
    .filter((name) => !facts.functions.has(name));
  if (calls.some((name) => meant(world, name, before) !== meant(world, name, after))) return true;
  const others = [
    ...trees
      .flatMap((tree) => nodesOf(tree, "RangeVar"))
      .flatMap(({ schemaname, relname = "" }) => (schemaname === undefined ? [relname] : [])),
    ...trees
      .flatMap((tree) => nodesOf(tree, "TypeCast"))
      .map(({ typeName }) => (typeName?.names ?? []).flatMap(partsOf))
      .filter(isUnqualified)
      .flat()
      .filter((name) => !facts.types.has(name)),
    ...trees
      .flatMap((tree) => nodesOf(tree, "A_Expr"))
      .map(({ name = [] }) => name.flatMap(partsOf))
      .filter(isUnqualified)
      .flat()
      .filter((name) => !facts.operators.has(name)),
  ];
  return others.length > 0 && !before.every((schema) => after.includes(schema));
}

/** The routines that a name means under a path. */
function meant(world: World, name: string, path: readonly string[]): string {
  const schemas = path.filter((schema) => schema !== "pg_temp");
  return findRoutines(world, { name, schema: undefined }, schemas)
    .map(({ id }) => id)
    .join(" ");
}
