import type {
  RuntimeColumn,
  RuntimeContract,
  RuntimeDifference,
  RuntimeEnum,
  RuntimeTable,
  RuntimeView,
} from "./contract.ts";
import type { Facts, LiveColumn, LiveKey, LiveRelation } from "./facts.ts";
import { judgeType } from "./type-compatibility.ts";

type Report = (difference: RuntimeDifference) => void;

/**
 * What of the live schema makes statements of the release fail: the gate's errors, without its warnings and without
 * those that need an expression evaluated (checks that refuse a value, defaults that are constants).
 */
export function compareFacts(
  contract: RuntimeContract,
  facts: Facts,
): readonly RuntimeDifference[] {
  const differences: RuntimeDifference[] = [];
  const report: Report = (difference) => differences.push(difference);
  const positions = new Map(
    contract.tables.map(({ schema, name }, i) => [bare(`${schema}.${name}`), i]),
  );
  for (const [i, wanted] of contract.enums.entries()) compareEnum(wanted, facts.enums[i]!, report);
  for (const [i, wanted] of contract.tables.entries())
    // Without access it is only a name in the schema file.
    if (wanted.access.length > 0)
      compareTable(contract, positions, wanted, facts.relations[i]!, report);
  for (const [i, wanted] of contract.views.entries())
    compareRead(wanted, facts.relations[contract.tables.length + i]!, contract, report);
  return differences;
}

function compareEnum(wanted: RuntimeEnum, live: readonly string[] | null, report: Report): void {
  const object = `${wanted.schema}.${wanted.name}`;
  const from = wanted.from ?? "the contract";
  if (live === null)
    return report({
      object,
      kind: "missing-enum",
      expected: `enum (${wanted.labels.join(", ")})`,
      found: "no such enum type",
      from,
      effect: "statements that name the type fail (42704)",
    });
  for (const label of wanted.labels)
    if (!live.includes(label))
      report({
        object: `${object}.${label}`,
        kind: "missing-enum-value",
        expected: `value '${label}'`,
        found: `only ${live.map((one) => `'${one}'`).join(", ")}`,
        from: (wanted.labelFrom as Record<string, string> | undefined)?.[label] ?? from,
        effect: `a statement that writes or compares '${label}' fails (22P02)`,
      });
}

function compareRead(
  wanted: RuntimeView,
  live: LiveRelation | null,
  contract: RuntimeContract,
  report: Report,
): void {
  const object = `${wanted.schema}.${wanted.name}`;
  const from = wanted.from ?? "the contract";
  if (live === null)
    return report({
      object,
      kind: "access" in wanted ? "missing-table" : "missing-view",
      expected: `${"access" in wanted ? "a table" : "a view"} with ${wanted.columns.length} columns`,
      found: "no such relation",
      from,
      effect: "every statement on it fails (42P01)",
    });
  const found = new Map(live.columns.map((column) => [column.name, column]));
  for (const column of wanted.columns) {
    if (column.used === false) continue;
    const base = { object: `${live.name}.${column.name}`, from: column.from ?? from };
    const one = found.get(column.name);
    if (one === undefined) {
      report({
        ...base,
        kind: "missing-column",
        expected: column.type,
        found: "no such column",
        effect: `every statement that lists the columns of ${live.name} fails (42703)`,
      });
      continue;
    }
    const domain = contract.domains.find(({ schema, name }) => `${schema}.${name}` === column.type);
    const verdict = judgeType(domain?.type ?? column.type, one.type, contract.source, column.reads);
    if (verdict?.severity === "error")
      report({
        ...base,
        kind: "wrong-type",
        expected: column.type,
        found: one.type,
        effect: verdict.why,
      });
  }
}

