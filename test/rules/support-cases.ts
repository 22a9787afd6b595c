import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import type { Sizes, TransactionMode } from "../../src/effects/index.ts";
import type { EarlierFile } from "../../src/rules/index.ts";
import { qualifiedName } from "../../src/sql/index.ts";

/** What a case expects at one line of its migration. */
export interface Expected {
  readonly rule: string;
  readonly level: "hazard" | "info";
  /** 1-based line within the migration. */
  readonly line: number;
}

/** One migration with the findings that it must give, exactly. */
export interface RuleCase {
  /** The rule whose file it is in. */
  readonly rule: string;
  readonly title: string;
  readonly kind: "bad" | "good";
  /** Rows of the table in docs/rules.md that it stands for. */
  readonly union: readonly number[];
  readonly transaction: TransactionMode;
  readonly majors: readonly number[];
  /** True unless `-- runner: none`: what runs the migrations sets timeouts, so that cases are about one thing. */
  readonly runnerSetsTimeouts: boolean;
  readonly sizes: Sizes | undefined;
  /** Files that were checked before it in the same run, with what they lock. */
  readonly earlier: readonly EarlierFile[];
  readonly hasDown: boolean | undefined;
  /** For what cannot be the same both ways: an effect that is unknown until it is observed. */
  readonly only: "predicted" | "observed" | undefined;
  readonly base: string;
  readonly migration: string;
  readonly expected: readonly Expected[];
}

export const casesFolder = join(import.meta.dirname, "cases");

export function readCases(): readonly RuleCase[] {
  return readdirSync(casesFolder)
    .filter((file) => file.endsWith(".sql"))
    .sort()
    .flatMap((file) =>
      parseCases(basename(file, ".sql"), readFileSync(join(casesFolder, file), "utf8")),
    );
}

export function parseCases(rule: string, text: string): readonly RuleCase[] {
  const cases: RuleCase[] = [];
  let lines: string[] | undefined;
  const flush = () => {
    if (lines !== undefined) cases.push(parseCase(rule, lines));
  };
  for (const line of text.split("\n")) {
    if (/^-- (?:bad|good): /.test(line)) {
      flush();
      lines = [line];
    } else if (lines !== undefined) lines.push(line);
    else if (line.trim() !== "")
      throw new Error(`${rule}.sql: text before the first case: ${line}`);
  }
  flush();
  return cases;
}

function parseCase(rule: string, lines: readonly string[]): RuleCase {
  const [, kind, title] = /^-- (bad|good): (.*)$/.exec(lines[0]!)!;
  const base = lines.indexOf("-- base");
  const migration = lines.indexOf("-- migration");
  const where = `${rule}.sql, ${title}`;
  if (base === -1 || migration < base) throw new Error(`${where}: no -- base before -- migration`);
  const options = new Map<string, string>();
  for (const line of lines.slice(1, base)) {
    const option = /^-- (union|transaction|pg|runner|sizes|server|earlier|down|only): (.+)$/.exec(
      line,
    );
    if (option === null) throw new Error(`${where}: not an option: ${line}`);
    options.set(option[1]!, option[2]!);
  }
  const body = lines.slice(migration + 1);
  return {
    rule,
    title: title!,
    kind: kind as "bad" | "good",
    union: (options.get("union") ?? "").split(",").filter(Boolean).map(Number),
    transaction: (options.get("transaction") ?? "statement") as TransactionMode,
    majors: majorsOf(options.get("pg") ?? "14-18"),
    runnerSetsTimeouts: options.get("runner") !== "none",
    sizes: sizesOf(options.get("sizes"), options.get("server")),
    earlier: earlierOf(options.get("earlier")),
    hasDown: options.has("down") ? options.get("down") === "there" : undefined,
    only: options.get("only") as RuleCase["only"],
    base: lines.slice(base + 1, migration).join("\n"),
    migration: `${body.join("\n").trimEnd()}\n`,
    expected: body.flatMap((line, index) =>
      [...line.matchAll(/-- (?<sign>[!i]) (?<rules>[a-z, -]+?)(?=\s*(?:--|$))/g)].flatMap(
        ({ groups }) =>
          groups!["rules"]!.split(",").map((name) => ({
            rule: name.trim(),
            level: groups!["sign"] === "!" ? ("hazard" as const) : ("info" as const),
            line: index + 1,
          })),
      ),
    ),
  };
}

function majorsOf(text: string): readonly number[] {
  const [from, to = from] = text.split("-").map(Number) as [number, number?];
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}

/** `1.sql public.users public.orders; …` */
function earlierOf(text: string | undefined): readonly EarlierFile[] {
  return (text?.split(";") ?? []).map((part) => {
    const [file, ...locked] = part.trim().split(" ");
    return { file: file!, locked: locked.map((name) => qualifiedName(...name.split("."))) };
  });
}

/** `public.users 5000 rows 400000 bytes; …`, and the exact version of the server that they were taken from. */
function sizesOf(text: string | undefined, serverVersion = "18.0"): Sizes | undefined {
  if (text === undefined) return undefined;
  const relations = text.split(";").map((part) => {
    const [, name, rows, bytes] = /^\s*(\S+) (\d+) rows (\d+) bytes\s*$/.exec(part)!;
    const totalBytes = Number(bytes);
    return [name!, { rows: Number(rows), bytes: totalBytes, totalBytes }] as const;
  });
  return {
    version: 1,
    takenAt: "2026-01-01T00:00:00Z",
    serverVersion,
    relations: Object.fromEntries(relations),
  };
}
