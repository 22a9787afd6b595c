import { qualifiedName, type Column, type Table } from "../catalog/index.ts";
import type { Contract, ContractColumn, ContractTable } from "../contract/index.ts";
import { quoteIdent } from "../sql/index.ts";
import { judgeType, typescriptForm, type TypeVerdict } from "../runtime/index.ts";
import { describeExpected, describeFound } from "./describe-column.ts";
import { columnNamed, fillsItself, refusesNull, sameExpression, type Live } from "./live.ts";
import type { Finding } from "./result.ts";
import { asUnused } from "./unused.ts";

/** A contract's table with the live one that stands for it. */
export interface TablePair {
  readonly contract: Contract;
  readonly wanted: ContractTable;
  /** Name of the live table. */
  readonly name: string;
  /** The live table's name as SQL. */
  readonly sqlName: string;
  /** Name in the contract and the migrations, which differs when `search_path` leads elsewhere. */
  readonly own: string;
  readonly table: Table;
  readonly live: Live;
  /** Live names of the contract's tables, by their names in the contract. */
  readonly names: ReadonlyMap<string, string>;
}

/** Columns that are missing or other than the code's statements need, and unknown ones that they cannot fill. */
export function compareColumns(pair: TablePair): readonly Finding[] {
  const { wanted, table } = pair;
  const findings: Finding[] = [];
  const known = new Set(wanted.columns.map(({ name }) => name));
  for (const [at, column] of wanted.columns.entries()) {
    const same = table.columns[at];
    const found = same?.name === column.name ? same : columnNamed(table, column.name);
    if (column.used === false) findings.push(...compareUnused(pair, column, found));
    else if (found === undefined) findings.push(missingColumn(pair, column));
    else if (!isExactly(column, found)) findings.push(...compareColumn(pair, column, found));
  }
  if (wanted.access.includes("insert"))
    for (const column of table.columns)
      if (!known.has(column.name)) findings.push(...extraColumn(pair, column));
  return findings;
}

/** A column that the code never names breaks it only by asking every row for a value. */
function compareUnused(
  pair: TablePair,
  column: ContractColumn,
  found: Column | undefined,
): readonly Finding[] {
  const asks =
    found !== undefined && pair.wanted.access.includes("insert") ? extraColumn(pair, found) : [];
  // No file of the code declares it: it is nobody's expectation.
  if (pair.contract.source === "queries") return asks;
  if (found === undefined) return asUnused([missingColumn(pair, column)]);
  return asks.length > 0 ? asks : asUnused(compareColumn(pair, column, found));
}

function missingColumn(
  { name, sqlName, own, contract }: TablePair,
  column: ContractColumn,
): Finding {
  const fillsItself =
    column.default !== null || column.identity !== null || column.generated !== null;
  const onRows =
    column.nullable === false && !fillsItself
      ? " (refused while the table has rows: add it without NOT NULL, fill it, then set NOT NULL)"
      : "";
  return {
    severity: "error",
    object: `${name}.${qualifiedName(column.name)}`,
    kind: "missing-column",
    expected: describeExpected(column),
    found: "no such column",
    from: column.from,
    effect:
      contract.source === "queries"
        ? "the statements that name it fail (42703)"
        : `every statement that lists the columns of ${name} fails (42703): the code names them all`,
    address: `column ${own}.${qualifiedName(column.name)}`,
    next: `ALTER TABLE ${sqlName} ADD COLUMN ${quoteIdent(column.name)} ${describeExpected(column)}${onRows}`,
  };
}

/** An unknown column that takes no NULL and fills itself with nothing refuses every row of the code. */
function extraColumn(
  { name, sqlName, own, wanted, live }: TablePair,
  column: Column,
): readonly Finding[] {
  if (!refusesNull(column, live) || fillsItself(column, live)) return [];
  return [
    {
      severity: "error",
      object: `${name}.${qualifiedName(column.name)}`,
      kind: "extra-required-column",
      expected: "no such column, or one that may stay empty or has a default",
      found: `${describeFound(column)}, which the code does not know`,
      from: wanted.from,
      effect: `every INSERT of the code into ${name} fails (23502): it gives the column no value`,
      address: `column ${own}.${qualifiedName(column.name)}`,
      next: `ALTER TABLE ${sqlName} ALTER COLUMN ${quoteIdent(column.name)} DROP NOT NULL`,
    },
  ];
}

