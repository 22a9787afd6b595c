import type { CallStmt, DoStmt, ExplainStmt } from "@pgsql/types";
import type { Statement } from "../../sql/index.ts";
import { predictProgram } from "../plpgsql/index.ts";
import { dottedName, valueText } from "../world/nodes.ts";
import { strings } from "../world/nodes.ts";
import type { EffectDraft } from "./draft.ts";
import { isOn } from "./maintain/index.ts";
import { shown } from "./names.ts";
import { calledRoutines, predictQuery, runRoutine } from "./query/index.ts";

/** DO: the body of a PL/pgSQL block, statement by statement. */
export function predictDo(draft: EffectDraft, { args = [] }: DoStmt, statement: Statement): void {
  const option = (name: string) => {
    for (const node of args)
      if ("DefElem" in node && node.DefElem.defname === name) return valueText(node.DefElem.arg);
    return undefined;
  };
  const language = option("language")?.toLowerCase() ?? "plpgsql";
  const body = option("as") ?? "";
  if (language === "sql" || language === "c" || language === "internal")
    draft.fail("always", "0A000", `language "${language}" does not support inline code execution`);
  else if (language !== "plpgsql")
    draft.unknown(`the block is written in ${language}, which is not looked into`);
  else
    predictProgram(draft, {
      body,
      anonymous: true,
      what: "the DO block",
      line: bodyLine(body, statement),
    });
}

/** Line of the file at which a body begins that stands in the statement's text as it is. */
function bodyLine(body: string, { sql, line }: Statement): number {
  const at = sql.indexOf(body);
  return at === -1 ? line : line + sql.slice(0, at).split("\n").length - 1;
}

/** CALL: the body of a procedure. */
export function predictCall(draft: EffectDraft, { funccall }: CallStmt): void {
  const name = dottedName(strings(funccall?.funcname));
  const routines = calledRoutines(draft, name, funccall?.args?.length ?? 0);
  if (routines.length === 0) draft.missing(`procedure ${shown(name)}`, "42883");
  for (const routine of routines) runRoutine(draft, routine);
  predictQuery(draft, funccall?.args, "run");
}

/** EXPLAIN plans the statement, EXPLAIN ANALYZE runs it. */
export function predictExplain(
  draft: EffectDraft,
  { query, options }: ExplainStmt,
  statement: Statement,
): void {
  if (query === undefined) return;
  const kind = Object.keys(query)[0] ?? "";
  if (isOn(options, "analyze")) draft.add(draft.predict({ ...statement, kind, node: query }));
  else if ("CreateTableAsStmt" in query)
    predictQuery(draft, query.CreateTableAsStmt.query, "planned");
  else predictQuery(draft, query, "planned");
}
