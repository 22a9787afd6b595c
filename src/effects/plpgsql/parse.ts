import { loadedParser, parseLoaded, quoteIdent, type Statement } from "../../sql/index.ts";
import { partsOf, type PlBody, type PlExpression, type PlNode } from "./tree.ts";

/** A parsed body: its block and its variables, cursors and the like in the order of their numbers. */
export interface ParsedProgram {
  readonly block: PlNode;
  readonly variables: readonly PlBody[];
}

/**
 * Parses the body of a DO block, function or trigger function.
 * @throws Error with the message of the PL/pgSQL compiler
 */
export function parseProgram(body: string, kind: "do" | "routine" | "trigger"): ParsedProgram {
  const quoted = dollarQuoted(body);
  if (kind === "do") return parse(`DO ${quoted}`);
  if (kind === "trigger") return parse(declaration("trigger", quoted));
  // RETURN is written differently for each of these; the body itself tells which one it is.
  let first: unknown;
  for (const returns of ["void", "integer", "SETOF record", "event_trigger"])
    try {
      return parseRoutine(returns, quoted);
    } catch (error) {
      first ??= error;
    }
  throw first;
}

/** The parser wants what is assigned to be declared: parameters, whose names the body tells when it is refused. */
function parseRoutine(returns: string, quoted: string): ParsedProgram {
  const parameters: string[] = [];
  for (;;)
    try {
      const list = parameters.map((name) => `${quoteIdent(name)} integer`).join(", ");
      return parse(declaration(returns, quoted, list));
    } catch (error) {
      const name = undeclared((error as Error).message);
      if (name === undefined || parameters.includes(name)) throw error;
      parameters.push(name);
    }
}

const undeclaredEnd = '" is not a known variable';

function undeclared(message: string): string | undefined {
  const isOne = message.startsWith('"') && message.endsWith(undeclaredEnd);
  return isOne ? message.slice(1, -undeclaredEnd.length) : undefined;
}

function declaration(returns: string, quoted: string, parameters = ""): string {
  return `CREATE FUNCTION f(${parameters}) RETURNS ${returns} LANGUAGE plpgsql AS ${quoted}`;
}

function dollarQuoted(body: string): string {
  let tag = "$body$";
  while (body.includes(tag)) tag = `$${tag.slice(1, -1)}_$`;
  return `${tag}${body}${tag}`;
}

function parse(text: string): ParsedProgram {
  const tree = loadedParser().parsePlPgSQLSync(text) as unknown as {
    readonly plpgsql_funcs: readonly PlNode[];
  };
  const { action, datums = [] } = tree.plpgsql_funcs[0]?.["PLpgSQL_function"] ?? {};
  return {
    block: (action ?? {}) as PlNode,
    variables: datums.map((datum) => partsOf(datum).body),
  };
}

/** The statements of an expression's text: one SELECT of it, unless it is a statement itself. */
export function statementsOf(
  { text, form }: PlExpression,
  origin: string,
  line: number,
): readonly Statement[] {
  if (form === "statement") return parseLoaded(text, origin, line);
  const value = form === "assignment" ? assigned(text) : text;
  return value === undefined ? [] : parseLoaded(`SELECT ${value}`, origin, line);
}

/** What stands after `:=` or `=` of an assignment. */
function assigned(text: string): string | undefined {
  const { tokens } = loadedParser().scanSync(text);
  const operator = tokens.find(({ text: token }) => token === ":=" || token === "=");
  return operator === undefined
    ? undefined
    : Buffer.from(text, "utf8").subarray(operator.end).toString("utf8");
}
