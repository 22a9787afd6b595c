import { qualifiedName, type Table } from "../catalog/index.ts";
import type { Contract, ContractTable, ContractView } from "../contract/index.ts";
import { quoteQualified } from "../sql/index.ts";
import { compareColumns, type TablePair } from "./compare-columns.ts";
import { compareConstraints } from "./compare-constraints.ts";
import { compareIndexes } from "./compare-indexes.ts";
import { compareKeys } from "./compare-keys.ts";
import { compareTypes } from "./compare-types.ts";
import { describeExpected } from "./describe-column.ts";
import type { Live } from "./live.ts";
import type { Finding } from "./result.ts";
import { asUnused } from "./unused.ts";
import { judgeType } from "../runtime/index.ts";

/** Tables of the contract that only a view stands for; whether it can is asked of the server. */
export interface ViewStandIn {
  readonly wanted: ContractTable;
  readonly view: { readonly schema: string; readonly name: string };
}

/**
 * A contract against a live schema. What the database has beyond the contract is no difference, unless it
 * breaks the code's statements. Missing objects come first.
 */
export function compareContract(
  contract: Contract,
  live: Live,
): { readonly findings: readonly Finding[]; readonly standIns: readonly ViewStandIn[] } {
  const standIns: ViewStandIn[] = [];
  const names = new Map(
    contract.tables.map((table) => [qualifiedName(table.schema, table.name), live.resolve(table)]),
  );
  const scope: Scope = { contract, live, names, standIns };
  const findings = [
    ...compareSchemas(contract, live),
    ...compareTypes(contract, live),
    ...contract.tables.flatMap((wanted) => {
      const found = compareTable(scope, wanted);
      return wanted.access.length === 0 ? asUnused(found) : found;
    }),
    ...contract.views.flatMap((wanted) => compareView(wanted, live, contract.source)),
  ];
  return { findings, standIns };
}

function compareSchemas(contract: Contract, live: Live): readonly Finding[] {
  const there = new Set(live.catalog.schemas.map(({ name }) => name));
  const wanted = new Map<string, string | undefined>();
  const tables = contract.tables.filter(({ access }) => access.length > 0);
  for (const { schema, from, unqualified } of [...tables, ...contract.views])
    if (!unqualified && !wanted.has(schema)) wanted.set(schema, from);
  return [...wanted]
    .filter(([schema]) => !there.has(schema))
    .map(([schema, from]) => ({
      severity: "error",
      object: qualifiedName(schema),
      kind: "missing-schema",
      expected: `schema ${qualifiedName(schema)}`,
      found: "no such schema",
      from,
      effect: "every statement on its tables fails (3F000, 42P01)",
      address: `schema ${qualifiedName(schema)}`,
    }));
}

interface Scope {
  readonly contract: Contract;
  readonly live: Live;
  readonly names: ReadonlyMap<string, string>;
  readonly standIns: ViewStandIn[];
}

function compareTable(
  { contract, live, names, standIns }: Scope,
  wanted: ContractTable,
): readonly Finding[] {
  const own = qualifiedName(wanted.schema, wanted.name);
  const name = names.get(own) ?? own;
  const table: Table | undefined = live.catalog.tables[name];
  if (table !== undefined) {
    const pair: TablePair = {
      contract,
      wanted,
      name,
      sqlName: quoteQualified(table.schema, table.name),
      own,
      table,
      live,
      names,
    };
    return [
      ...compareColumns(pair),
      ...(wanted.columnsOnly === true
        ? []
        : [
            ...compareKeys(pair),
            ...compareConstraints(pair),
            ...compareIndexes(pair),
            ...compareRowSecurity(pair),
          ]),
    ];
  }
  const base = { object: name, from: wanted.from, address: `relation ${own}` };
  const view = live.catalog.views[name] ?? live.catalog.materializedViews[name];
  if (view === undefined)
    return [
      {
        ...base,
        severity: "error",
        kind: "missing-table",
        expected: `a table with ${wanted.columns.length} columns`,
        found: "no such table",
        effect: "every statement on it fails (42P01)",
      },
    ];
  if (wanted.columnsOnly === true)
    return compareReadColumns(name, wanted, view.columns, contract.source);
  const writes = wanted.access.some((access) => access !== "select");
  if (live.catalog.views[name] === undefined && writes)
    return [
      {
        ...base,
        severity: "error",
        kind: "wrong-kind",
        expected: "a table",
        found: "a materialized view",
        effect: "every INSERT, UPDATE and DELETE fails (42809)",
      },
    ];
  standIns.push({ wanted, view });
  return compareReadColumns(name, wanted, view.columns, contract.source);
}

/** Row security that the code was not built with hides or refuses rows of roles that it applies to. */
function compareRowSecurity({ wanted, table, name, own }: TablePair): readonly Finding[] {
  if (wanted.rowSecurity || !table.rowSecurity) return [];
  return [
    {
      severity: "warning",
      object: name,
      kind: "row-security",
      expected: "a table without row security",
      found: table.forceRowSecurity ? "row security, forced for its owner too" : "row security",
      from: wanted.from,
      effect:
        "rows are hidden from the release, or refused, unless its role owns the table, bypasses row security or a policy lets it",
      address: `relation ${own}`,
    },
  ];
}

function compareView(
  wanted: ContractView,
  live: Live,
  source: Contract["source"],
): readonly Finding[] {
  const name = live.resolve(wanted);
  const { tables, views, materializedViews } = live.catalog;
  const own = qualifiedName(wanted.schema, wanted.name);
  const base = { object: name, from: wanted.from, address: `relation ${own}` };
  const found = views[name] ?? materializedViews[name] ?? tables[name];
  if (found === undefined)
    return [
      {
        ...base,
        severity: "error",
        kind: "missing-view",
        expected: `a ${wanted.materialized ? "materialized " : ""}view with ${wanted.columns.length} columns`,
        found: "no such view",
        effect: "every query on it fails (42P01)",
      },
    ];
  const kind: readonly Finding[] =
    wanted.materialized && materializedViews[name] === undefined
      ? [
          {
            ...base,
            severity: "warning",
            kind: "wrong-kind",
            expected: "a materialized view",
            found: views[name] === undefined ? "a table" : "a plain view",
            effect: "REFRESH MATERIALIZED VIEW fails (42809)",
          },
        ]
      : [];
  return [...kind, ...compareReadColumns(name, wanted, found.columns, source)];
}

/** Columns of something that is only read: they must be there and of a type the code can read. */
function compareReadColumns(
  name: string,
  wanted: ContractTable | ContractView,
  found: readonly { readonly name: string; readonly type: { readonly text: string } }[],
  source: Contract["source"],
): readonly Finding[] {
  return wanted.columns.flatMap((column): readonly Finding[] => {
    if ("used" in column) return [];
    const own = qualifiedName(wanted.schema, wanted.name, column.name);
    const object = `${name}.${qualifiedName(column.name)}`;
    const base = { object, from: column.from, address: `column ${own}` };
    const live = found.find((one) => one.name === column.name);
    if (live === undefined)
      return [
        {
          ...base,
          severity: "error",
          kind: "missing-column",
          expected: "nullable" in column ? describeExpected(column) : column.type,
          found: "no such column",
          effect: `every query that lists the columns of ${name} fails (42703)`,
        },
      ];
    const verdict = judgeType(column.type, live.type.text, source);
    if (verdict === undefined) return [];
    return [
      {
        ...base,
        severity: verdict.severity,
        kind: "wrong-type",
        expected: column.type,
        found: live.type.text,
        effect: verdict.why,
      },
    ];
  });
}