/** The usual case, told at a glance. */
function isExactly(column: ContractColumn, found: Column): boolean {
  return (
    column.type === found.type.text &&
    found.type.kind !== "domain" &&
    column.nullable === found.nullable &&
    column.default === found.default &&
    column.identity === (found.identity?.generation ?? null) &&
    column.collation === found.collation &&
    column.generated === null &&
    found.generated === null &&
    found.notNull?.valid !== false
  );
}

function compareColumn(pair: TablePair, column: ContractColumn, found: Column): readonly Finding[] {
  const base = {
    object: `${pair.name}.${qualifiedName(column.name)}`,
    from: column.from,
    address: `column ${pair.own}.${qualifiedName(column.name)}`,
  };
  const inserts = pair.wanted.access.includes("insert");
  const writes = inserts || pair.wanted.access.includes("update");
  return [
    ...compareType(pair, column, found, base),
    ...compareLabels(pair, column, found, base),
    ...compareNull(pair, column, found, base, writes),
    ...compareGeneration(pair, column, found, base, inserts),
    ...compareCollation(column, found, base),
  ];
}

type Base = Pick<Finding, "object" | "from" | "address">;

function compareType(
  { contract, live }: TablePair,
  column: ContractColumn,
  found: Column,
  base: Base,
): readonly Finding[] {
  const verdict = judgeColumnType(contract, column, found, live);
  if (verdict === undefined) return [];
  return [
    {
      ...base,
      severity: verdict.severity,
      kind: "wrong-type",
      expected: column.type,
      found: found.type.text,
      effect: verdict.why,
    },
  ];
}

/** Values of an enum of which only the code's side is known. */
function compareLabels(
  { live }: TablePair,
  column: ContractColumn,
  found: Column,
  base: Base,
): readonly Finding[] {
  const { type } = found;
  if (typescriptForm(column.type) === undefined || type.kind !== "enum") return [];
  const labels = live.catalog.enums[qualifiedName(type.schema, type.name)]?.labels ?? [];
  return (column.values ?? [])
    .filter((value) => !labels.includes(value))
    .map((value) => ({
      ...base,
      severity: "error",
      kind: "missing-enum-value",
      expected: `value '${value}'`,
      found: `only ${labels.map((one) => `'${one}'`).join(", ")}`,
      effect: `a statement that writes or compares '${value}' fails (22P02)`,
    }));
}

function judgeColumnType(
  contract: Contract,
  column: ContractColumn,
  found: Column,
  live: Live,
): TypeVerdict | undefined {
  if (column.type === found.type.text) return undefined;
  // The protocol names the type under a domain (RowDescription), so drivers never see one.
  const expected = contract.domains.find(
    ({ schema, name }) => qualifiedName(schema, name) === column.type,
  );
  const domain = live.domain(found.type);
  const verdict = judgeType(
    expected?.type ?? column.type,
    domain?.baseType.text ?? found.type.text,
    contract.source,
    column.reads,
  );
  if (verdict?.severity === "error") return verdict;
  if (domain !== undefined && domain.checks.length > 0)
    return {
      severity: "warning",
      why: `rows may be refused by the checks of the domain: it depends on the data (${domain.checks[0]!.expression})`,
    };
  if (expected !== undefined && expected.checks.length > 0)
    return verdict ?? { severity: "warning", why: "the checks of the domain no longer guard it" };
  return verdict;
}

function compareNull(
  { live, name }: TablePair,
  column: ContractColumn,
  found: Column,
  base: Base,
  writes: boolean,
): readonly Finding[] {
  const refused = refusesNull(found, live);
  if (column.nullable === true && refused && writes)
    return [
      {
        ...base,
        severity: "error",
        kind: "wrong-nullability",
        expected: "a column that takes NULL",
        found: "NOT NULL",
        effect: `statements of the code that write NULL, or no value, into ${name} fail (23502)`,
      },
    ];
  if (column.nullable !== false || column.generated !== null) return [];
  if (!refused)
    return [
      {
        ...base,
        severity: "warning",
        kind: "wrong-nullability",
        expected: "NOT NULL",
        found: "a column that takes NULL",
        effect: "rows written by others may hold NULL, which the code does not expect",
      },
    ];
  if (found.notNull?.valid !== false) return [];
  return [
    {
      ...base,
      severity: "warning",
      kind: "not-validated",
      expected: "NOT NULL",
      found: "NOT NULL … NOT VALID: old rows were never checked",
      effect: "old rows may hold NULL, which the code does not expect",
    },
  ];
}

