import { loadedParser, type Statement } from "../sql/index.ts";

/**
 * The statement so that it changes nothing when its work is done already. `ADD VALUE` needs it: no abort takes a label
 * back, so that a plan that is begun anew finds it.
 */
export function repeatable({ node, sql }: Statement): string {
  if (!("AlterEnumStmt" in node)) return sql;
  const { newVal, oldVal, skipIfNewValExists } = node.AlterEnumStmt;
  if (newVal === undefined || oldVal !== undefined || skipIfNewValExists === true) return sql;
  const { tokens } = loadedParser().scanSync(sql);
  const words = tokens.filter(({ tokenName }) => !tokenName.endsWith("COMMENT"));
  const at = words.findIndex(
    ({ text }, n) => text.toUpperCase() === "ADD" && words[n + 1]?.text.toUpperCase() === "VALUE",
  );
  const bytes = Buffer.from(sql, "utf8");
  const { end } = words[at + 1]!;
  return `${bytes.toString("utf8", 0, end)} IF NOT EXISTS${bytes.toString("utf8", end)}`;
}
