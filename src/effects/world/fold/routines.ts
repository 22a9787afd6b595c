import type {
  AlterFunctionStmt,
  CreateFunctionStmt,
  DefElem,
  DefineStmt,
  FunctionParameter,
  Node,
  ObjectWithArgs,
} from "@pgsql/types";
import { newGrants } from "../grants.ts";
import { findRoutines } from "../lookup.ts";
import type { Routine, TypeUse, World } from "../model.ts";
import { dottedName, strings, valueText } from "../nodes.ts";
import { newId, putRoutine } from "../store.ts";
import { builtinType, resolveType, sameType } from "../type-use.ts";
import { all, creationSchema, type FoldContext } from "./context.ts";

/** CREATE [OR REPLACE] FUNCTION and PROCEDURE. */
export function createRoutine(context: FoldContext, statement: CreateFunctionStmt): void {
  const { world, searchPath } = context;
  const written = dottedName(strings(statement.funcname));
  const schema = creationSchema(context, written);
  const parameters = all(statement.parameters, "FunctionParameter");
  const isProcedure = statement.is_procedure ?? false;
  const argumentTypes = parameters
    .filter((parameter) => isInput(parameter, false))
    .map(({ argType }) => resolveType(argType, world, searchPath));
  const existing = exactRoutine(context, { schema, name: written.name }, argumentTypes);
  if (existing !== undefined && statement.replace !== true) return;
  const settings = readOptions(all(statement.options, "DefElem"));
  putRoutine(world, {
    id: existing?.id ?? newId(world),
    schema,
    name: written.name,
    kind: isProcedure ? "procedure" : "function",
    arguments: argumentTypes,
    volatility: settings.volatility ?? "volatile",
    language: settings.language ?? "sql",
    strict: settings.strict ?? false,
    securityDefiner: settings.securityDefiner ?? false,
    hasSettings: settings.hasSettings ?? false,
    returns: isProcedure ? undefined : returnType(context, statement, parameters),
    returnsSet:
      statement.returnType?.setof === true ||
      parameters.some(({ mode }) => mode === "FUNC_PARAM_TABLE"),
    body: settings.language === "c" || statement.sql_body !== undefined ? undefined : settings.body,
    sqlBody: onlyStatement(statement.sql_body),
    ...(existing === undefined
      ? newlyOwned(world, schema)
      : { owner: existing.owner, grants: existing.grants }),
  });
}

/** ALTER FUNCTION, PROCEDURE, ROUTINE: what it does not name stays. */
export function alterRoutine(context: FoldContext, statement: AlterFunctionStmt): void {
  const routine = matchRoutine(context, statement.func);
  if (routine === undefined) return;
  const { volatility, strict, securityDefiner, hasSettings } = readOptions(
    all(statement.actions, "DefElem"),
  );
  putRoutine(context.world, {
    ...routine,
    volatility: volatility ?? routine.volatility,
    strict: strict ?? routine.strict,
    securityDefiner: securityDefiner ?? routine.securityDefiner,
    hasSettings: hasSettings ?? routine.hasSettings,
  });
}

/** CREATE AGGREGATE. Its argument types stand in the statement; an aggregate is never volatile or stable itself. */
export function createAggregate(context: FoldContext, statement: DefineStmt): void {
  const { world, searchPath } = context;
  const written = dottedName(strings(statement.defnames));
  const schema = creationSchema(context, written);
  const [list] = statement.args ?? [];
  const parameters = all(
    list !== undefined && "List" in list ? list.List.items : statement.args,
    "FunctionParameter",
  );
  const argumentTypes = parameters.map(({ argType }) => resolveType(argType, world, searchPath));
  if (exactRoutine(context, { schema, name: written.name }, argumentTypes) !== undefined) return;
  putRoutine(world, {
    id: newId(world),
    schema,
    name: written.name,
    kind: "aggregate",
    arguments: argumentTypes,
    volatility: "immutable",
    language: "internal",
    strict: false,
    securityDefiner: false,
    hasSettings: false,
    returns: undefined,
    returnsSet: false,
    body: undefined,
    sqlBody: undefined,
    ...newlyOwned(world, schema),
  });
}

/** Who owns a new routine and who else may run it. */
export function newlyOwned(world: World, schema: string): Pick<Routine, "owner" | "grants"> {
  const owner = world.server?.role;
  return { owner, grants: newGrants(world, owner, "routines", schema) };
}

