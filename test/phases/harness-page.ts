import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Carriage, Subject } from "./harness.ts";

/** One case on one server, as the harness writes it down. */
export interface CarriedCase extends Subject, Carriage {
  readonly name: string;
  readonly version: string;
  /** Processes were killed at every so-many-th moment. */
  readonly killEvery: number;
}

/** What is known of one case on one major. */
interface Carried extends Omit<Carriage, "failures"> {
  readonly version: string;
  readonly killEvery: number;
  readonly failures: number;
}

interface OperationRows {
  readonly does: string;
  /** By case, then by major. */
  readonly cases: Readonly<Record<string, Readonly<Record<string, Carried>>>>;
}

export type CarriedTable = Readonly<Record<string, OperationRows>>;

const dataFile = join(import.meta.dirname, "carried.json");
export const pageFile = join(import.meta.dirname, "../../docs/plan-operations.md");

export function readTable(): CarriedTable {
  return existsSync(dataFile) ? (JSON.parse(readFileSync(dataFile, "utf8")) as CarriedTable) : {};
}

/** Writes what was found into the data and the page; the rest stays. */
export function writeTable(found: readonly CarriedCase[], areWhole: boolean): void {
  const table = mergeCases(readTable(), found, areWhole);
  writeFileSync(dataFile, `${JSON.stringify(table, undefined, 2)}\n`);
  writeFileSync(pageFile, operationsPage(readFileSync(pageFile, "utf8"), table));
}

/**
 * A case that was carried again has the new row, on its major.
 *
 * @param areWhole all cases of each operation were carried: what it had besides on these majors is no case any more
 */
export function mergeCases(
  known: CarriedTable,
  found: readonly CarriedCase[],
  areWhole: boolean,
): CarriedTable {
  const operations = new Map(Object.entries(known));
  const majors = new Set(found.map(majorOf));
  for (const operation of new Set(found.map((one) => one.operation))) {
    const own = found.filter((one) => one.operation === operation);
    const cases = new Map(
      Object.entries(operations.get(operation)?.cases ?? {}).map(([name, rows]) => [
        name,
        areWhole ? without(rows, majors) : rows,
      ]),
    );
    for (const one of own)
      cases.set(one.name, { ...cases.get(one.name), [majorOf(one)]: row(one) });
    const left = [...cases].filter(([, rows]) => Object.keys(rows).length > 0);
    operations.set(operation, { does: own[0]!.does, cases: Object.fromEntries(left) });
  }
  return Object.fromEntries([...operations].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function without(
  rows: Readonly<Record<string, Carried>>,
  majors: ReadonlySet<string>,
): Readonly<Record<string, Carried>> {
  return Object.fromEntries(Object.entries(rows).filter(([major]) => !majors.has(major)));
}

function majorOf({ version }: Pick<CarriedCase, "version">): string {
  return version.split(".", 1)[0]!;
}

function row({ plan, version, killEvery, kills, statements, failures }: CarriedCase): Carried {
  return { plan, version, killEvery, kills, statements, failures: failures.length };
}

const marks = ["<!-- carried: begin -->", "<!-- carried: end -->"] as const;

/** The page with the table between its marks. */
export function operationsPage(page: string, table: CarriedTable): string {
  const [begin, end] = marks;
  const from = page.indexOf(begin) + begin.length;
  return [page.slice(0, from), blockOf(table), page.slice(page.indexOf(end))].join("\n\n");
}

function blockOf(table: CarriedTable): string {
  const tried = new Set(
    rowsOf(table)
      .flat()
      .map(({ version, killEvery }) => `${version} at ${every(killEvery)}`),
  );
  return [
    `Killed on Postgres ${[...tried].sort().join(", ")}. What has no row was not carried.`,
    [
      "| operation | what it does | cases | kills | statements of both releases | failures | on |",
      "| --- | --- | --- | --- | --- | --- | --- |",
      ...Object.entries(table).map(([name, operation]) => operationLine(name, operation)),
    ].join("\n"),
    "## Cases\n\nKills on each major; the number of failures behind it, where there are any.",
    ...Object.entries(table).map(([name, { cases }]) => casesText(name, cases)),
  ].join("\n\n");
}

function every(nth: number): string {
  return nth === 1 ? "every moment" : `each moment of ${nth}`;
}

function rowsOf(table: CarriedTable): readonly (readonly Carried[])[] {
  return Object.values(table).flatMap(({ cases }) =>
    Object.values(cases).map((rows) => Object.values(rows)),
  );
}

function operationLine(name: string, { does, cases }: OperationRows): string {
  const rows = Object.values(cases).flatMap((one) => Object.values(one));
  const sum = (of: (one: Carried) => number) =>
    rows.reduce((all, one) => all + of(one), 0).toLocaleString("en");
  const majors = [...new Set(rows.map(majorOf))].sort().join(", ");
  const cells = [
    name,
    does,
    `${Object.keys(cases).length}`,
    sum(({ kills }) => kills),
    sum(({ statements }) => statements),
    sum(({ failures }) => failures),
    majors,
  ];
  return `| ${cells.join(" | ")} |`;
}

const majors = ["14", "15", "16", "17", "18"];

function casesText(name: string, cases: OperationRows["cases"]): string {
  return [
    `### ${name}\n`,
    `| case | ${majors.join(" | ")} |`,
    `| --- |${majors.map(() => " --- |").join("")}`,
    ...Object.entries(cases).map(
      ([one, rows]) =>
        `| ${one.replaceAll("|", "\\|")} | ${majors.map((major) => cellOf(rows[major])).join(" | ")} |`,
    ),
  ].join("\n");
}

function cellOf(row: Carried | undefined): string {
  if (row === undefined) return "";
  return row.failures === 0 ? `${row.kills}` : `${row.kills}, **${row.failures} failures**`;
}