function compareTable(
  contract: RuntimeContract,
  positions: ReadonlyMap<string, number>,
  wanted: RuntimeTable,
  live: LiveRelation | null,
  report: Report,
): void {
  compareRead(wanted, live, contract, report);
  if (live === null || !wanted.access.some((access) => access !== "select")) return;
  if (wanted.columnsOnly === true && (live.kind === "m" || live.kind === "v")) return;
  const from = wanted.from ?? "the contract";
  if (live.kind === "m")
    return report({
      object: live.name,
      kind: "wrong-kind",
      expected: "a table",
      found: "a materialized view",
      from,
      effect: "every INSERT, UPDATE and DELETE fails (42809)",
    });
  // What is under a view is not seen here; the gate has the server plan the statements.
  if (live.kind === "v") {
    const bits = { insert: 8, update: 4, delete: 16 } as const;
    for (const [access, bit] of Object.entries(bits))
      if (wanted.access.includes(access) && (live.updatable & bit) === 0)
        report({
          object: live.name,
          kind: "wrong-kind",
          expected: "a table",
          found: `a view that takes no ${access.toUpperCase()}`,
          from,
          effect: `every ${access.toUpperCase()} fails (55000)`,
        });
    return;
  }
  const inserts = wanted.access.includes("insert");
  const known = new Map(wanted.columns.map((column) => [column.name, column]));
  for (const column of live.columns) {
    const expected = known.get(column.name);
    if (expected !== undefined && expected.used !== false)
      compareWrites(live, expected, column, inserts, contract, report, from);
    else if (inserts && column.notNull && !column.filled)
      report({
        object: `${live.name}.${column.name}`,
        kind: "extra-required-column",
        expected: "no such column, or one that may stay empty or has a default",
        found: `${column.type} NOT NULL without a default`,
        from,
        effect: `every INSERT of the release into ${live.name} fails (23502)`,
      });
  }
  if (inserts) compareKeys(wanted, live, report, from);
  compareReferences(positions, wanted, live, report, from);
}

function compareWrites(
  live: LiveRelation,
  wanted: RuntimeColumn,
  column: LiveColumn,
  inserts: boolean,
  contract: RuntimeContract,
  report: Report,
  tableFrom: string,
): void {
  const base = { object: `${live.name}.${column.name}`, from: wanted.from ?? tableFrom };
  if (wanted.nullable === true && column.notNull)
    report({
      ...base,
      kind: "wrong-nullability",
      expected: "a column that takes NULL",
      found: "NOT NULL",
      effect: "statements that write NULL, or no value, fail (23502)",
    });
  if (wanted.generated === null && column.generated && wanted.given === false) return;
  if ((wanted.generated === null) !== !column.generated)
    return report({
      ...base,
      kind: "wrong-generation",
      expected:
        wanted.generated === null ? "a column that the release writes" : "a generated column",
      found: column.generated ? "a generated column" : "a plain column",
      effect: column.generated
        ? "the server refuses every value for it (428C9)"
        : "it stays empty where a computed value is expected",
    });
  if (!inserts) return;
  if (column.identity === "a" && wanted.identity !== "always" && wanted.given !== false)
    report({
      ...base,
      kind: "wrong-identity",
      expected: "a column that takes values",
      found: "GENERATED ALWAYS AS IDENTITY",
      effect: "an INSERT that gives a value for it fails (428C9)",
    });
  const domain = contract.domains.find(({ schema, name }) => `${schema}.${name}` === wanted.type);
  const relied =
    wanted.default ?? domain?.default ?? wanted.identity ?? (wanted.filled === true ? "" : null);
  if (relied !== null && !wanted.supplied && !column.filled && wanted.generated === null)
    if (column.notNull || wanted.nullable === false)
      report({
        ...base,
        kind: "missing-default",
        expected:
          wanted.filled === true
            ? "a default"
            : wanted.identity === null
              ? `DEFAULT ${relied}`
              : "an identity column",
        found: "no default",
        effect: "an INSERT that leaves it to the default fails (23502) or writes NULL",
      });
}

