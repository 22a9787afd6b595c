import {
  loadedParser,
  parseLoaded,
  parsePlPgSql,
  ProgramTooDeep,
  quoteIdent,
  type Statement,
} from "../../sql/index.ts";
import { partsOf, type PlBody, type PlExpression, type PlNode } from "./tree.ts";

/** A parsed body: its block and its variables, cursors and the like in the order of their numbers. */
export interface ParsedProgram {
  readonly block: PlNode;
  readonly variables: readonly PlBody[];
}

export type ProgramKind = "do" | "event trigger" | "routine" | "trigger";

const parsedPrograms = new Map<string, ParsedProgram>();
/** Characters of bodies that are kept parsed. */
const keptCharacters = 4_000_000;
let kept = 0;

/**
 * Parses the body of a DO block, function or trigger function. Bodies are kept: a trigger's is asked for with every
 * statement that fires it.
 * @throws ProgramTooDeep
 * @throws Error with the message of the PL/pgSQL compiler
 */
export function parseProgram(body: string, kind: ProgramKind): ParsedProgram {
  const key = `${kind} ${body}`;
  const known = parsedPrograms.get(key);
  if (known !== undefined) return known;
  const program = parseBody(body, kind);
  if (kept + key.length > keptCharacters) {
    parsedPrograms.clear();
    kept = 0;
  }
  parsedPrograms.set(key, program);
  kept += key.length;
  return program;
}

function parseBody(body: string, kind: ProgramKind): ParsedProgram {
  const quoted = dollarQuoted(body);
  if (kind === "do") return parse(`DO ${quoted}`);
  if (kind === "trigger") return parse(declaration("trigger", quoted));
  if (kind === "event trigger") return parse(declaration("event_trigger", quoted));
  // RETURN is written differently for each of these; the body itself tells which one it is.
  let first: unknown;
  for (const returns of ["void", "integer", "SETOF record", "event_trigger"])
    try {
      return parseRoutine(returns, quoted);
    } catch (error) {
      if (error instanceof ProgramTooDeep) throw error;
      first ??= error;
    }
  throw first;
}

/** The parser wants what is used to be declared: parameters, which the body tells when it is refused. */
function parseRoutine(returns: string, quoted: string): ParsedProgram {
  const named: string[] = [];
  let positional = 0;
  for (;;)
    try {
      const list = [
        ...Array.from({ length: positional }, () => "integer"),
        ...named.map((name) => `${quoteIdent(name)} integer`),
      ];
      return parse(declaration(returns, quoted, list.join(", ")));
    } catch (error) {
      const { message } = error as Error;
      const number = positionalIn(message);
      const name = undeclaredIn(message);
      if (number !== undefined && number > positional) positional = number;
      else if (name !== undefined && !named.includes(name)) named.push(name);
      else throw error;
    }
}

/** Postgres takes at most so many parameters (pg_config_manual.h, FUNC_MAX_ARGS). */
const mostParameters = 100;

/** The 2 of `variable "$2" does not exist`: `ALIAS FOR $2`. */
function positionalIn(message: string): number | undefined {
  const start = 'variable "$';
  const end = '" does not exist';
  if (!message.startsWith(start) || !message.endsWith(end)) return undefined;
  const number = Number(message.slice(start.length, -end.length));
  return number > 0 && number <= mostParameters ? number : undefined;
}

function undeclaredIn(message: string): string | undefined {
  const end = '" is not a known variable';
  return message.startsWith('"') && message.endsWith(end)
    ? message.slice(1, -end.length)
    : undefined;
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
  const tree = parsePlPgSql(text) as {
    readonly plpgsql_funcs: readonly PlNode[];
  };
  const { action, datums = [] } = tree.plpgsql_funcs[0]?.["PLpgSQL_function"] ?? {};
  return {
    block: (action ?? {}) as PlNode,
    variables: datums.map((datum) => partsOf(datum).body),
  };
}

interface ParsedExpression {
  readonly line: number;
  readonly statements: readonly Statement[];
}

const parsedExpressions = new WeakMap<object, ParsedExpression>();

/**
 * The statements of an expression's text: one SELECT of it, unless it is a statement itself.
 * @throws LockstepError `sql-syntax`
 */
export function statementsOf(
  expression: PlExpression,
  origin: string,
  line: number,
): readonly Statement[] {
  const known = parsedExpressions.get(expression.node);
  if (known?.line === line) return known.statements;
  const statements = parseExpression(expression, origin, line);
  parsedExpressions.set(expression.node, { line, statements });
  return statements;
}

function parseExpression(
  { text, form }: PlExpression,
  origin: string,
  line: number,
): readonly Statement[] {
  if (form === "statement") return parseLoaded(text, origin, line);
  const value = form === "assignment" ? assigned(text)?.value : text;
  return value === undefined ? [] : parseLoaded(`SELECT ${value}`, origin, line);
}

/** The two sides of `target := value`; `=` means the same. */
export function assigned(
  text: string,
): { readonly target: string; readonly value: string } | undefined {
  const { tokens } = loadedParser().scanSync(text);
  const operator = tokens.find(({ text: token }) => token === ":=" || token === "=");
  if (operator === undefined) return undefined;
  const bytes = Buffer.from(text, "utf8");
  return {
    target: bytes.subarray(0, operator.start).toString("utf8").trim(),
    value: bytes.subarray(operator.end).toString("utf8"),
  };
}
