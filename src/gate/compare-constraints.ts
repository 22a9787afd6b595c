import { qualifiedName, type Constraint, type ForeignKeyConstraint } from "../catalog/index.ts";
import {
  checkText,
  type ContractCheckConstraint,
  type ContractForeignKey,
} from "../contract/index.ts";
import { quoteIdent } from "../sql/index.ts";
import { columnNamed, refusesNull, sameExpression } from "./live.ts";
import type { TablePair } from "./compare-columns.ts";
import type { Finding } from "./result.ts";

/** Foreign keys, CHECK and EXCLUDE constraints. */
export function compareConstraints(pair: TablePair): readonly Finding[] {
  return [...compareForeignKeys(pair), ...compareChecks(pair)];
}

function compareForeignKeys(pair: TablePair): readonly Finding[] {
  const { wanted, table, name, own } = pair;
  const live = table.constraints.filter(
    (one): one is ForeignKeyConstraint => one.kind === "foreign-key",
  );
  const matched = new Set<ForeignKeyConstraint>();
  const findings: Finding[] = [];
  for (const key of wanted.foreignKeys) {
    const found = live.find((one) => !matched.has(one) && sameReference(pair, key, one));
    if (found === undefined) {
      findings.push({
        severity: "warning",
        object: `${name}.${qualifiedName(key.name)}`,
        kind: "missing-foreign-key",
        expected: describeForeignKey(key),
        found: "no such foreign key",
        from: key.from,
        effect: "the database no longer refuses or removes rows whose parent is gone",
        address: `constraint ${own}.${qualifiedName(key.name)}`,
      });
      continue;
    }
    matched.add(found);
    findings.push(...compareActions(pair, key, found), ...compareState(pair, key.from, found));
  }
  if (wanted.access.includes("insert") || wanted.access.includes("update"))
    for (const one of live)
      if (!matched.has(one) && one.enforced) {
        const { table: parent, columns } = one.references;
        findings.push({
          severity: "warning",
          object: `${name}.${qualifiedName(one.name)}`,
          kind: "extra-foreign-key",
          expected: "no such rule: the code does not know it",
          found: `FOREIGN KEY (${one.columns.join(", ")}) REFERENCES ${parent} (${columns.join(", ")})`,
          from: wanted.from,
          effect:
            "rows of the code without a parent are refused, and so are deletes of parents (23503): it depends on the data",
        });
      }
  return findings;
}

function sameReference(
  { names }: TablePair,
  key: ContractForeignKey,
  found: ForeignKeyConstraint,
): boolean {
  const table = names.get(key.table) ?? key.table;
  if (found.references.table !== table) return false;
  const pairs = (columns: readonly string[], references: readonly string[]) =>
    columns
      .map((column, index) => `${column}\0${references[index]}`)
      .sort()
      .join("\0\0");
  return pairs(found.columns, found.references.columns) === pairs(key.columns, key.references);
}

const refuses = new Set(["no-action", "restrict"]);

function compareActions(
  pair: TablePair,
  key: ContractForeignKey,
  found: ForeignKeyConstraint,
): readonly Finding[] {
  const base = {
    object: `${pair.name}.${qualifiedName(found.name)}`,
    kind: "wrong-foreign-key",
    from: key.from,
    address: `constraint ${pair.own}.${qualifiedName(key.name)}`,
  } as const;
  const findings: Finding[] = [];
  for (const [event, wanted, live] of [
    ["DELETE", key.onDelete, found.onDelete],
    ["UPDATE", key.onUpdate, found.onUpdate],
  ] as const) {
    if (wanted === live || (refuses.has(wanted) && refuses.has(live))) continue;
    const nullRefused =
      live === "set-null" &&
      (found.onDeleteColumns.length === 0 || event === "UPDATE"
        ? found.columns
        : found.onDeleteColumns
      ).some((name) => {
        const column = columnNamed(pair.table, name);
        return column !== undefined && refusesNull(column, pair.live);
      });
    const fails = !refuses.has(wanted) && (refuses.has(live) || nullRefused);
    findings.push({
      ...base,
      severity: fails ? "error" : "warning",
      expected: `ON ${event} ${words(wanted)}`,
      found: `ON ${event} ${words(live)}`,
      effect: fails
        ? `a${event === "DELETE" ? " DELETE" : "n UPDATE of the key"} of a parent with children fails (${nullRefused ? "23502" : live === "restrict" ? "23503, from Postgres 18 on 23001" : "23503"}), which the code relies on`
        : refuses.has(wanted)
          ? `a${event === "DELETE" ? " DELETE" : "n UPDATE of the key"} that the code expects to be refused changes children silently`
          : `children are treated otherwise when their parent ${event === "DELETE" ? "goes" : "changes"}`,
    });
  }
  if (key.deferrable !== "no" && found.deferrable !== key.deferrable)
    findings.push({
      ...base,
      severity:
        found.deferrable === "no" || key.deferrable === "initially-deferred" ? "error" : "warning",
      expected: words(key.deferrable),
      found: found.deferrable === "no" ? "NOT DEFERRABLE" : words(found.deferrable),
      effect: "transactions of the code that write a child before its parent fail (23503)",
    });
  return findings;
}