function compareKeys(
  wanted: RuntimeTable,
  live: LiveRelation,
  report: Report,
  tableFrom: string,
): void {
  const unused = new Set(
    wanted.columns.filter(({ used }) => used === false).map(({ name }) => bare(name)),
  );
  for (const key of wanted.unique) {
    if (key.keys.some((one) => unused.has(bare(one)))) continue;
    const serves = (one: LiveKey) =>
      one.valid &&
      (key.deferrable || one.immediate) &&
      (!key.nullsNotDistinct || one.nullsNotDistinct || !takesNull(wanted, key.keys)) &&
      sameTexts(one.keys, key.keys) &&
      (one.predicate === null || bare(one.predicate) === bare(key.predicate ?? ""));
    if (live.keys.some((one) => serves(one) || unsure(key, one))) continue;
    report({
      object: `${live.name}.${key.name}`,
      kind: "missing-unique",
      expected: `UNIQUE (${key.keys.join(", ")})${key.predicate === null ? "" : ` WHERE ${key.predicate}`}`,
      found: "nothing valid and unique over these columns",
      from: key.from ?? tableFrom,
      effect: `ON CONFLICT (${key.keys.join(", ")}) fails (42P10), and duplicates are no longer refused`,
    });
  }
}

/** Expressions are printed otherwise in other sessions: what only they tell apart is left to the gate. */
function unsure(key: RuntimeTable["unique"][number], one: LiveKey): boolean {
  const expression = (text: string) => text.startsWith("(");
  if (!one.valid || one.keys.length !== key.keys.length) return false;
  if (key.keys.some(expression)) return one.keys.some(expression);
  return key.predicate !== null && one.predicate !== null && sameTexts(one.keys, key.keys);
}

function takesNull(wanted: RuntimeTable, keys: readonly string[]): boolean {
  return keys.some(
    (key) => wanted.columns.find(({ name }) => bare(name) === bare(key))?.nullable !== false,
  );
}

function sameTexts(left: readonly string[], right: readonly string[]): boolean {
  const texts = new Set(left.map(bare));
  return texts.size === right.length && right.every((text) => texts.has(bare(text)));
}

/** A printed expression without what depends on the session: quotes, parentheses, blanks. */
function bare(text: string): string {
  return text.replaceAll(/["()\s]/g, "");
}

const refusing = new Set(["a", "r"]);
const refusingWords = new Set(["no-action", "restrict"]);

function compareReferences(
  positions: ReadonlyMap<string, number>,
  wanted: RuntimeTable,
  live: LiveRelation,
  report: Report,
  tableFrom: string,
): void {
  for (const key of wanted.foreignKeys) {
    const parent = positions.get(bare(key.table));
    const found = live.foreignKeys.find(
      (one) =>
        one.parent === parent &&
        one.columns.join() === key.columns.join() &&
        one.references.join() === key.references.join(),
    );
    if (found === undefined) continue;
    const { deferrable = "no" } = key;
    if (
      deferrable !== "no" &&
      (!found.deferrable || (deferrable === "initially-deferred" && !found.deferred))
    )
      report({
        object: `${live.name}.${key.name}`,
        kind: "wrong-foreign-key",
        expected: `DEFERRABLE ${deferrable.toUpperCase().replaceAll("-", " ")}`,
        found: found.deferrable ? "DEFERRABLE INITIALLY IMMEDIATE" : "NOT DEFERRABLE",
        from: key.from ?? tableFrom,
        effect: "transactions that write a child before its parent fail (23503)",
      });
    for (const [event, expected, action] of [
      ["DELETE", key.onDelete, found.onDelete],
      ["UPDATE", key.onUpdate, found.onUpdate],
    ] as const) {
      const [only = ""] = found.columns;
      // Of several columns SET NULL may name some (PostgreSQL 15): that is left to the gate.
      const setsNull =
        action === "n" &&
        found.columns.length === 1 &&
        live.columns.some(({ name, notNull }) => name === only && notNull);
      if (!refusingWords.has(expected) && (refusing.has(action) || setsNull))
        report({
          object: `${live.name}.${key.name}`,
          kind: "wrong-foreign-key",
          expected: `ON ${event} ${expected.toUpperCase().replaceAll("-", " ")}`,
          found: `ON ${event} ${setsNull ? "SET NULL, which the column refuses" : action === "a" ? "NO ACTION" : "RESTRICT"}`,
          from: key.from ?? tableFrom,
          effect: `${event} of a parent with children fails (${setsNull ? "23502" : action === "r" ? "23503, from Postgres 18 on 23001" : "23503"}), which the release relies on`,
        });
    }
  }
}
