import { readdirSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { check, type CheckRequest } from "../../src/check/index.ts";
import { isLockstepError } from "../../src/errors/index.ts";
import { parseSql, type Statement } from "../../src/sql/index.ts";
import { temporaryFolder } from "../support/folder.ts";

const matrix = new URL("../effects/matrix/forms/", import.meta.url);

/** Texts of a few statements each, as people write them. */
const forms = readdirSync(matrix).flatMap((name) =>
  readFileSync(new URL(name, matrix), "utf8").split(/^(?=-- form: )/m),
);

/** What comes into files by accident, or is the beginning of something that does not end. */
const strays = [
  "'",
  '"',
  "E'\\",
  "U&'\\",
  "$$",
  "$body$",
  "/*",
  "*/",
  "--",
  "(",
  ")",
  ";",
  "\\",
  "\\connect x\n",
  ":name",
  "$1",
  "{{ x }}",
  "\uFEFF",
  "\r",
  "\r\n",
  "\u0000",
  "\u0001",
  "\u001B[0m",
  "\u0085",
  "\u00A0",
  "\u2028",
  "\uD800",
  "\uDC00",
  "🎉",
  "é",
  "<<<<<<< HEAD\n",
];

type Mutation = (text: string) => string;

const place = fc.nat({ max: 10_000 });
const at = (text: string, tenThousandths: number) =>
  Math.floor((text.length * tenThousandths) / 10_000);

const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  place.map((from) => (text: string) => {
    const bytes = Buffer.from(text, "utf8");
    return bytes.subarray(0, Math.floor((bytes.length * from) / 10_000)).toString("utf8");
  }),
  place.map((from) => (text: string) => text.slice(at(text, from))),
  fc.tuple(fc.constantFrom(...strays), place).map(([stray, where]) => (text: string) => {
    const index = at(text, where);
    return text.slice(0, index) + stray + text.slice(index);
  }),
  fc.tuple(place, place, place).map((places) => (text: string) => {
    const [one, two, three] = places.map((each) => at(text, each)).toSorted((a, b) => a - b);
    return text.slice(0, one) + text.slice(two, three) + text.slice(one, two) + text.slice(three);
  }),
  fc.constantFrom<Mutation>(
    (text) => text.replaceAll("(", "((").replaceAll(")", "))"),
    (text) => text.replaceAll("(", "(("),
    (text) => text.replaceAll(";", ""),
    (text) => text.replaceAll("\n", "\r"),
    (text) => text.replaceAll("\n", " "),
    (text) => text.replaceAll("'", ""),
    (text) => text.replaceAll("$$", "$"),
    (text) => text.toUpperCase(),
    (text) => text + text,
    (text) => `\uFEFF${text}`,
  ),
);

const mutated = fc
  .tuple(
    fc.array(fc.constantFrom(...forms), { minLength: 1, maxLength: 3 }),
    fc.array(mutation, { minLength: 1, maxLength: 3 }),
  )
  .map(([texts, mutations]) => mutations.reduce((text, mutate) => mutate(text), texts.join("\n")));

/** Statements, or where the text is not SQL. */
async function parsed(text: string): Promise<readonly Statement[] | string> {
  try {
    return await parseSql(text, "a.sql");
  } catch (error) {
    if (!isLockstepError(error) || error.code !== "sql-syntax") throw error;
    return error.explanation.from ?? "";
  }
}

test("any text is statements, or a syntax error with its place", async () => {
  let refused = 0;
  let runs = 0;
  await fc.assert(
    fc.asyncProperty(mutated, async (text) => {
      runs++;
      const result = await parsed(text);
      if (typeof result === "string") {
        refused++;
        const [, line, column] = /^a\.sql:(\d+):(\d+)$/.exec(result)!.map(Number);
        const lines = text.split("\n");
        expect(line).toBeLessThanOrEqual(lines.length);
        expect(column).toBeGreaterThanOrEqual(1);
        expect(column).toBeLessThanOrEqual(lines[line! - 1]!.length + 1);
        return;
      }
      let end = 0;
      for (const statement of result) {
        expect(text.slice(statement.start, statement.end)).toBe(statement.sql);
        expect(statement.start).toBeGreaterThanOrEqual(end);
        expect(statement.line).toBe(text.slice(0, statement.start).split("\n").length);
        ({ end } = statement);
      }
    }),
    { seed: 18, numRuns: 3_000 },
  );
  // Neither side is left out.
  expect(refused).toBeGreaterThan(runs / 10);
  expect(runs - refused).toBeGreaterThan(runs / 10);
});

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());

const request: CheckRequest = {
  cwd: folder.path,
  env: {},
  files: ["a.sql"],
  folder: undefined,
  folderRoot: folder.path,
  url: undefined,
  since: undefined,
  all: false,
  transaction: undefined,
  isConfigured: false,
  base: undefined,
  major: 18,
  static: true,
  scratchUrl: undefined,
  replayMs: undefined,
  sizes: undefined,
  baseline: undefined,
  ruleConfig: { severity: {} },
  runner: {},
  pipeline: false,
  agreement: undefined,
  statements: undefined,
};

test("the check of any text comes to an end and says what it is", async () => {
  await fc.assert(
    fc.asyncProperty(mutated, async (text) => {
      folder.write("a.sql", text);
      const { files, findings } = await check(request);
      expect(files).toHaveLength(1);
      const onDisk = Buffer.from(text, "utf8").toString("utf8");
      const isRefused = typeof (await parsed(onDisk.replace(/^\uFEFF/, ""))) === "string";
      expect(findings.some(({ rule }) => rule === "syntax-error")).toBe(isRefused);
    }),
    { seed: 18, numRuns: 300 },
  );
});
