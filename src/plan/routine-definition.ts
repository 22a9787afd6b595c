import type { Routine } from "../catalog/index.ts";
import { quoteIdent, quoteLiteral } from "../sql/index.ts";
import { sqlName } from "./lookup.ts";

/** Settings whose value is a list, in which each name is quoted on its own (guc_tables.c, GUC_LIST_QUOTE). */
const lists: ReadonlySet<string> = new Set([
  "local_preload_libraries",
  "search_path",
  "session_preload_libraries",
  "shared_preload_libraries",
  "temp_tablespaces",
  "unix_socket_directories",
]);

/** The statement that makes a routine as it is in a catalog, whatever of that name and arguments is there. */
export function routineDefinition(routine: Routine): string {
  const { kind, result, volatility, parallel, strict, security, leakproof, cost, rows } = routine;
  const isFunction = kind !== "procedure";
  const settings = Object.entries(routine.options).map(
    ([name, value]) => `SET ${name} TO ${settingValue(name, value)}`,
  );
  return [
    `CREATE OR REPLACE ${isFunction ? "FUNCTION" : "PROCEDURE"} ${sqlName(routine)}(${routine.arguments})`,
    ...(isFunction ? [`RETURNS ${result}`] : []),
    `LANGUAGE ${quoteIdent(routine.language)}`,
    ...(kind === "window" ? ["WINDOW"] : []),
    ...(isFunction
      ? [
          volatility.toUpperCase(),
          strict ? "STRICT" : "CALLED ON NULL INPUT",
          leakproof ? "LEAKPROOF" : "NOT LEAKPROOF",
          `PARALLEL ${parallel.toUpperCase()}`,
          `COST ${cost}`,
          ...(rows > 0 ? [`ROWS ${rows}`] : []),
        ]
      : []),
    `SECURITY ${security.toUpperCase()}`,
    ...settings,
    bodyOf(routine),
  ].join(" ");
}

function settingValue(name: string, value: string): string {
  return lists.has(name) && value !== "" ? value : quoteLiteral(value);
}

function bodyOf({ language, body, library }: Routine): string {
  // An SQL-standard body is a tree that is printed; a text of this form is no SQL.
  const isTree =
    language === "sql" && (body.startsWith("BEGIN ATOMIC") || body.startsWith("RETURN "));
  if (isTree) return body;
  return library === null
    ? `AS ${quoteLiteral(body)}`
    : `AS ${quoteLiteral(library)}, ${quoteLiteral(body)}`;
}
