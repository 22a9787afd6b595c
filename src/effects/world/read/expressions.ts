import { onlyStatement } from "../fold/routines.ts";
import { loadParser, type ParseNode } from "../../../sql/index.ts";

/**
 * Texts that a server printed (pg_get_expr, pg_get_viewdef), turned into parse trees all at once: one call of the
 * parser for hundreds of them, equal texts once.
 */
export class ExpressionTexts {
  readonly #statements = new Map<string, ParseNode | undefined>();

  /** Asks for the list of expressions in `text`. */
  addExpressions(text: string | null): void {
    if (text !== null) this.#statements.set(`SELECT ${text}`, undefined);
  }

  /** Asks for a query, such as a view's definition. */
  addQuery(text: string | null): void {
    if (text !== null) this.#statements.set(withoutSemicolon(text), undefined);
  }

  /** Asks for a partition bound, `FOR VALUES …` or `DEFAULT`. */
  addBound(text: string | null): void {
    if (text !== null) this.#statements.set(boundStatement(text), undefined);
  }

  /** Asks for a function's body, `RETURN …` or `BEGIN ATOMIC …`. */
  addSqlBody(text: string | null): void {
    if (text !== null) this.#statements.set(functionStatement(text), undefined);
  }

  /** Parses all that was asked for. A text that Postgres 18's grammar does not take stays without a tree. */
  async parse(): Promise<void> {
    const { parseSync } = await loadParser();
    const texts = [...this.#statements.keys()];
    for (let at = 0; at < texts.length; at += 500) {
      const batch = texts.slice(at, at + 500);
      const nodes = parseTogether(batch, parseSync) ?? batch.map((text) => alone(text, parseSync));
      for (const [index, text] of batch.entries()) this.#statements.set(text, nodes[index]);
    }
  }

  /** The parsed list; empty when there was no text or it could not be parsed. */
  expressions(text: string | null): readonly ParseNode[] {
    const node = text === null ? undefined : this.#statements.get(`SELECT ${text}`);
    if (node === undefined || !("SelectStmt" in node)) return [];
    return (node.SelectStmt.targetList ?? []).flatMap((target) =>
      "ResTarget" in target && target.ResTarget.val !== undefined ? [target.ResTarget.val] : [],
    );
  }

  query(text: string | null): ParseNode | undefined {
    return text === null ? undefined : this.#statements.get(withoutSemicolon(text));
  }

  /** RETURN, or the only statement of BEGIN ATOMIC. */
  sqlBody(text: string | null): ParseNode | undefined {
    const node = text === null ? undefined : this.#statements.get(functionStatement(text));
    if (node === undefined || !("CreateFunctionStmt" in node)) return undefined;
    return onlyStatement(node.CreateFunctionStmt.sql_body);
  }

  bound(text: string | null): ParseNode | undefined {
    const node = text === null ? undefined : this.#statements.get(boundStatement(text));
    if (node === undefined || !("AlterTableStmt" in node)) return undefined;
    const command = node.AlterTableStmt.cmds?.[0];
    if (command === undefined || !("AlterTableCmd" in command)) return undefined;
    const { def } = command.AlterTableCmd;
    if (def === undefined || !("PartitionCmd" in def) || def.PartitionCmd.bound === undefined)
      return undefined;
    return { PartitionBoundSpec: def.PartitionCmd.bound };
  }
}

type ParseSync = Awaited<ReturnType<typeof loadParser>>["parseSync"];

function parseTogether(
  texts: readonly string[],
  parseSync: ParseSync,
): readonly (ParseNode | undefined)[] | undefined {
  try {
    const { stmts = [] } = parseSync(texts.join(";\n"));
    return stmts.length === texts.length ? stmts.map((raw) => raw.stmt) : undefined;
  } catch {
    return undefined;
  }
}

function alone(text: string, parseSync: ParseSync): ParseNode | undefined {
  try {
    return parseSync(text).stmts?.[0]?.stmt;
  } catch {
    return undefined;
  }
}

function withoutSemicolon(text: string): string {
  return text.endsWith(";") ? text.slice(0, -1) : text;
}

function functionStatement(text: string): string {
  return `CREATE FUNCTION f() RETURNS int ${text}`;
}

function boundStatement(text: string): string {
  return `ALTER TABLE t ATTACH PARTITION p ${text}`;
}
