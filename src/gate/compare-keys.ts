import { qualifiedName, type Index } from "../catalog/index.ts";
import { keyTexts, type ContractKey } from "../contract/index.ts";
import { onConflict, sqlKeys } from "./arbiters.ts";
import { sameExpression } from "./live.ts";
import { quoteIdent, quoteQualified } from "../sql/index.ts";
import type { TablePair } from "./compare-columns.ts";
import type { Finding } from "./result.ts";

/**
 * Unique things: those that ON CONFLICT of the code needs, and those it does not know of.
 *
 * Any valid, immediate unique index over the same set of keys can arbitrate, whatever its name and order; one
 * without a predicate also serves an ON CONFLICT … WHERE (infer_arbiter_indexes in plancat.c).
 */
export function compareKeys(pair: TablePair): readonly Finding[] {
  const { wanted, table } = pair;
  const findings = wanted.unique.flatMap((key) => compareKey(pair, key));
  for (const index of table.indexes)
    if (
      index.unique &&
      !wanted.unique.some((key) => isExactly(pair, key, index) || implies(pair, key, index))
    )
      findings.push(extraUnique(pair, index));
  return findings;
}

/** The usual case, told at a glance. */
function isExactly(pair: TablePair, key: ContractKey, index: Index): boolean {
  return (
    index.name === key.name &&
    index.unique &&
    index.valid &&
    index.predicate === key.predicate &&
    index.nullsNotDistinct === key.nullsNotDistinct &&
    index.keys.length === key.keys.length &&
    keyTexts(index).every((text, at) => text === key.keys[at]) &&
    (key.deferrable || !isDeferrable(pair, index))
  );
}

function compareKey(pair: TablePair, key: ContractKey): readonly Finding[] {
  const { table, name } = pair;
  if (table.indexes.some((index) => isExactly(pair, key, index))) return [];
  const same = table.indexes.filter(
    (index) =>
      index.unique &&
      sameKeys(pair, index, key) &&
      (index.predicate === null || sameExpression(pair.live, index.predicate, key.predicate)),
  );
  const base = {
    object: `${name}.${qualifiedName(key.name)}`,
    from: key.from,
    expected: describeKey(key),
    address: pair.table.constraints.some((one) => one.name === key.name)
      ? `constraint ${pair.own}.${qualifiedName(key.name)}`
      : `index ${qualifiedName(pair.wanted.schema, key.name)}`,
    next: rebuild(pair, key),
  };
  const severity =
    pair.wanted.access.includes("insert") && !isUnused(pair, key) ? "error" : "warning";
  const arbiters = same.filter(
    (index) => index.valid && (key.deferrable || !isDeferrable(pair, index)),
  );
  if (arbiters.length === 0) {
    const [index] = same;
    const partial = table.indexes.find(
      (one) => one.unique && sameKeys(pair, one, key) && one.predicate !== null,
    );
    if (index === undefined)
      return [
        {
          ...base,
          address: keyAddress(pair, key),
          severity,
          kind: "missing-unique",
          ...arbiter(pair, key),
          found:
            partial === undefined
              ? "nothing unique over these columns"
              : `only ${partial.name}, which holds for part of the rows: WHERE ${partial.predicate}`,
          effect: `ON CONFLICT (${key.keys.join(", ")}) fails (42P10), and duplicates are no longer refused`,
        },
      ];
    return [
      {
        ...base,
        severity,
        kind: index.valid ? "wrong-unique" : "invalid-index",
        found: index.valid
          ? `${index.name}, which is DEFERRABLE`
          : `${index.name}, which is INVALID`,
        effect: index.valid
          ? "ON CONFLICT does not accept a deferrable constraint as arbiter (55000)"
          : "an invalid index cannot serve ON CONFLICT (42P10), and duplicates may be among the old rows",
        ...(index.valid
          ? {}
          : {
              next: `DROP INDEX CONCURRENTLY ${quoteQualified(table.schema, index.name)}; then build it again`,
            }),
      },
    ];
  }
  const equal = arbiters.filter((index) => index.nullsNotDistinct === key.nullsNotDistinct);
  if (equal.length > 0 || !keyTakesNull(pair, key)) return [];
  return [
    {
      ...base,
      severity: key.nullsNotDistinct ? severity : "warning",
      kind: "wrong-unique",
      found: `${arbiters[0]!.name} with NULLS ${key.nullsNotDistinct ? "" : "NOT "}DISTINCT`,
      effect: key.nullsNotDistinct
        ? "ON CONFLICT no longer meets a row with NULL in the key: duplicates are written"
        : "a second row with NULL in the key is refused: it depends on the data",
    },
  ];
}

