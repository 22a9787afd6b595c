import { walk } from "../effects/index.ts";
import { parseLoaded, parsePlPgSql, type Statement } from "../sql/index.ts";

/** A statement of the migration; one that stood in a DO block may find its work done, as the block would. */
export type PlannedStatement = Statement & { readonly optional?: true };

/**
 * The statements of a DO block that only makes them repeatable (`IF NOT EXISTS (SELECT … FROM pg_…) THEN …`,
 * `EXCEPTION WHEN duplicate_object THEN`), each to take its own way. What else a block does, a plan cannot cut up: then
 * it stays whole. The end is compared with what the block itself makes, so a wrong cut is found.
 */
export function unwrapDo(statement: Statement, file: string): readonly PlannedStatement[] {
  if (!("DoStmt" in statement.node)) return [statement];
  const found = statementsIn(statement.sql);
  if (found === undefined || found.length === 0) return [statement];
  const inner = found.flatMap((text) => parseLoaded(text, file, statement.line));
  if (!inner.every(isDefinition)) return [statement];
  return inner.map((one) => ({
    ...one,
    start: statement.start,
    end: statement.end,
    line: statement.line,
    optional: true,
  }));
}

function isDefinition({ kind }: Statement): boolean {
  return /^(?:Alter|Create|Drop|Rename|Index|View|Comment)/.test(kind);
}

/** Texts of the statements; undefined when the block does anything else. */
function statementsIn(sql: string): readonly string[] | undefined {
  let tree: unknown;
  try {
    tree = parsePlPgSql(sql);
  } catch {
    return undefined;
  }
  const [program] = (tree as Program).plpgsql_funcs ?? [];
  const { datums = [], action } = program?.PLpgSQL_function ?? {};
  // Beside those that every block has, a variable may stand in a statement.
  const own = datums.filter(({ PLpgSQL_var: variable }) => !given.has(variable?.refname ?? ""));
  if (own.length > 0 || action === undefined) return undefined;
  return textsOf([action]);
}

const given: ReadonlySet<string> = new Set(["found", "sqlstate", "sqlerrm"]);

/** The parse tree of a block, as far as it is understood here (plpgsql.h). */
interface Program {
  readonly plpgsql_funcs?: readonly {
    readonly PLpgSQL_function?: {
      readonly datums?: readonly { readonly PLpgSQL_var?: { readonly refname?: string } }[];
      readonly action?: ProgramStatement;
    };
  }[];
}

interface ProgramStatement {
  readonly PLpgSQL_stmt_block?: {
    readonly body?: readonly ProgramStatement[];
    readonly exceptions?: {
      readonly PLpgSQL_exception_block?: {
        readonly exc_list?: readonly {
          readonly PLpgSQL_exception?: {
            readonly conditions?: readonly {
              readonly PLpgSQL_condition?: { readonly condname?: string };
            }[];
            readonly action?: readonly ProgramStatement[];
          };
        }[];
      };
    };
  };
  readonly PLpgSQL_stmt_if?: {
    readonly cond?: ProgramExpression;
    readonly then_body?: readonly ProgramStatement[];
    readonly elsif_list?: readonly unknown[];
    readonly else_body?: readonly unknown[];
  };
  readonly PLpgSQL_stmt_execsql?: { readonly sqlstmt?: ProgramExpression };
  readonly PLpgSQL_stmt_return?: object;
}

interface ProgramExpression {
  readonly PLpgSQL_expr?: { readonly query?: string };
}

function textsOf(body: readonly ProgramStatement[]): readonly string[] | undefined {
  const texts: string[] = [];
  for (const one of body) {
    const inner = textsOfOne(one);
    if (inner === undefined) return undefined;
    texts.push(...inner);
  }
  return texts;
}

function textsOfOne(one: ProgramStatement): readonly string[] | undefined {
  const { PLpgSQL_stmt_block: block, PLpgSQL_stmt_if: choice } = one;
  if (one.PLpgSQL_stmt_return !== undefined) return [];
  const text = one.PLpgSQL_stmt_execsql?.sqlstmt?.PLpgSQL_expr?.query;
  if (text !== undefined) return [text];
  if (block !== undefined) {
    const handlers = block.exceptions?.PLpgSQL_exception_block?.exc_list ?? [];
    const isRepeatable = handlers.every(({ PLpgSQL_exception: handler }) =>
      handler?.conditions?.every(({ PLpgSQL_condition: condition }) =>
        /^(?:duplicate|undefined)_/.test(condition?.condname ?? ""),
      ),
    );
    return isRepeatable ? textsOf(block.body ?? []) : undefined;
  }
  if (choice === undefined) return undefined;
  const isChoice = choice.elsif_list !== undefined || choice.else_body !== undefined;
  if (isChoice || !asksCatalogs(choice.cond?.PLpgSQL_expr?.query)) return undefined;
  return textsOf(choice.then_body ?? []);
}

/** True for a condition that reads nothing but the catalogs. */
function asksCatalogs(condition: string | undefined): boolean {
  if (condition === undefined) return false;
  const [statement] = parseLoaded(`SELECT ${condition}`, "condition");
  let isOfCatalogs = true;
  walk(statement!.node, (node) => {
    if (!("RangeVar" in node)) return;
    const { schemaname, relname = "" } = node.RangeVar;
    isOfCatalogs &&=
      schemaname === "pg_catalog" ||
      schemaname === "information_schema" ||
      (schemaname === undefined && relname.startsWith("pg_"));
  });
  return isOfCatalogs;
}
