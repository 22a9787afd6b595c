import type { Node } from "@pgsql/types";
import { isLockstepError } from "../../errors/index.ts";
import { expressionOf, parseProgram, statementsOf, type PlNode } from "../../effects/index.ts";
import { loadedParser, type Statement } from "../../sql/index.ts";
import { partsOf } from "../subject.ts";
import { loopEnd, loops, type LoopEnd, type Tree } from "./loop-end.ts";

/** One SQL statement inside a PL/pgSQL body. */
export interface InnerStatement {
  /** As written in the body. */
  readonly sql: string;
  readonly node: Node;
  /** Line within the body, from 1. */
  readonly line: number;
  /** The loop around it, the innermost one; undefined outside of loops. */
  readonly loop: Loop | undefined;
}

/** A LOOP, WHILE, FOR or FOREACH. */
export interface Loop extends LoopEnd {
  /** True when its body, or that of a loop around it, holds a COMMIT or ROLLBACK: each turn is then a transaction. */
  readonly commits: boolean;
}

/** What runs when a PL/pgSQL body runs. */
export interface Program {
  readonly statements: readonly InnerStatement[];
  /** Every expression and query, parsed: conditions and assignments too. */
  readonly trees: readonly unknown[];
}

const ends = new Set(["PLpgSQL_stmt_commit", "PLpgSQL_stmt_rollback"]);

/**
 * The body of a DO block, or of a CREATE FUNCTION or PROCEDURE in PL/pgSQL.
 * @returns undefined for another language and for a body that PL/pgSQL's parser refuses
 */
export function programOf({ node }: Pick<Statement, "node">): Program | undefined {
  const text = plPgSqlOf(node);
  if (text === undefined) return undefined;
  if (!known.has(node)) known.set(node, readProgram(text.body, text.kind));
  return known.get(node);
}

/** Several rules ask about one statement. */
const known = new WeakMap<Node, Program | undefined>();

/** Line of the file at which a body begins that stands in the statement's text as it is; undefined where it does not. */
export function bodyLineOf({ node, sql, line }: Statement): number | undefined {
  const body = plPgSqlOf(node)?.body;
  const at = body === undefined ? -1 : sql.indexOf(body);
  return at === -1 ? undefined : line + sql.slice(0, at).split("\n").length - 1;
}

/** A body in PL/pgSQL that stands in the text. */
function plPgSqlOf(
  node: Node,
): { readonly body: string; readonly kind: "do" | "routine" | "trigger" } | undefined {
  if (!("DoStmt" in node || "CreateFunctionStmt" in node)) return undefined;
  const options = "DoStmt" in node ? node.DoStmt.args : node.CreateFunctionStmt.options;
  const texts = new Map(
    (options ?? []).flatMap((option) =>
      "DefElem" in option
        ? [[option.DefElem.defname, partsOf(option.DefElem.arg)[0]] as const]
        : [],
    ),
  );
  const language = texts.get("language") ?? ("DoStmt" in node ? "plpgsql" : "sql");
  const body = texts.get("as");
  if (language !== "plpgsql" || body === undefined) return undefined;
  if ("DoStmt" in node) return { body, kind: "do" };
  const returns = (node.CreateFunctionStmt.returnType?.names ?? []).flatMap(partsOf).at(-1);
  return { body, kind: returns === "trigger" ? "trigger" : "routine" };
}

/** The same for a stored body. */
export function programOfBody(body: string): Program | undefined {
  return readProgram(body, "routine") ?? readProgram(body, "trigger");
}

function readProgram(body: string, kind: "do" | "routine" | "trigger"): Program | undefined {
  try {
    const { block, variables } = parseProgram(body, kind);
    const names = variables.map(({ refname, fieldname }) => String(refname ?? fieldname));
    const read: Read = { statements: [], trees: [], variables: names };
    collect([...variables, block], undefined, read);
    return read;
  } catch {
    return undefined;
  }
}

/** Every query and expression of a body, parsed; empty when it cannot be read. */
export function queriesIn(statement: Pick<Statement, "node" | "sql">): readonly unknown[] {
  return programOf(statement)?.trees ?? [];
}

/** What has been read of a body so far. */
interface Read {
  readonly statements: InnerStatement[];
  readonly trees: unknown[];
  /** Names of the variables by their numbers; a field of a record has its own. */
  readonly variables: readonly string[];
}

function collect(value: unknown, loop: Loop | undefined, read: Read): void {
  if (Array.isArray(value)) {
    for (const item of value) collect(item, loop, read);
    return;
  }
  if (value === null || typeof value !== "object") return;
  for (const [kind, inner] of Object.entries(value as Tree)) {
    if (kind === "PLpgSQL_expr") addExpression({ [kind]: inner } as PlNode, read.trees);
    const inside = loops.has(kind) ? loopOf(kind, inner as Tree, loop, read) : loop;
    if (kind === "PLpgSQL_stmt_execsql")
      addStatement(queryOf(inner, "sqlstmt"), inner as Tree, loop, read.statements);
    if (kind === "PLpgSQL_stmt_dynexecute")
      addStatement(constantText(queryOf(inner, "query")), inner as Tree, loop, read.statements);
    collect(inner, inside, read);
  }
}

function loopOf(kind: string, inner: Tree, outer: Loop | undefined, { variables }: Read): Loop {
  const commits = outer?.commits === true || hasEnd(inner);
  return { commits, ...loopEnd(kind, inner, variables, parseOne) };
}

function addStatement(
  sql: string | undefined,
  { lineno }: Tree,
  loop: Loop | undefined,
  statements: InnerStatement[],
): void {
  const node = sql === undefined ? undefined : parseOne(sql);
  if (sql !== undefined && node !== undefined)
    statements.push({ sql, node, line: Number(lineno ?? 1), loop });
}

/** What cannot be parsed is left out: the effect of the statement says that it is not known. */
function addExpression(node: PlNode, trees: unknown[]): void {
  const expression = expressionOf(node);
  if (expression === undefined) return;
  try {
    for (const statement of statementsOf(expression, "a PL/pgSQL body", 1))
      trees.push(statement.node);
  } catch (error) {
    if (!isLockstepError(error)) throw error;
  }
}

function queryOf(statement: unknown, member: string): string | undefined {
  const expression = (statement as Tree)[member] as Tree | undefined;
  const query = (expression?.["PLpgSQL_expr"] as Tree | undefined)?.["query"];
  return typeof query === "string" ? query : undefined;
}

/** The text that EXECUTE runs, where it is a plain constant. */
function constantText(expression: string | undefined): string | undefined {
  const node = expression === undefined ? undefined : parseOne(`SELECT ${expression}`);
  if (node === undefined || !("SelectStmt" in node)) return undefined;
  const [target] = node.SelectStmt.targetList ?? [];
  const value = target !== undefined && "ResTarget" in target ? target.ResTarget.val : undefined;
  return value !== undefined && "A_Const" in value ? value.A_Const.sval?.sval : undefined;
}

function hasEnd(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(hasEnd);
  if (value === null || typeof value !== "object") return false;
  return Object.entries(value).some(([kind, inner]) => ends.has(kind) || hasEnd(inner));
}

/** Undefined for what is not one statement of SQL by itself, e.g. an assignment. */
function parseOne(sql: string): Node | undefined {
  try {
    return (loadedParser().parseSync(sql).stmts ?? [])[0]?.stmt;
  } catch {
    return undefined;
  }
}