/** True when the code never names one of its columns, so that it cannot name the key in ON CONFLICT either. */
function isUnused({ wanted }: TablePair, key: ContractKey): boolean {
  return wanted.columns.some(
    ({ name, used }) => used === false && key.keys.includes(qualifiedName(name)),
  );
}

/** A unique index that the contract does not know can refuse the code's rows. */
function extraUnique({ name, wanted }: TablePair, index: Index): Finding {
  return {
    severity: "warning",
    object: `${name}.${qualifiedName(index.name)}`,
    kind: "extra-unique",
    expected: "no such rule: the code may write equal values",
    found: index.definition,
    from: wanted.from,
    effect: "rows of the code may be refused (23505): it depends on the data",
  };
}

/** True when whatever satisfies `key` also satisfies the index, so that it refuses nothing more. */
function implies({ live }: TablePair, key: ContractKey, index: Index): boolean {
  const keys = new Set(keyTexts(index).map(live.expressionKey));
  const samePredicate =
    key.predicate === null || sameExpression(live, key.predicate, index.predicate);
  const sameNulls = !index.nullsNotDistinct || key.nullsNotDistinct;
  return samePredicate && sameNulls && key.keys.every((one) => keys.has(live.expressionKey(one)));
}

function isDeferrable({ table }: TablePair, index: Index): boolean {
  const constraint = table.constraints.find(({ name }) => name === index.constraint);
  return constraint !== undefined && constraint.deferrable !== "no";
}

/** Expressions can be printed in more ways than are known here: the server is asked whether it finds an arbiter. */
function arbiter({ sqlName, wanted }: TablePair, key: ContractKey): Pick<Finding, "unlessPlanned"> {
  if (key.predicate === null && key.keys.every((one) => !one.startsWith("("))) return {};
  return {
    unlessPlanned: `INSERT INTO ${sqlName} DEFAULT VALUES ${onConflict(wanted, key)} DO NOTHING`,
  };
}

/** NULLS [NOT] DISTINCT matters only where a key may be NULL. */
function keyTakesNull({ wanted }: TablePair, key: ContractKey): boolean {
  return key.keys.some((text) => {
    const column = wanted.columns.find(({ name }) => qualifiedName(name) === text);
    return column === undefined || column.nullable !== false;
  });
}

function keyAddress({ own, wanted }: TablePair, key: ContractKey): string {
  return key.primary || key.predicate === null
    ? `constraint ${own}.${qualifiedName(key.name)}`
    : `index ${qualifiedName(wanted.schema, key.name)}`;
}

function describeKey({ primary, keys, predicate, nullsNotDistinct }: ContractKey): string {
  const nulls = nullsNotDistinct ? " NULLS NOT DISTINCT" : "";
  const where = predicate === null ? "" : ` WHERE ${predicate}`;
  return `${primary ? "PRIMARY KEY" : "UNIQUE"}${nulls} (${keys.join(", ")})${where}`;
}

function rebuild({ sqlName, wanted }: TablePair, key: ContractKey): string {
  const keys = sqlKeys(wanted, key);
  const where = key.predicate === null ? "" : ` WHERE ${key.predicate}`;
  return `CREATE UNIQUE INDEX CONCURRENTLY ${quoteIdent(key.name)} ON ${sqlName} (${keys})${where}`;
}

function sameKeys({ live }: TablePair, index: Index, key: ContractKey): boolean {
  const found = new Set(keyTexts(index).map(live.expressionKey));
  const wanted = new Set(key.keys.map(live.expressionKey));
  return found.size === wanted.size && [...wanted].every((one) => found.has(one));
}
