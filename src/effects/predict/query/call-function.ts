import type { FuncCall, Node } from "@pgsql/types";
import { parseLoaded } from "../../../sql/index.ts";
import {
  builtinFacts,
  findRoutines,
  relationName,
  walk,
  type Name,
  type Routine,
} from "../../world/index.ts";
import { dottedName, strings } from "../../world/nodes.ts";
import { predictProgram, type ProgramText } from "../../plpgsql/index.ts";
import type { EffectDraft } from "../draft.ts";
import { shown } from "../names.ts";
import { statementOf } from "../nested-statement.ts";
import { reaches, type QueryContext } from "./context.ts";
import { isSequenceFunction, useSequence } from "./sequences.ts";

/** Built-in functions that run SQL given as text (xml.c, tsvector_op.c). */
const runsText: ReadonlySet<string> = new Set([
  "query_to_xml",
  "query_to_xmlschema",
  "query_to_xml_and_xmlschema",
  "cursor_to_xml",
  "table_to_xml",
  "schema_to_xml",
  "database_to_xml",
  "ts_stat",
]);

/** Volatile functions in C of the contrib extensions that touch no relation: they make identifiers, keys and digests. */
const harmlessInC: ReadonlySet<string> = new Set([
  "uuid_generate_v1",
  "uuid_generate_v1mc",
  "uuid_generate_v4",
  "gen_random_uuid",
  "gen_random_bytes",
  "gen_salt",
  "pgp_sym_encrypt",
  "pgp_sym_encrypt_bytea",
  "pgp_pub_encrypt",
  "pgp_pub_encrypt_bytea",
]);

/** What a function call in a query that is run does: of functions of the world, what their bodies do. */
export function callFunction(context: QueryContext, call: FuncCall): void {
  if (!reaches(context, "run")) return;
  const { draft } = context;
  const name = dottedName(strings(call.funcname));
  const routines = calledRoutines(draft, name, call.args?.length ?? 0);
  if (routines.length > 0) {
    for (const routine of routines) runRoutine(draft, routine);
    return;
  }
  if (harmlessInC.has(name.name)) return;
  const isBuiltin = builtinFacts(draft.world.major).functions.has(name.name);
  if (!isBuiltin || (name.schema !== undefined && name.schema !== "pg_catalog")) {
    draft.missing(`function ${shown(name)}`, "42883");
    return;
  }
  if (isSequenceFunction(name.name)) useSequence(draft, call);
  if (runsText.has(name.name))
    draft.unknown(`${name.name} runs SQL that is given to it as text or by name`);
}

/** A default is read when it is given: its functions must be there then. Those of extensions are not known by name. */
export function refuseMissingFunctions(draft: EffectDraft, expression: Node): void {
  const { world } = draft;
  if (!draft.knowsAll || world.extensions.size > 1) return;
  walk(expression, (node) => {
    if (!("FuncCall" in node)) return;
    const { funcname, args = [] } = node.FuncCall;
    const name = dottedName(strings(funcname));
    const isBuiltin = builtinFacts(world.major).functions.has(name.name);
    if (isBuiltin || calledRoutines(draft, name, args.length).length > 0) return;
    draft.fail("always", "42883", `function ${shown(name)} does not exist`);
  });
}

/** The overloads that a call with so many arguments may mean; those with defaults when no other fits. */
export function calledRoutines(
  draft: EffectDraft,
  name: Name,
  argumentCount: number,
): readonly Routine[] {
  const routines = findRoutines(draft.world, name, draft.searchPath);
  const exact = routines.filter((routine) => routine.arguments.length === argumentCount);
  return exact.length > 0 ? exact : routines;
}

/** What the body of a routine does when it runs; what cannot be seen is unknown. */
export function runRoutine(
  draft: EffectDraft,
  routine: Routine,
  options: Pick<ProgramText, "trigger" | "eventTrigger"> = {},
): void {
  const what = `${routine.kind} ${relationName(routine)}`;
  if (routine.kind === "aggregate") return;
  if (routine.language === "internal") return;
  if (routine.language === "c") {
    if (routine.volatility === "volatile" && !harmlessInC.has(routine.name))
      draft.unknown(`${what} is written in C: what it does cannot be seen`);
    return;
  }
  if (routine.body === undefined && routine.sqlBody === undefined) {
    draft.unknown(`the body of ${what} is not known`);
    return;
  }
  draft.enter(routine.id, JSON.stringify(options), (body) => {
    if (routine.sqlBody !== undefined) body.add(body.predict(statementOf(routine.sqlBody)));
    else if (routine.language === "sql") runSql(body, routine.body ?? "", what);
    else if (routine.language === "plpgsql")
      predictProgram(body, { ...options, body: routine.body ?? "", what });
    else body.unknown(`${what} is written in ${routine.language}, which is not looked into`);
  });
}

function runSql(draft: EffectDraft, body: string, what: string): void {
  try {
    for (const statement of parseLoaded(body, what)) draft.add(draft.predict(statement));
  } catch {
    draft.unknown(`the body of ${what} could not be parsed`);
  }
}
