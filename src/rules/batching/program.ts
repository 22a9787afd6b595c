import type { Node } from "@pgsql/types";
import { loadedParser, type Statement } from "../../sql/index.ts";
import { partsOf } from "../subject.ts";
import { loopEnd, loops, type LoopEnd, type Tree } from "./loop-end.ts";

/** One SQL statement inside a PL/pgSQL body. */
export interface InnerStatement {
  /** As written in the body. */
  readonly sql: string;
  readonly node: Node;
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
export function programOf({ node, sql }: Pick<Statement, "node" | "sql">): Program | undefined {
  if (!isPlPgSql(node)) return undefined;
  if (!known.has(node)) known.set(node, parseProgram(sql));
  return known.get(node);
}

/** Several rules ask about one statement. */
const known = new WeakMap<Node, Program | undefined>();

/** True for a body in PL/pgSQL that stands in the text: the parser aborts where there is none (BEGIN ATOMIC). */
function isPlPgSql(node: Node): boolean {
  if (!("DoStmt" in node || "CreateFunctionStmt" in node)) return false;
  const options = "DoStmt" in node ? node.DoStmt.args : node.CreateFunctionStmt.options;
  const texts = new Map(
    (options ?? []).flatMap((option) =>
      "DefElem" in option
        ? [[option.DefElem.defname, partsOf(option.DefElem.arg)[0]] as const]
        : [],
    ),
  );
  const language = texts.get("language") ?? ("DoStmt" in node ? "plpgsql" : "sql");
  return language === "plpgsql" && texts.get("as") !== undefined;
}

/** The same for a stored body, whose parameters are not known by name. */
export function programOfBody(body: string): Program | undefined {
  let tag = "$body$";
  while (body.includes(tag)) tag = `$${tag.slice(1, -1)}_$`;
  return parseProgram(`DO ${tag}${body}${tag}`);
}

function parseProgram(sql: string): Program | undefined {
  let tree: unknown;
  try {
    tree = loadedParser().parsePlPgSQLSync(sql);
  } catch {
    return undefined;
  }
  const read: Read = { statements: [], trees: [], variables: variablesOf(tree as Tree) };
  collect(tree, undefined, read);
  return read;
}

/** Every query and expression of a body, parsed; empty when it cannot be read. */
export function queriesIn(statement: Pick<Statement, "node" | "sql">): readonly unknown[] {
  return programOf(statement)?.trees ?? [];
}

/** What has been read of a body so far. */
interface Read {
  readonly statements: InnerStatement[];
  readonly trees: unknown[];
  readonly variables: readonly string[];
}

/** Names of the variables by their numbers; a field of a record has its own. */
function variablesOf(tree: Tree): readonly string[] {
  const [first] = tree["plpgsql_funcs"] as readonly { readonly PLpgSQL_function: Tree }[];
  const datums = (first?.PLpgSQL_function["datums"] ?? []) as readonly Record<string, Tree>[];
  return datums.map((datum) => {
    const { refname, fieldname } = Object.values(datum)[0] ?? {};
    return String(refname ?? fieldname);
  });
}

function collect(value: unknown, loop: Loop | undefined, read: Read): void {
  if (Array.isArray(value)) {
    for (const item of value) collect(item, loop, read);
    return;
  }
  if (value === null || typeof value !== "object") return;
  for (const [kind, inner] of Object.entries(value as Tree)) {
    if (kind === "PLpgSQL_expr") addExpression(inner as Tree, read.trees);
    const inside = loops.has(kind) ? loopOf(kind, inner as Tree, loop, read) : loop;
    if (kind === "PLpgSQL_stmt_execsql")
      addStatement(queryOf(inner, "sqlstmt"), loop, read.statements);
    if (kind === "PLpgSQL_stmt_dynexecute")
      addStatement(constantText(queryOf(inner, "query")), loop, read.statements);
    collect(inner, inside, read);
  }
}

function loopOf(kind: string, inner: Tree, outer: Loop | undefined, { variables }: Read): Loop {
  const commits = outer?.commits === true || hasEnd(inner);
  return { commits, ...loopEnd(kind, inner, variables, parseOne) };
}

function addStatement(
  sql: string | undefined,
  loop: Loop | undefined,
  statements: InnerStatement[],
): void {
  const node = sql === undefined ? undefined : parseOne(sql);
  if (sql !== undefined && node !== undefined) statements.push({ sql, node, loop });
}

/** An expression stands without its SELECT (RAW_PARSE_PLPGSQL_EXPR); `parseMode` 0 is a whole statement. */
function addExpression({ query, parseMode }: Tree, trees: unknown[]): void {
  if (typeof query !== "string") return;
  const node = parseOne(parseMode === 0 ? query : `SELECT ${query}`);
  if (node !== undefined) trees.push(node);
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
