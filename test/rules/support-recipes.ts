import { afterAll, beforeAll, expect, test } from "vitest";
import { diff } from "../../src/catalog/index.ts";
import { applyFixes, type EvaluatedFile, type Finding } from "../../src/rules/index.ts";
import { supportedMajors } from "../../src/scratch/index.ts";
import { readCases, type RuleCase } from "./support-cases.ts";
import { CaseDatabase, evaluateStatic, type Catalog } from "./support-evaluate.ts";

/** Ways out are those of predictions, which say nothing of a case that only the server knows. */
const cases = readCases().filter(({ kind, only }) => kind === "bad" && only !== "observed");

/** What the ways out of a case come to, in the place of the statements that they are about. */
interface Recipe {
  readonly text: string;
  /** The case's own where the code takes the statement's place; else each statement commits by itself. */
  readonly transaction: RuleCase["transaction"];
  /** False when `lockstep plan` has to complete it. */
  readonly complete: boolean;
  /** True when it is to leave no hazard: each has code of its own. */
  readonly clean: boolean;
}

/**
 * Tests of one major: every way out of every bad case is run on the oldest and the newest one, and on one of those between;
 * on all of them where `LOCKSTEP_TEST_MAJORS` names any (`npm run test:full`).
 */
export function recipeTests(major: number): void {
  let database: CaseDatabase;
  beforeAll(async () => {
    database = await CaseDatabase.start(major);
  });
  afterAll(() => database[Symbol.asyncDispose]());
  const isEnd = major === supportedMajors[0] || major === supportedMajors.at(-1);
  const isTried = (n: number) =>
    isEnd || process.env["LOCKSTEP_TEST_MAJORS"] !== undefined || n % 3 === major % 3;
  for (const one of cases.filter(({ majors }, n) => majors.includes(major) && isTried(n)))
    test(`${one.rule}: ${one.title}`, () => runRecipes(database, one));
}

async function runRecipes(database: CaseDatabase, one: RuleCase): Promise<void> {
  const { major } = database;
  const { findings, statements } = await evaluateStatic(one, major);
  const recipe = recipeOf(
    one,
    findings,
    statements.map(({ statement }) => statement),
  );
  for (const finding of findings.filter(({ severity }) => severity === "info"))
    await runAdvice(database, one, finding, statements);
  const { text: fixedText, fixed } = applyFixes(one.migration, "migration.sql", findings);
  if (recipe === undefined && fixed.length === 0) return;
  await database.reset(one.base);
  const naive = await database.catalogAfter(one.migration, one.transaction);
  if (recipe !== undefined) {
    await database.reset(one.base);
    const safe = await database.catalogAfter(recipe.text, recipe.transaction);
    expect(safe, recipe.text).toBeTypeOf("object");
    if (recipe.complete && !completes.has(one.rule)) await expectSame(naive, safe);
    if (recipe.clean) {
      const again = { ...one, migration: recipe.text, transaction: recipe.transaction };
      expect(await hazardsOf(database, again), recipe.text).toEqual([]);
    }
  }
  if (fixed.length === 0) return;
  await database.reset(one.base);
  const after = await database.catalogAfter(fixedText, one.transaction);
  expect(after, fixedText).toBeTypeOf("object");
  if (!completes.has(one.rule)) await expectSame(naive, after);
  const rules = new Set(fixed.map(({ rule }) => rule));
  const left = await hazardsOf(database, { ...one, migration: fixedText });
  expect(
    left.filter(({ rule }) => rules.has(rule)),
    fixedText,
  ).toEqual([]);
}

/** The code of an advice, in the place of its statement: it runs. */
async function runAdvice(
  database: CaseDatabase,
  one: RuleCase,
  { line, wayOut: { code } }: Finding,
  statements: EvaluatedFile["statements"],
): Promise<void> {
  const place = statements.find(({ statement }) => statement.line === line)?.statement;
  if (code === undefined || place === undefined) return;
  const { migration, base } = one;
  const text = `${migration.slice(0, place.start)}${code.replace(/;$/, "")}${migration.slice(place.end)}`;
  await database.reset(base);
  expect(await database.catalogAfter(text, "statement"), text).toBeTypeOf("object");
}

/** Rules whose way out adds what the statement lacks, or makes something beside the old, so that the catalog is another one on purpose. */
const completes: ReadonlySet<string> = new Set([
  "changes-stored-results",
  "logical-replication-gap",
  "missing-foreign-key-index",
  "privilege-gap",
  "security-definer-search-path",
]);

/** Errors and warnings, first as predicted; what is predicted is then run, for that decides. */
async function hazardsOf(database: CaseDatabase, one: RuleCase): Promise<readonly Hazard[]> {
  const predicted = hazards((await evaluateStatic(one, database.major)).findings);
  return predicted.length === 0 ? [] : hazards((await database.evaluate(one)).findings);
}

type Hazard = Pick<Finding, "line" | "rule" | "message">;

/** A naive statement that fails leaves nothing to compare with. */
async function expectSame(naive: Catalog | string, safe: Catalog | string): Promise<void> {
  if (typeof naive === "object" && typeof safe === "object")
    expect(await diff(naive, safe, { columnOrder: false })).toEqual([]);
}

function recipeOf(
  one: RuleCase,
  findings: readonly Finding[],
  statements: readonly { readonly line: number; readonly start: number; readonly end: number }[],
): Recipe | undefined {
  const serious = findings.filter(({ severity }) => severity !== "info");
  const coded = serious.filter(({ wayOut }) => wayOut.code !== undefined);
  // Edits of other statements go with the code: then it is not put into one statement's place.
  const reachOut = coded.some(({ line, wayOut: { edits = [] } }) =>
    edits.some(
      ({ start }) => statements.findLast((one) => one.start <= start)?.line !== line && start > 0,
    ),
  );
  if (coded.length === 0 || reachOut) return undefined;
  let text = one.migration;
  for (const { line, start, end } of statements.toReversed()) {
    const code = coded.find((finding) => finding.line === line)?.wayOut.code;
    if (code !== undefined) text = text.slice(0, start) + code.replace(/;$/, "") + text.slice(end);
  }
  const used = coded.filter(
    (finding, index) => coded.findIndex(({ line }) => line === finding.line) === index,
  );
  const complete = used.every(({ wayOut }) => wayOut.needsPlan !== true);
  return {
    text,
    complete,
    clean: complete && coded.length === serious.length,
    transaction: used.every(({ wayOut }) => wayOut.edits !== undefined)
      ? one.transaction
      : "statement",
  };
}

function hazards(findings: readonly Finding[]): readonly Hazard[] {
  return findings
    .filter(({ severity }) => severity !== "info")
    .map(({ line, rule, message }) => ({ line, rule, message }));
}
