import type { Node } from "@pgsql/types";
import { findRoutines, searchPathOf } from "../effects/index.ts";
import type { CheckedStatement, Rule, Settled } from "./rule.ts";
import { sqlName } from "./sql-names.ts";
import { partsOf } from "./subject.ts";

/** A SECURITY DEFINER routine that looks names up in whatever search_path its caller has. */
export const securityDefinerSearchPath: Rule = {
  id: "security-definer-search-path",
  title: "Runs with its owner's rights and its caller's search_path",
  severity: "warning",
  kind: "hazard",
  kinds: ["AlterFunctionStmt", "CreateFunctionStmt"],
  *file({ statements, world }) {
    for (const at of statements) {
      const changed = routineOf(at);
      if (changed === undefined || !isDefiner(changed.options)) continue;
      const { name, options } = changed;
      if (setsSearchPath(options) || bindsNames(changed)) continue;
      const laterSet = statements.some((other) => {
        const again = other.statement.index > at.statement.index ? routineOf(other) : undefined;
        return again?.name.at(-1) === name.at(-1) && setsSearchPath(again?.options ?? []);
      });
      if (laterSet) continue;
      const [routine, schema] = name.toReversed();
      const known = findRoutines(world, { schema, name: routine! }, searchPathOf(at.session));
      // ALTER FUNCTION … SECURITY DEFINER on one that has settings of its own: search_path is most likely among them.
      if (!changed.whole && known.some(({ hasSettings }) => hasSettings)) continue;
      const shown = name.join(".");
      yield {
        at,
        settled: setLater(schema ?? known[0]?.schema, routine!),
        message: `${shown} runs with its owner's rights and its caller's search_path`,
        why: "the caller may put a schema of their own first: a table, function or operator there is then used instead of the one that was meant, with the owner's rights (CVE-2018-1058; manual, CREATE FUNCTION, “Writing SECURITY DEFINER Functions Safely”); even without malice it fails for callers whose search_path lacks the schema",
        wayOut: {
          text: "Fix the search_path in the routine, with pg_temp last.",
          code: `${at.statement.sql}\nSET search_path = ${sqlName(schema ?? known[0]?.schema ?? "public")}, pg_temp;`,
        },
      };
    }
  },
};

/** A later file of the run gives it settings, or drops it. */
function setLater(schema: string | undefined, name: string): Settled {
  return (last) =>
    schema !== undefined &&
    findRoutines(last, { schema, name }, []).every(({ hasSettings }) => hasSettings);
}

interface ChangedRoutine {
  readonly name: readonly string[];
  readonly options: readonly Node[];
  /** CREATE states every option; ALTER only some. */
  readonly whole: boolean;
  readonly atomicBody: boolean;
}

function routineOf({ statement: { node } }: CheckedStatement): ChangedRoutine | undefined {
  if ("CreateFunctionStmt" in node) {
    const { funcname = [], options = [], sql_body: body } = node.CreateFunctionStmt;
    const name = funcname.flatMap(partsOf);
    return { name, options, whole: true, atomicBody: body !== undefined };
  }
  if (!("AlterFunctionStmt" in node)) return undefined;
  const { func, actions = [] } = node.AlterFunctionStmt;
  const name = (func?.objname ?? []).flatMap(partsOf);
  return { name, options: actions, whole: false, atomicBody: false };
}

function isDefiner(options: readonly Node[]): boolean {
  return options.some((node) => {
    if (!("DefElem" in node) || node.DefElem.defname !== "security") return false;
    const { arg } = node.DefElem;
    return arg !== undefined && "Boolean" in arg && arg.Boolean.boolval === true;
  });
}

function setsSearchPath(options: readonly Node[]): boolean {
  return options.some((node) => {
    if (!("DefElem" in node) || node.DefElem.defname !== "set") return false;
    const { arg } = node.DefElem;
    if (arg === undefined || !("VariableSetStmt" in arg)) return false;
    const { kind, name } = arg.VariableSetStmt;
    return name?.toLowerCase() === "search_path" && kind !== "VAR_RESET";
  });
}

/** A BEGIN ATOMIC body is resolved when it is created; C code looks nothing up by this path. */
function bindsNames({ options, atomicBody }: ChangedRoutine): boolean {
  const language = options.flatMap((node) =>
    "DefElem" in node && node.DefElem.defname === "language" ? partsOf(node.DefElem.arg) : [],
  );
  return atomicBody || language.some((name) => name === "c" || name === "internal");
}