function compareGeneration(
  { live, name, contract, wanted }: TablePair,
  column: ContractColumn,
  found: Column,
  base: Base,
  inserts: boolean,
): readonly Finding[] {
  if (column.generated === null && found.generated !== null && column.given === false) return [];
  if ((column.generated === null) !== (found.generated === null))
    return [
      {
        ...base,
        severity: column.generated === null && !inserts ? "warning" : "error",
        kind: "wrong-generation",
        expected:
          column.generated === null ? "a column that the code writes" : describeExpected(column),
        found: describeFound(found),
        effect:
          column.generated === null
            ? "the server refuses every value that the code gives for it (428C9)"
            : "the code never writes it, so it stays empty where a computed value is expected",
      },
    ];
  if (column.generated !== null && found.generated !== null)
    return sameExpression(live, column.generated.expression, found.generated.expression)
      ? []
      : [
          {
            ...base,
            severity: "warning",
            kind: "wrong-generation",
            expected: `(${column.generated.expression})`,
            found: `(${found.generated.expression})`,
            effect: "the database computes another value",
          },
        ];
  if (!inserts) return [];
  const isGiven = column.identity !== "always" && column.given !== false;
  if (found.identity?.generation === "always" && isGiven)
    return [
      {
        ...base,
        severity: "error",
        kind: "wrong-identity",
        expected: describeExpected(column),
        found: "GENERATED ALWAYS AS IDENTITY",
        effect: `an INSERT that gives a value for it fails (428C9)`,
      },
    ];
  const domain = contract.domains.find(
    ({ schema, name: own }) => qualifiedName(schema, own) === column.type,
  );
  const relied = column.default ?? domain?.default ?? null;
  const isFilled = column.filled === true;
  if ((relied === null && column.identity === null && !isFilled) || column.supplied) return [];
  if (!fillsItself(found, live)) {
    const refused = refusesNull(found, live);
    const expectsValue = column.nullable === false;
    return [
      {
        ...base,
        severity: refused || expectsValue ? "error" : "warning",
        kind: "missing-default",
        expected: isFilled
          ? "a default"
          : column.identity === null
            ? `DEFAULT ${relied}`
            : describeExpected(column),
        found: "no default",
        effect: refused
          ? `an INSERT into ${name} that leaves it to the default fails (23502)`
          : expectsValue
            ? "rows get NULL where the code expects the default's value"
            : "rows get NULL instead of the default's value",
      },
    ];
  }
  if (isFilled) return [];
  return compareDefault(column, relied, found, base, inUniqueKey(wanted, column), live);
}

function compareDefault(
  column: ContractColumn,
  relied: string | null,
  found: Column,
  base: Base,
  unique: boolean,
  live: Live,
): readonly Finding[] {
  const given = found.default ?? live.domain(found.type)?.default ?? null;
  const counts = column.identity !== null || countsUp(relied);
  const liveCounts = found.identity !== null || countsUp(given);
  if ((counts && liveCounts) || sameExpression(live, relied, given)) return [];
  return [
    {
      ...base,
      severity: "warning",
      kind: "wrong-default",
      expected: relied === null ? describeExpected(column) : `DEFAULT ${relied}`,
      found: given === null ? describeFound(found) : `DEFAULT ${given}`,
      effect: "rows that leave it to the default get another value",
      ...(unique && given !== null && !liveCounts
        ? {
            whenConstant: {
              expression: given,
              effect:
                "every row gets the same value in a column that must be unique, so the second INSERT fails (23505)",
            },
          }
        : {}),
    },
  ];
}

/** True for the default of a serial column, as Postgres prints it. */
function countsUp(expression: string | null): boolean {
  return expression?.startsWith("nextval(") ?? false;
}

function inUniqueKey(wanted: ContractTable, column: ContractColumn): boolean {
  const own = qualifiedName(column.name);
  return wanted.unique.some(({ keys }) => keys.length === 1 && keys[0] === own);
}

function compareCollation(column: ContractColumn, found: Column, base: Base): readonly Finding[] {
  if (column.collation === found.collation || typescriptForm(column.type) !== undefined) return [];
  return [
    {
      ...base,
      severity: "warning",
      kind: "wrong-collation",
      expected: column.collation ?? "the type's own collation",
      found: found.collation ?? "the type's own collation",
      effect: "texts are sorted and compared otherwise",
    },
  ];
}
