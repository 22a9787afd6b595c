import { walk } from "../../effects/index.ts";
import { loadedParser, parseLoaded, quoteIdent } from "../../sql/index.ts";

/**
 * A statement as Postgres prints definitions (`pg_get_indexdef`, `pg_get_statisticsobjdef`, a table's `ADD CONSTRAINT`
 * of a check) that reads column `to` wherever it read column `from`. Columns are found in the parse tree, so that
 * functions, operator classes and types of the same name are left alone.
 */
export function withColumnRenamed(definition: string, from: string, to: string): string {
  const [statement] = parseLoaded(definition, "definition");
  const { tokens } = loadedParser().scanSync(definition);
  const starts = new Set(statement === undefined ? [] : referencesTo(statement.node, from));
  const lists = "IndexStmt" in statement!.node ? indexColumns : statisticsColumns;
  const listed = "AlterTableStmt" in statement!.node ? [] : lists(tokens);
  const bytes = Buffer.from(definition, "utf8");
  let text = "";
  let at = 0;
  for (const token of tokens) {
    const isColumn = starts.has(token.start) || listed.includes(token);
    if (!isColumn || unquoted(token.text) !== from) continue;
    text += bytes.toString("utf8", at, token.start) + quoteIdent(to);
    at = token.end;
  }
  return text + bytes.toString("utf8", at);
}

interface Token {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/** Byte offsets of the column's names in expressions. */
function referencesTo(tree: unknown, column: string): readonly number[] {
  const found: number[] = [];
  walk(tree, (node) => {
    if (!("ColumnRef" in node)) return;
    const { fields = [], location = 0 } = node.ColumnRef;
    const [only] = fields;
    if (
      fields.length === 1 &&
      only !== undefined &&
      "String" in only &&
      only.String.sval === column
    )
      found.push(location);
  });
  return found;
}

/** Names that stand alone in the list of keys or in INCLUDE: `(a, lower(b))` has `a`. Options are no columns. */
function indexColumns(tokens: readonly Token[]): readonly Token[] {
  let depth = 0;
  let isOptions = false;
  return tokens.filter(({ text }, at) => {
    const previous = tokens[at - 1]?.text ?? "";
    if (text === "(" && depth++ === 0) isOptions = previous.toUpperCase() === "WITH";
    else if (text === ")") depth--;
    return (
      depth === 1 &&
      !isOptions &&
      (previous === "(" || previous === ",") &&
      tokens[at + 1]?.text !== "("
    );
  });
}

/** Names that stand alone between ON and FROM. */
function statisticsColumns(tokens: readonly Token[]): readonly Token[] {
  let depth = 0;
  return tokens.filter(({ text }, at) => {
    const previous = tokens[at - 1]?.text ?? "";
    if (text === "(") depth++;
    else if (text === ")") depth--;
    return depth === 0 && (previous.toUpperCase() === "ON" || previous === ",");
  });
}

function unquoted(text: string): string {
  return text.startsWith('"') ? text.slice(1, -1).replaceAll('""', '"') : text;
}
