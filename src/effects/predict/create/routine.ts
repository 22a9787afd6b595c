import type { CreateFunctionStmt, FunctionParameter } from "@pgsql/types";
import { parseLoaded } from "../../../sql/index.ts";
import { findRoutines, resolveType, sameType, type TypeUse } from "../../world/index.ts";
import { dottedName, strings, valueText } from "../../world/nodes.ts";
import type { EffectDraft } from "../draft.ts";
import { predictQuery } from "../query/index.ts";
import { hasSchema } from "./new-name.ts";

/**
 * CREATE FUNCTION and PROCEDURE. The body of one in SQL is parsed and rewritten to be checked, which locks what it names
 * as running it would, but for indexes, partitions and what views and triggers do (pg_proc.c, fmgr_sql_validator).
 */
export function predictCreateRoutine(draft: EffectDraft, statement: CreateFunctionStmt): void {
  const name = dottedName(strings(statement.funcname));
  if (!hasSchema(draft, name)) return;
  const inputs = inputTypes(draft, statement);
  const schema = name.schema ?? draft.searchPath.find((each) => draft.world.schemas.has(each));
  const wanted = schema === undefined ? name : { schema, name: name.name };
  const there = findRoutines(draft.world, wanted, draft.searchPath).find(
    (routine) =>
      routine.arguments.length === inputs.length &&
      routine.arguments.every((type, at) => sameType(type, inputs[at]!)),
  );
  if (there !== undefined && statement.replace !== true) {
    draft.fail(
      "always",
      "42723",
      `function "${name.name}" already exists with same argument types`,
    );
    return;
  }
  const returns = resolveType(statement.returnType, draft.world, draft.searchPath);
  const known = returns.schema !== undefined && there?.returns?.schema !== undefined;
  if (known && statement.returnType !== undefined && !sameKind(returns, there.returns)) {
    draft.fail("always", "42P13", "cannot change return type of existing function");
    return;
  }
  checkBody(draft, statement);
}

function sameKind(a: TypeUse, b: TypeUse): boolean {
  return a.schema === b.schema && a.name === b.name && a.array === b.array;
}

function inputTypes(draft: EffectDraft, { parameters = [] }: CreateFunctionStmt): TypeUse[] {
  return parameters.flatMap((node) => {
    if (!("FunctionParameter" in node) || !isInput(node.FunctionParameter)) return [];
    return [resolveType(node.FunctionParameter.argType, draft.world, draft.searchPath)];
  });
}

function isInput({ mode }: FunctionParameter): boolean {
  return mode !== "FUNC_PARAM_OUT" && mode !== "FUNC_PARAM_TABLE";
}

function checkBody(draft: EffectDraft, { sql_body: parsed, options = [] }: CreateFunctionStmt) {
  if (parsed !== undefined) {
    predictQuery(draft, parsed, "rewritten");
    return;
  }
  const option = (name: string) => {
    for (const node of options)
      if ("DefElem" in node && node.DefElem.defname === name) return node.DefElem.arg;
    return undefined;
  };
  const language = valueText(option("language"))?.toLowerCase();
  if (language !== "sql" || draft.session.settings.get("check_function_bodies") === "off") return;
  const as = option("as");
  const [body] = as !== undefined && "List" in as ? strings(as.List.items) : [];
  if (body === undefined) return;
  try {
    for (const { node } of parseLoaded(body, "function body"))
      if ("SelectStmt" in node || isChange(node)) predictQuery(draft, node, "rewritten");
  } catch (error) {
    draft.fail("always", "42601", (error as Error).message);
  }
}

function isChange(node: object): boolean {
  return (
    "InsertStmt" in node || "UpdateStmt" in node || "DeleteStmt" in node || "MergeStmt" in node
  );
}
