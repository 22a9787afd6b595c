import { loadedParser, type ParseNode, type Statement } from "../sql/index.ts";

/**
 * The statement so that it changes nothing when its work is done already. Labels of enums and constraints of domains need
 * it: no abort takes them back, so that a plan that is begun anew finds what it did.
 */
export function repeatable({ node, sql }: Statement): string {
  const missing = missingIn(node);
  if (missing === undefined) return sql;
  const { tokens } = loadedParser().scanSync(sql);
  const words = tokens.filter(({ tokenName }) => !tokenName.endsWith("COMMENT"));
  const [first, second] = missing.behind;
  const at = words.findIndex(
    ({ text }, n) => text.toUpperCase() === first && words[n + 1]?.text.toUpperCase() === second,
  );
  const bytes = Buffer.from(sql, "utf8");
  const { end } = words[at + 1]!;
  return `${bytes.toString("utf8", 0, end)} ${missing.words}${bytes.toString("utf8", end)}`;
}

interface Missing {
  readonly behind: readonly [string, string];
  readonly words: string;
}

function missingIn(node: ParseNode): Missing | undefined {
  if ("AlterEnumStmt" in node) {
    const { newVal, oldVal, skipIfNewValExists } = node.AlterEnumStmt;
    if (newVal === undefined || oldVal !== undefined || skipIfNewValExists === true)
      return undefined;
    return { behind: ["ADD", "VALUE"], words: "IF NOT EXISTS" };
  }
  if ("AlterDomainStmt" in node) {
    const { subtype, missing_ok: isOptional } = node.AlterDomainStmt;
    if (subtype !== "X" || isOptional === true) return undefined;
    return { behind: ["DROP", "CONSTRAINT"], words: "IF EXISTS" };
  }
  return undefined;
}
