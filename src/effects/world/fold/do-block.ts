import type { DoStmt, Node } from "@pgsql/types";
import { constantOf, type Bindings } from "../../plpgsql/constant-text.ts";
import { parseProgram, statementsOf } from "../../plpgsql/parse.ts";
import {
  expressionOf,
  partsOf,
  type PlBody,
  type PlExpression,
  type PlNode,
} from "../../plpgsql/tree.ts";
import { walk } from "../expressions.ts";
import { valueText } from "../nodes.ts";
import { recordChanges, undoChanges } from "../store.ts";
import { answerOf } from "./catalog-question.ts";
import { all, doubt, type FoldContext } from "./context.ts";

/** Applies one statement; fold itself. */
type Apply = (context: FoldContext, node: Node) => void;

interface Block {
  readonly context: FoldContext;
  readonly apply: Apply;
  readonly bindings: Bindings;
  readonly variables: readonly PlBody[];
}

/** How a list of statements ended. */
type End = "through" | "returned" | "failed";

/**
 * DO: its static statements, and EXECUTE of constants, in order. Where a condition asks for an object by name, the world
 * answers. Any other branch is applied whether its condition holds or not
 * when the condition asks the catalog, because a statement for another catalog changes nothing; any other condition
 * under which something changes is a doubt, and so is SQL that is put together when it runs.
 */
export function foldDo(context: FoldContext, statement: DoStmt, apply: Apply): void {
  const options = all(statement.args, "DefElem");
  const text = (name: string) => valueText(options.find(({ defname }) => defname === name)?.arg);
  const body = text("as");
  if (body === undefined || (text("language") ?? "plpgsql") !== "plpgsql") {
    doubt(context, "a DO block in another language than PL/pgSQL may change anything");
    return;
  }
  try {
    const { block, variables } = parseProgram(body, "do");
    run({ context, apply, bindings: new Map(), variables }, block);
  } catch (error) {
    doubt(context, `a DO block could not be parsed: ${(error as Error).message}`);
  }
}

function runList(block: Block, list: readonly PlNode[] = []): End {
  for (const node of list) {
    const end = run(block, node);
    if (end !== "through") return end;
  }
  return "through";
}

function run(block: Block, node: PlNode): End {
  const { type, body } = partsOf(node);
  switch (type) {
    case "PLpgSQL_stmt_block":
      return runBlock(block, body);
    case "PLpgSQL_stmt_execsql":
      return runSql(block, expressionOf(body.sqlstmt));
    case "PLpgSQL_stmt_dynexecute":
      return runDynamic(block, body);
    case "PLpgSQL_stmt_if":
      return runIf(block, body);
    case "PLpgSQL_stmt_case":
      for (const when of body.case_when_list ?? []) branch(block, partsOf(when).body.stmts, false);
      branch(block, body.else_stmts, false);
      return "through";
    case "PLpgSQL_stmt_foreach_a":
      return runForeach(block, body);
    case "PLpgSQL_stmt_loop":
    case "PLpgSQL_stmt_while":
    case "PLpgSQL_stmt_fori":
    case "PLpgSQL_stmt_fors":
    case "PLpgSQL_stmt_forc":
    case "PLpgSQL_stmt_dynfors":
      branch(block, body.body, false);
      return "through";
    case "PLpgSQL_stmt_return":
      return "returned";
    default:
      return "through";
  }
}

/** A block with handlers is undone when a statement of it fails, and the statement after it goes on. */
function runBlock(block: Block, body: PlBody): End {
  if (body.exceptions === undefined) return runList(block, body.body);
  const { world } = block.context;
  const ends: End[] = [];
  const changes = recordChanges(world, () => ends.push(runList(block, body.body)));
  const [end = "through"] = ends;
  if (end !== "failed") return end;
  undoChanges(world, changes);
  return "through";
}

function runSql(block: Block, expression: PlExpression | undefined): End {
  if (expression === undefined) return "through";
  for (const { node } of statementsOf(expression, "a DO block", 1))
    if (!applied(block, node)) return "failed";
  return "through";
}

/** Statements that are refused when what they make is there, and change nothing then. */
const makers = [
  "CreateStmt",
  "CreateEnumStmt",
  "CreateDomainStmt",
  "CompositeTypeStmt",
  "CreateSeqStmt",
  "IndexStmt",
  "AlterTableStmt",
  "RenameStmt",
] as const;

/** False when the statement is one that Postgres refuses here. */
function applied({ context, apply }: Block, node: Node): boolean {
  const { relations, types } = recordChanges(context.world, () => apply(context, node));
  if (relations.size > 0 || types.size > 0) return true;
  return !makers.some((kind) => kind in node) || isLenient(node);
}

