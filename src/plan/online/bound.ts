import type { PartitionOf, Table } from "../../catalog/index.ts";
import { loadedParser, quoteIdent } from "../../sql/index.ts";

/** Conditions over the columns of a table that a bound of a partitioned table says. */
export interface BoundChecks {
  /** True for each row that belongs into the partition; Postgres takes it as proof (predicate_implied_by). */
  readonly inside: string;
  /** True for each row that belongs elsewhere. */
  readonly outside: string;
}

/**
 * What a partition's bound says, as a CHECK can say it.
 *
 * @param parent partitioned by one plain column, by range or list
 * @returns undefined when the bound is of another kind: by hash, by several columns, by an expression, the default
 */
export function boundChecks(
  { partitionKey }: Table,
  { bound }: PartitionOf,
): BoundChecks | undefined {
  const key = keyOf(partitionKey ?? "");
  const { tokens } = loadedParser().scanSync(bound);
  const words = tokens.map(({ text }) => text.toUpperCase());
  if (key === undefined) return undefined;
  const values = (word: string) => listBehind(bound, words.indexOf(word));
  if (key.strategy === "RANGE" && words.includes("FROM"))
    return rangeChecks(key.column, values("FROM"), values("TO"));
  if (key.strategy === "LIST" && words.includes("IN")) return listChecks(key.column, values("IN"));
  return undefined;
}

function rangeChecks(
  column: string,
  [lower = ""]: readonly string[],
  [upper = ""]: readonly string[],
): BoundChecks {
  const isLimit = (value: string) => value !== "MINVALUE" && value !== "MAXVALUE";
  const from = isLimit(lower) ? [[`${column} >= ${lower}`, `${column} < ${lower}`]] : [];
  const to = isLimit(upper) ? [[`${column} < ${upper}`, `${column} >= ${upper}`]] : [];
  const sides = [...from, ...to];
  return {
    inside: [`${column} IS NOT NULL`, ...sides.map(([inside]) => inside!)].join(" AND "),
    outside: [`${column} IS NULL`, ...sides.map(([, outside]) => outside!)].join(" OR "),
  };
}

function listChecks(column: string, values: readonly string[]): BoundChecks {
  const given = values.filter((value) => value !== "NULL");
  const among = `${column} IN (${given.join(", ")})`;
  const [one, none] = [
    given.length === 0 ? "false" : among,
    given.length === 0 ? "true" : `NOT ${among}`,
  ];
  return given.length === values.length
    ? { inside: `${column} IS NOT NULL AND ${one}`, outside: `${column} IS NULL OR ${none}` }
    : { inside: `${column} IS NULL OR ${one}`, outside: `${column} IS NOT NULL AND ${none}` };
}

/** `RANGE (created_at)`, as pg_get_partkeydef prints it, when it is one column. */
function keyOf(
  partitionKey: string,
): { readonly strategy: string; readonly column: string } | undefined {
  const { tokens } = loadedParser().scanSync(partitionKey);
  const [strategy, open, column, close, ...more] = tokens;
  if (open?.text !== "(" || close?.text !== ")" || more.length > 0) return undefined;
  const name = column!.text;
  const bare = name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name;
  return { strategy: strategy!.text.toUpperCase(), column: quoteIdent(bare) };
}

/** The values in the parentheses behind a word. */
function listBehind(bound: string, word: number): readonly string[] {
  const { tokens } = loadedParser().scanSync(bound);
  const bytes = Buffer.from(bound, "utf8");
  const found: string[] = [];
  let depth = 0;
  let from = 0;
  for (const { text, start, end } of tokens.slice(word + 1)) {
    if (text === "(" && ++depth === 1) from = end;
    const isLast = text === ")" && --depth === 0;
    if (!isLast && !(text === "," && depth === 1)) continue;
    found.push(bytes.toString("utf8", from, start).trim());
    if (isLast) return found;
    from = end;
  }
  return found;
}