/** NOT VALID and NOT ENFORCED: the rule stands, and rows may break it. */
function compareState(
  { name, sqlName, own: table }: TablePair,
  from: string | undefined,
  found: Constraint,
): readonly Finding[] {
  if (found.valid && found.enforced) return [];
  const own = qualifiedName(found.name);
  return [
    {
      severity: "warning",
      object: `${name}.${own}`,
      kind: "not-validated",
      expected: "a validated constraint",
      found: found.enforced
        ? "NOT VALID: old rows were never checked"
        : "NOT ENFORCED: nothing checks it",
      from,
      effect: "rows that break the rule may be among those the code reads",
      address: `constraint ${table}.${own}`,
      ...(found.enforced
        ? { next: `ALTER TABLE ${sqlName} VALIDATE CONSTRAINT ${quoteIdent(found.name)}` }
        : {}),
    },
  ];
}

function compareChecks(pair: TablePair): readonly Finding[] {
  const { wanted, table, name, own } = pair;
  const live = table.constraints.filter((one) => one.kind === "check" || one.kind === "exclusion");
  const matched = new Set<Constraint>();
  const findings: Finding[] = [];
  const rest: ContractCheckConstraint[] = [];
  for (const check of wanted.checks) {
    const found = live.find(
      (one) => !matched.has(one) && sameCheck(pair, checkText(one), check.definition),
    );
    if (found === undefined) rest.push(check);
    else {
      matched.add(found);
      findings.push(...compareState(pair, check.from, found));
    }
  }
  for (const check of rest) {
    const found = live.find((one) => !matched.has(one) && one.name === check.name);
    if (found !== undefined) matched.add(found);
    findings.push({
      severity: "warning",
      object: `${name}.${qualifiedName(check.name)}`,
      kind: found === undefined ? "missing-check" : "wrong-check",
      expected: check.definition,
      found: found === undefined ? "no such constraint" : checkText(found),
      from: check.from,
      effect:
        found === undefined
          ? "the database no longer refuses rows that break the rule"
          : "rows of the code may be refused (23514): it depends on the data",
      address: `constraint ${own}.${qualifiedName(check.name)}`,
      ...(found === undefined ? {} : refusable(pair, found)),
    });
  }
  if (wanted.access.includes("insert") || wanted.access.includes("update"))
    for (const one of live)
      if (!matched.has(one) && one.enforced)
        findings.push({
          severity: "warning",
          object: `${name}.${qualifiedName(one.name)}`,
          kind: "extra-check",
          expected: "no such rule: the code does not know it",
          found: checkText(one),
          from: wanted.from,
          effect: `rows of the code may be refused (${one.kind === "check" ? "23514" : "23P01"}): it depends on the data`,
          address: `constraint ${own}.${qualifiedName(one.name)}`,
          ...refusable(pair, one),
        });
  return findings;
}

/** A check of one column whose values are all known need not be left to the data. */
function refusable(
  { contract, wanted, table }: TablePair,
  check: Constraint,
): Pick<Finding, "ifRefused"> {
  if (check.kind !== "check" || check.columns.length !== 1) return {};
  const [name] = check.columns as [string];
  const column = wanted.columns.find((one) => one.name === name);
  const type = columnNamed(table, name)?.type.text;
  if (column === undefined || type === undefined) return {};
  const labels = contract.enums.find((one) => qualifiedName(one.schema, one.name) === column.type);
  const values =
    column.values ?? labels?.labels ?? (column.type === "boolean" ? ["true", "false"] : undefined);
  if (values === undefined) return {};
  return { ifRefused: { column: name, type, values, expression: check.expression } };
}

/** `CHECK (…)` and `EXCLUDE …` by their expression, which can be printed in more than one way. */
function sameCheck({ live }: TablePair, left: string, right: string): boolean {
  const inner = (text: string) => (text.startsWith("CHECK ") ? text.slice("CHECK ".length) : text);
  return sameExpression(live, inner(left), inner(right));
}

function describeForeignKey({ columns, table, references, onDelete }: ContractForeignKey): string {
  const action = onDelete === "no-action" ? "" : ` ON DELETE ${words(onDelete)}`;
  return `FOREIGN KEY (${columns.join(", ")}) REFERENCES ${table} (${references.join(", ")})${action}`;
}

function words(action: string): string {
  return action.toUpperCase().replaceAll("-", " ");
}