/** IF [NOT] EXISTS is never refused for that; nor are forms of ALTER TABLE that change nothing the world keeps. */
function isLenient(node: Node): boolean {
  if ("CreateStmt" in node) return node.CreateStmt.if_not_exists === true;
  if ("CreateSeqStmt" in node) return node.CreateSeqStmt.if_not_exists === true;
  if ("IndexStmt" in node) return node.IndexStmt.if_not_exists === true;
  if ("RenameStmt" in node) return node.RenameStmt.missing_ok === true;
  if (!("AlterTableStmt" in node)) return false;
  return !all(node.AlterTableStmt.cmds, "AlterTableCmd").some(
    ({ subtype, missing_ok: missingOk }) =>
      (subtype === "AT_AddConstraint" || subtype === "AT_AddColumn") && missingOk !== true,
  );
}

function runDynamic(block: Block, body: PlBody): End {
  const text = constantValue(block, expressionOf(body.query));
  if (text !== undefined) return runSql(block, { text, form: "statement" });
  doubt(block.context, "a DO block runs SQL that is put together when it runs");
  return "through";
}

function constantValue(block: Block, expression: PlExpression | undefined): string | undefined {
  const node = expression === undefined ? undefined : valueOf(expression);
  return constantOf(node, block.bindings);
}

/** The one expression of `SELECT expression`. */
function valueOf(expression: PlExpression): Node | undefined {
  const [statement] = statementsOf(expression, "a DO block", 1);
  if (statement === undefined || !("SelectStmt" in statement.node)) return undefined;
  const [target] = statement.node.SelectStmt.targetList ?? [];
  return target !== undefined && "ResTarget" in target ? target.ResTarget.val : undefined;
}

function runIf(block: Block, body: PlBody): End {
  const conditions = [
    { condition: expressionOf(body.cond), list: body.then_body },
    ...(body.elsif_list ?? []).map((node) => {
      const { cond, stmts } = partsOf(node).body;
      return { condition: expressionOf(cond), list: stmts };
    }),
  ];
  let asksCatalog = true;
  for (const { condition, list } of conditions) {
    const node = condition === undefined ? undefined : valueOf(condition);
    const answer = constantOf(node, block.bindings) ?? answerIn(block, node);
    if (answer === "false") continue;
    if (answer === "true") return runList(block, list);
    asksCatalog &&= condition !== undefined && isAboutCatalog(condition);
    branch(block, list, asksCatalog);
  }
  branch(block, body.else_body, asksCatalog);
  return "through";
}

/** Statements that may run; a failure ends them and is caught by nobody here. */
function branch(block: Block, list: readonly PlNode[] | undefined, trusted: boolean): void {
  const { world } = block.context;
  const ends: End[] = [];
  const changes = recordChanges(world, () => ends.push(runList(block, list)));
  if (ends.includes("failed")) undoChanges(world, changes);
  else if (!trusted && changes.relations.size + changes.types.size + changes.routines.size > 0)
    doubt(block.context, "a DO block changes the catalog under a condition");
}

/** What a complete world says to a question about the catalog. */
function answerIn({ context }: Block, node: Node | undefined): string | undefined {
  const { complete, uncertain } = context.world;
  if (!complete || uncertain.length > 0) return undefined;
  const answer = answerOf(node, context.world);
  return answer === undefined ? undefined : String(answer);
}

/** True when all that the condition reads are system catalogs. */
function isAboutCatalog(condition: PlExpression): boolean {
  let reads = 0;
  let others = 0;
  walk(
    statementsOf(condition, "a DO block", 1).map(({ node }) => node),
    (node) => {
      if (!("RangeVar" in node)) return;
      const { schemaname, relname = "" } = node.RangeVar;
      const isCatalog =
        schemaname === "information_schema" ||
        schemaname === "pg_catalog" ||
        (schemaname === undefined && relname.startsWith("pg_"));
      if (isCatalog) reads++;
      else others++;
    },
  );
  return reads > 0 && others === 0;
}

/** FOREACH over an array of constants runs once for each. */
function runForeach(block: Block, body: PlBody): End {
  const expression = expressionOf(body.expr);
  const items = expression === undefined ? [] : elementsOf(valueOf(expression));
  const values = items.map((item) => constantOf(item, block.bindings));
  const variable = block.variables[body.varno ?? -1]?.refname;
  if (variable === undefined || values.length === 0) {
    branch(block, body.body, false);
    return "through";
  }
  for (const value of values) {
    const bindings = new Map(block.bindings);
    if (value !== undefined) bindings.set(variable, value);
    const end = runList({ ...block, bindings }, body.body);
    if (end !== "through") return end;
  }
  return "through";
}

function elementsOf(node: Node | undefined): readonly Node[] {
  if (node === undefined) return [];
  if ("TypeCast" in node) return elementsOf(node.TypeCast.arg);
  return "A_ArrayExpr" in node ? (node.A_ArrayExpr.elements ?? []) : [];
}
