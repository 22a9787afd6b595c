import { walk } from "../../effects/index.ts";
import { LockstepError } from "../../errors/index.ts";
import { loadedParser, parseSql, quoteIdent } from "../../sql/index.ts";

/** An expression over columns of one row, which can be read from any row variable. */
export interface RowExpression {
  /** The columns it reads, each once. */
  readonly columns: ReadonlySet<string>;
  /**
   * Its text with every column taken from `row`: `NEW`, `OLD` or a table's alias; in parentheses.
   * @param named what a column is called there, its own name by default
   */
  over(row: string, named?: (column: string) => string): string;
}

/**
 * Reads an expression over columns of `table`. Columns are found in the parse tree, so that a name inside a longer
 * one, a string or a function's name is left alone.
 *
 * @throws LockstepError `plan-expression` when it cannot be computed from one row alone
 */
export async function rowExpression(
  text: string,
  table: string,
  origin: string,
): Promise<RowExpression> {
  const head = "SELECT ";
  const statements = await parseSql(`${head}${text}\n`, origin);
  const select = statements[0]?.node;
  const targets =
    select !== undefined && "SelectStmt" in select ? (select.SelectStmt.targetList ?? []) : [];
  const [target] = targets;
  const value =
    target !== undefined && "ResTarget" in target && target.ResTarget.name === undefined
      ? target.ResTarget.val
      : undefined;
  if (statements.length !== 1 || targets.length !== 1 || value === undefined)
    throw refusal(text, origin, "it is not one expression");
  const columns = new Set<string>();
  const references: { readonly byte: number; readonly name: string; readonly parts: number }[] = [];
  let problem: string | undefined;
  walk(select, (node) => {
    if ("SubLink" in node) problem = "it reads other rows through a subquery";
    if ("ParamRef" in node) problem = "it has a parameter";
    if ("FuncCall" in node && node.FuncCall.over !== undefined)
      problem = "it has a window function, which reads other rows";
    if (!("ColumnRef" in node)) return;
    const { fields = [], location = 0 } = node.ColumnRef;
    const names = fields.map((field) => ("String" in field ? (field.String.sval ?? "") : "*"));
    const name = names.at(-1)!;
    if (name === "*" || names.length > 2 || (names.length === 2 && names[0] !== table))
      problem = `${names.join(".")} is not a column of ${table}`;
    columns.add(name);
    references.push({ byte: location - head.length, name, parts: names.length });
  });
  if (problem !== undefined) throw refusal(text, origin, problem);
  const clauses = Object.keys("SelectStmt" in select! ? select.SelectStmt : {});
  if (clauses.some((clause) => !plainSelect.has(clause)))
    throw refusal(text, origin, "it is a query, not an expression");
  const { tokens } = loadedParser().scanSync(text);
  const written = tokens.filter(({ tokenName }) => !tokenName.endsWith("COMMENT"));
  const bytes = Buffer.from(text, "utf8");
  const places = references
    .map(({ byte, name, parts }) => {
      const first = written.findIndex(({ start }) => start === byte);
      // A name with its table is three tokens, however they are spaced.
      return { from: byte, to: written[first + (parts - 1) * 2]!.end, name };
    })
    .sort((a, b) => a.from - b.from);
  const end = written.at(-1)!.end;
  return {
    columns,
    over(row, named = (column) => column) {
      const pieces: string[] = [];
      let at = 0;
      for (const { from, to, name } of places) {
        pieces.push(bytes.toString("utf8", at, from), `${row}.${quoteIdent(named(name))}`);
        at = to;
      }
      return `(${pieces.join("")}${bytes.toString("utf8", at, end)})`;
    },
  };
}

/** Fields that the tree of `SELECT expression` has. */
const plainSelect: ReadonlySet<string> = new Set(["targetList", "limitOption", "op"]);

function refusal(text: string, origin: string, problem: string): LockstepError {
  return new LockstepError("plan-expression", {
    what: `${origin}: this expression cannot keep two releases in step: ${problem}`,
    expected: "an expression over columns of the same row that the other release writes",
    found: text.trim().slice(0, 200),
    from: origin,
    why: "a trigger computes it for each row that is written, from that row alone, so that both releases see the same",
    next: ["write it over columns of the row, or move what it looks up into the application"],
  });
}
