import { loadParser, quoteIdent, type Statement } from "../../sql/index.ts";

/** The temporary table that a statement makes for the length of its transaction; undefined for any other statement. */
export function madeForTransaction({ node }: Statement): string | undefined {
  if ("CreateStmt" in node)
    return node.CreateStmt.oncommit === "ONCOMMIT_DROP"
      ? node.CreateStmt.relation?.relname
      : undefined;
  if ("CreateTableAsStmt" in node) {
    const { into } = node.CreateTableAsStmt;
    return into?.onCommit === "ONCOMMIT_DROP" ? into.rel?.relname : undefined;
  }
  return undefined;
}

/** The statement without ON COMMIT DROP, so that its table outlives a transaction that ends sooner. */
export async function keptOnCommit(statement: Statement): Promise<Statement> {
  if (madeForTransaction(statement) === undefined) return statement;
  const { scanSync } = await loadParser();
  const tokens = scanSync(statement.sql).tokens.filter(
    ({ tokenName }) => tokenName !== "C_COMMENT" && tokenName !== "SQL_COMMENT",
  );
  const words = tokens.map(({ text }) => text.toLowerCase());
  const at = words.findIndex(
    (word, index) => word === "on" && words[index + 1] === "commit" && words[index + 2] === "drop",
  );
  const bytes = Buffer.from(statement.sql, "utf8");
  const [from, to] = [tokens[at]!.start, tokens[at + 2]!.end];
  const sql = `${bytes.toString("utf8", 0, from)}${bytes.toString("utf8", to)}`;
  return { ...statement, sql };
}

/** Drops what was made for a transaction, as its end would have done. */
export function dropMade(statements: readonly Statement[]): readonly string[] {
  return statements.flatMap((statement) => {
    const name = madeForTransaction(statement);
    return name === undefined ? [] : [`DROP TABLE IF EXISTS pg_temp.${quoteIdent(name)}`];
  });
}