/** BEGIN ATOMIC is a list in a list; an empty one holds a node of no kind. */
export function onlyStatement(body: Node | undefined): Node | undefined {
  if (body === undefined || Object.keys(body).length === 0) return undefined;
  if (!("List" in body)) return body;
  const { items = [] } = body.List;
  return items.length === 1 ? onlyStatement(items[0]) : undefined;
}

interface RoutineOptions {
  volatility?: Routine["volatility"];
  language?: string;
  strict?: boolean;
  securityDefiner?: boolean;
  hasSettings?: boolean;
  body?: string;
}

function readOptions(options: readonly DefElem[]): RoutineOptions {
  const found: RoutineOptions = {};
  for (const { defname, arg } of options) {
    const text = valueText(arg);
    if (defname === "language" && text !== undefined) found.language = text.toLowerCase();
    else if (defname === "volatility") found.volatility = volatilityNamed(text);
    else if (defname === "strict") found.strict = text === "true";
    else if (defname === "security") found.securityDefiner = text === "true";
    else if (defname === "set") found.hasSettings = !isReset(arg);
    else if (defname === "as" && arg !== undefined) {
      const [body] = "List" in arg ? strings(arg.List.items) : [text];
      if (body !== undefined) found.body = body;
    }
  }
  return found;
}

function isReset(arg: Node | undefined): boolean {
  return (
    arg !== undefined &&
    "VariableSetStmt" in arg &&
    (arg.VariableSetStmt.kind === "VAR_RESET" || arg.VariableSetStmt.kind === "VAR_RESET_ALL")
  );
}

function volatilityNamed(text: string | undefined): Routine["volatility"] {
  return text === "immutable" || text === "stable" ? text : "volatile";
}

/** Parameters that make out a routine's identity; a procedure's OUT parameters are not among its input types. */
function isInput({ mode }: FunctionParameter, withOut: boolean): boolean {
  return mode !== "FUNC_PARAM_TABLE" && (withOut || mode !== "FUNC_PARAM_OUT");
}

/** The declared type, or what OUT and TABLE parameters make: one's own type, a record of several. */
function returnType(
  { world, searchPath }: FoldContext,
  statement: CreateFunctionStmt,
  parameters: readonly FunctionParameter[],
): TypeUse {
  const outputs = parameters.filter(
    ({ mode }) =>
      mode === "FUNC_PARAM_OUT" || mode === "FUNC_PARAM_INOUT" || mode === "FUNC_PARAM_TABLE",
  );
  if (outputs.length > 1) return builtinType("record");
  const type = outputs[0]?.argType ?? statement.returnType;
  return type === undefined ? builtinType("void") : resolveType(type, world, searchPath);
}

function exactRoutine(
  { world }: FoldContext,
  name: { readonly schema: string; readonly name: string },
  argumentTypes: readonly TypeUse[],
): Routine | undefined {
  return findRoutines(world, name).find((routine) => sameTypes(routine.arguments, argumentTypes));
}

function sameTypes(a: readonly TypeUse[], b: readonly TypeUse[]): boolean {
  const plain = (type: TypeUse): TypeUse => ({ ...type, modifiers: [] });
  return a.length === b.length && a.every((type, index) => sameType(plain(type), plain(b[index]!)));
}

/** The routine that `name(types)` means; without types the only one of that name. */
export function matchRoutine(
  context: FoldContext,
  wanted: ObjectWithArgs | undefined,
): Routine | undefined {
  const { world, searchPath } = context;
  const candidates = findRoutines(world, dottedName(strings(wanted?.objname)), searchPath);
  if (wanted?.args_unspecified === true) return candidates.length === 1 ? candidates[0] : undefined;
  const types = all(wanted?.objargs, "TypeName").map((type) =>
    resolveType(type, world, searchPath),
  );
  const exact = candidates.find((routine) => sameTypes(routine.arguments, types));
  if (exact !== undefined) return exact;
  const inputs = all(wanted?.objfuncargs, "FunctionParameter")
    .filter((parameter) => isInput(parameter, false))
    .map(({ argType }) => resolveType(argType, world, searchPath));
  return candidates.find((routine) => sameTypes(routine.arguments, inputs));
}
