import { afterAll, beforeAll, expect, test } from "vitest";
import { diff, introspect } from "../../src/catalog/index.ts";
import { Session } from "../../src/pg/index.ts";
import { applyFixes, type Finding } from "../../src/rules/index.ts";
import { startScratch, type Scratch } from "../../src/scratch/index.ts";
import { parseSql } from "../../src/sql/index.ts";
import { readCases, type RuleCase } from "./support-cases.ts";
import { evaluateObserved, runSql } from "./support-evaluate.ts";

const cases = readCases().filter(({ kind }) => kind === "bad");

/** What the ways out of a case come to, in the place of the statements that they are about. */
interface Recipe {
  readonly text: string;
  /** False when a finding has no code, or code that `lockstep plan` has to complete. */
  readonly complete: boolean;
}

/** Tests of one major: every way out of every bad case is run. */
export function recipeTests(major: number): void {
  let scratch: Scratch;
  beforeAll(async () => {
    scratch = await startScratch({ major });
  });
  afterAll(() => scratch.close());
  for (const one of cases.filter(({ majors }) => majors.includes(major)))
    test(`${one.rule}: ${one.title}`, () => runRecipes(scratch, one));
}

async function runRecipes(scratch: Scratch, one: RuleCase): Promise<void> {
  const { findings, statements } = await evaluateObserved(one, scratch);
  const recipe = recipeOf(
    one,
    findings,
    statements.map(({ statement }) => statement),
  );
  const { text: fixedText, fixed } = applyFixes(one.migration, "migration.sql", findings);
  if (recipe === undefined && fixed.length === 0) return;
  const naive = await catalogAfter(scratch, one, one.migration, one.transaction);
  if (recipe !== undefined) {
    const safe = await catalogAfter(scratch, one, recipe.text, "statement");
    expect(safe, recipe.text).toBeTypeOf("object");
    if (recipe.complete) {
      await expectSame(naive, safe);
      const again = { ...one, migration: recipe.text, transaction: "statement" as const };
      const left = (await evaluateObserved(again, scratch)).findings;
      expect(hazards(left), recipe.text).toEqual([]);
    }
  }
  if (fixed.length === 0) return;
  const after = await catalogAfter(scratch, one, fixedText, one.transaction);
  expect(after, fixedText).toBeTypeOf("object");
  await expectSame(naive, after);
  const { findings: rest } = await evaluateObserved({ ...one, migration: fixedText }, scratch);
  const rules = new Set(fixed.map(({ rule }) => rule));
  expect(hazards(rest.filter(({ rule }) => rules.has(rule))), fixedText).toEqual([]);
}

/** A naive statement that fails leaves nothing to compare with. */
async function expectSame(naive: Catalog | string, safe: Catalog | string): Promise<void> {
  if (typeof naive === "object" && typeof safe === "object")
    expect(await diff(naive, safe, { columnOrder: false })).toEqual([]);
}

type Catalog = Awaited<ReturnType<typeof introspect>>;

/** The catalog that a text leaves on the base, or the message that it fails with. */
async function catalogAfter(
  scratch: Scratch,
  { base }: RuleCase,
  text: string,
  transaction: RuleCase["transaction"],
): Promise<Catalog | string> {
  const database = await scratch.createDatabase();
  try {
    await runSql(database.url, base);
    const session = await Session.open({ url: database.url, applicationName: "test" });
    try {
      if (transaction === "query") await session.query(text);
      else {
        if (transaction !== "statement") await session.query("BEGIN");
        for (const { sql } of await parseSql(text, "m.sql")) await session.query(sql);
        if (transaction !== "statement") await session.query("COMMIT");
      }
      return await introspect(session);
    } catch (error) {
      return (error as Error).message;
    } finally {
      await session.close();
    }
  } finally {
    await database.drop();
  }
}

function recipeOf(
  one: RuleCase,
  findings: readonly Finding[],
  statements: readonly { readonly line: number; readonly start: number; readonly end: number }[],
): Recipe | undefined {
  const serious = findings.filter(({ severity }) => severity !== "info");
  const coded = serious.filter(({ wayOut }) => wayOut.code !== undefined);
  if (coded.length === 0) return undefined;
  let text = one.migration;
  for (const { line, start, end } of statements.toReversed()) {
    const code = coded.find((finding) => finding.line === line)?.wayOut.code;
    if (code !== undefined) text = text.slice(0, start) + code.replace(/;$/, "") + text.slice(end);
  }
  const lines = new Set(serious.map(({ line }) => line));
  const complete = [...lines].every((line) =>
    coded.some((finding) => finding.line === line && finding.wayOut.needsPlan !== true),
  );
  return { text, complete };
}

function hazards(findings: readonly Finding[]): readonly string[] {
  return findings
    .filter(({ severity }) => severity !== "info")
    .map(({ line, rule, message }) => `${line}: ${rule}: ${message}`);
}
