import { qualifiedName, type Index } from "../catalog/index.ts";
import { keyTexts, type ContractIndex } from "../contract/index.ts";
import { quoteIdent, quoteQualified } from "../sql/index.ts";
import { sameExpression } from "./live.ts";
import type { TablePair } from "./compare-columns.ts";
import type { Finding } from "./result.ts";

/** Indexes that are there for speed: a missing one never breaks a statement, so these are warnings. */
export function compareIndexes(pair: TablePair): readonly Finding[] {
  const { wanted, table } = pair;
  const findings = wanted.indexes.flatMap((index) => compareIndex(pair, index));
  const named = new Set(findings.map(({ object }) => object));
  const keys = new Set(wanted.unique.map(({ name }) => name));
  for (const index of table.indexes) {
    const object = qualifiedName(table.schema, index.name);
    if (index.valid || index.partitionOf !== null || named.has(object) || keys.has(index.name))
      continue;
    findings.push(invalid(pair, index, wanted.from));
  }
  return findings;
}

function compareIndex(pair: TablePair, wanted: ContractIndex): readonly Finding[] {
  const { table, name } = pair;
  const serving = table.indexes.filter((index) => serves(pair, index, wanted));
  if (serving.some(({ valid }) => valid)) return [];
  const [broken] = serving;
  if (broken !== undefined) return [invalid(pair, broken, wanted.from)];
  const sameName = table.indexes.find((index) => index.name === wanted.name);
  const method = wanted.method === "btree" ? "" : `USING ${wanted.method} `;
  const where = wanted.predicate === null ? "" : ` WHERE ${wanted.predicate}`;
  const text = `${method}(${wanted.keys.join(", ")})${where}`;
  return [
    {
      severity: "warning",
      object: qualifiedName(table.schema, wanted.name),
      kind: sameName === undefined ? "missing-index" : "wrong-index",
      expected: `an index on ${name} ${text}`,
      found: sameName === undefined ? "no such index" : sameName.definition,
      from: wanted.from,
      effect: "queries that rely on it read the whole table",
      address: `index ${qualifiedName(pair.wanted.schema, wanted.name)}`,
      next: `CREATE INDEX CONCURRENTLY ${quoteIdent(wanted.name)} ON ${pair.sqlName} ${text}`,
    },
  ];
}

function invalid({ table, wanted }: TablePair, index: Index, from: string | undefined): Finding {
  const object = qualifiedName(table.schema, index.name);
  return {
    severity: "warning",
    object,
    kind: "invalid-index",
    expected: "a valid index",
    found: "an INVALID one, which a failed or still running concurrent build has left",
    from,
    effect: "queries do not use it, and writes maintain it all the same",
    address: `index ${qualifiedName(wanted.schema, index.name)}`,
    next: `DROP INDEX CONCURRENTLY ${quoteQualified(table.schema, index.name)}; then build it again`,
  };
}

/** An index with the wanted keys in front serves, whatever its name and whatever follows. */
function serves({ live }: TablePair, index: Index, wanted: ContractIndex): boolean {
  const keys = keyTexts(index).map(live.expressionKey);
  return (
    index.method === wanted.method &&
    wanted.keys.every((key, at) => keys[at] === live.expressionKey(key)) &&
    (index.predicate === null || sameExpression(live, index.predicate, wanted.predicate))
  );
}
