import { expect, test } from "vitest";
import {
  createWorld,
  noEffect,
  SimulatedSession,
  type SourcedEffect,
} from "../../src/effects/index.ts";
import {
  evaluateFile,
  parseBaseline,
  rules,
  statementHash,
  writeBaseline,
  type Baseline,
  type EvaluatedFile,
  type RuleConfig,
} from "../../src/rules/index.ts";
import { parseSql } from "../../src/sql/index.ts";
import { failureOf } from "../support/failure.ts";

/** A scan of public.users under ACCESS EXCLUSIVE, whatever the statement. */
const scan: SourcedEffect = {
  effect: {
    ...noEffect,
    locks: [{ relation: "public.users", kind: "table", mode: "AccessExclusive", role: "self" }],
    work: [{ kind: "scan", relation: "public.users" }],
  },
  source: { kind: "predicted", major: 18 },
};

async function evaluate(
  text: string,
  more: { readonly config?: RuleConfig; readonly baseline?: Baseline } = {},
): Promise<EvaluatedFile> {
  return evaluateFile({
    file: "m.sql",
    text,
    statements: await parseSql(text, "m.sql"),
    transaction: "statement",
    world: createWorld({ major: 18, complete: false }),
    session: new SimulatedSession({ transaction: "statement" }),
    effectOf: () => scan,
    context: { major: 18, sizes: undefined, runnerSetsTimeouts: true },
    rules,
    ...more,
  });
}

const said = ({ findings }: EvaluatedFile) => findings.map(({ rule, line }) => `${rule}:${line}`);

const statement = "ALTER TABLE users ALTER COLUMN email SET NOT NULL;";

test("a comment before the statement, with a reason, takes the finding out and keeps it with its reason", async () => {
  const result = await evaluate(
    `-- lockstep: ignore blocking-scan because the table is empty\n${statement}\n`,
  );
  expect(said(result)).toEqual([]);
  expect(result.suppressed.map(({ finding, ...rest }) => [finding.rule, rest])).toEqual([
    ["blocking-scan", { reason: "the table is empty", by: "comment" }],
  ]);
});

test("a comment at the end of the statement's line, or inside it, belongs to that statement", async () => {
  const ignore = "lockstep: ignore blocking-scan because it is empty";
  expect(said(await evaluate(`${statement} -- ${ignore}\n${statement}\n`))).toEqual([
    "blocking-scan:2",
  ]);
  expect(
    said(await evaluate(`ALTER TABLE users -- ${ignore}\n  ALTER email SET NOT NULL;\n`)),
  ).toEqual([]);
  expect(said(await evaluate(`${statement}\n/* ${ignore} */ ${statement}\n`))).toEqual([
    "blocking-scan:1",
  ]);
});

test("offsets are right behind characters of more than one byte", async () => {
  const text = `SELECT 'äöü€𝄞'; -- ä\n-- lockstep: ignore blocking-scan because é\n${statement}\n`;
  expect(said(await evaluate(text))).toEqual(["blocking-scan:1"]);
});

test("a file comment takes out every finding of the rule", async () => {
  const text = `${statement}\n${statement}\n-- lockstep: ignore-file blocking-scan because empty\n`;
  const result = await evaluate(text);
  expect(said(result)).toEqual([]);
  expect(result.suppressed).toHaveLength(2);
});

test("without a reason nothing is taken out, and that is a finding", async () => {
  expect(said(await evaluate(`-- lockstep: ignore blocking-scan\n${statement}`))).toEqual([
    "blocking-scan:2",
    "suppression-without-reason:1",
  ]);
  expect(said(await evaluate(`-- lockstep: ignore blocking-scan because\n${statement}`))).toEqual([
    "blocking-scan:2",
    "suppression-without-reason:1",
  ]);
});

test("what silences nothing, names no rule or an unknown one is stale", async () => {
  const text = `-- lockstep: ignore fails-always, blocking-scan because x\n${statement}\n`;
  expect(said(await evaluate(text))).toEqual(["stale-suppression:1"]);
  const [unknown] = (
    await evaluate(`-- lockstep: ignore blocking-scn because x\n${statement}`)
  ).findings.filter(({ rule }) => rule === "stale-suppression");
  expect(unknown?.message).toContain("there is no rule named blocking-scn");
  expect(said(await evaluate(`-- lockstep: ignore because x\nSELECT 1`))).toContain(
    "stale-suppression:1",
  );
});

test("a rule that is off makes no suppression stale, and the two rules themselves can be off", async () => {
  const text = `-- lockstep: ignore blocking-scan because x\n${statement}\n`;
  const off = { severity: { "blocking-scan": "off" } } as const;
  expect(said(await evaluate(text, { config: off }))).toEqual([]);
  const stale = `-- lockstep: ignore fails-always because x\n${statement}\n`;
  const quiet = { severity: { "stale-suppression": "off" } } as const;
  expect(said(await evaluate(stale, { config: quiet }))).toEqual(["blocking-scan:2"]);
});

test("text in a literal is no comment, and other Lockstep comments are left alone", async () => {
  const text = `SELECT '-- lockstep: ignore blocking-scan because x';\n-- lockstep: no-transaction\n`;
  expect(said(await evaluate(text))).toEqual(["blocking-scan:1"]);
});

test("a baseline takes out what it lists, until the statement changes", async () => {
  const { findings } = await evaluate(statement);
  const sql = statement.replace(";", "");
  const text = await writeBaseline(
    findings.map((finding) => ({ finding, sql })),
    "there before Lockstep",
  );
  const baseline = parseBaseline(text, "lockstep.baseline.json");
  const reformatted = `ALTER TABLE users -- same\n  ALTER COLUMN email   SET NOT NULL;`;
  const result = await evaluate(reformatted, { baseline });
  expect(said(result)).toEqual([]);
  expect(result.suppressed.map(({ by, reason }) => [by, reason])).toEqual([
    ["baseline", "there before Lockstep"],
  ]);
  const changed = await evaluate("ALTER TABLE users ALTER COLUMN name SET NOT NULL;", { baseline });
  expect(changed.findings.map(({ rule, file, line }) => [rule, file, line])).toEqual([
    ["blocking-scan", "m.sql", 1],
    ["stale-suppression", "lockstep.baseline.json", 2],
  ]);
});

test("the hash ignores white space and comments, and nothing else", async () => {
  const hash = await statementHash("ALTER TABLE a ADD b int");
  expect(await statementHash("ALTER  TABLE a\n ADD /* x */ b int")).toBe(hash);
  expect(await statementHash("ALTER TABLE a ADD b bigint")).not.toBe(hash);
  expect(hash).toMatch(/^[0-9a-f]{16}$/);
});

test("a baseline that is not one is refused with its place", async () => {
  for (const [text, found] of [
    ["{", "JSON"],
    ["{}", "not a list"],
    ['[{"rule":"a","file":"b"}]', "entry 1 lacks"],
    ['[{"rule":"a","file":"b","statement":"c","reason":" "}]', "has no reason"],
  ] as const) {
    const failure = await failureOf(() => parseBaseline(text, "b.json"));
    expect(failure.code).toBe("config-invalid");
    expect(failure.found).toContain(found);
  }
});

test("severities of the configuration, and advice only when asked for", async () => {
  const warn = await evaluate(statement, { config: { severity: { "blocking-scan": "info" } } });
  expect(warn.findings.map(({ severity }) => severity)).toEqual(["info"]);
  const table = "CREATE TABLE orders (id integer PRIMARY KEY, state json);";
  const severities = async (severity: RuleConfig["severity"]) =>
    (await evaluate(table, { config: { severity } })).findings
      .filter(({ rule }) => rule === "integer-key" || rule === "prefer-jsonb")
      .map((finding) => `${finding.rule} ${finding.severity}`);
  expect(await severities({})).toEqual(["integer-key info"]);
  expect(await severities({ "prefer-jsonb": "on" })).toEqual([
    "integer-key info",
    "prefer-jsonb info",
  ]);
  expect(await severities({ "integer-key": "error", "prefer-jsonb": "warning" })).toEqual([
    "integer-key error",
    "prefer-jsonb warning",
  ]);
});

test("a finding has exact positions and says where its facts come from", async () => {
  const text = `SELECT 1;\n  ALTER TABLE users\n    ALTER COLUMN email SET NOT NULL;\n`;
  const finding = (await evaluate(text)).findings.find(({ line }) => line === 2);
  expect(finding).toMatchObject({
    rule: "blocking-scan",
    severity: "error",
    file: "m.sql",
    line: 2,
    column: 3,
    endLine: 3,
    endColumn: 36,
    source:
      "predicted for 18 from the parse tree and catalog; statements of this form are measured (docs/locks.md)",
    docs: "docs/rules/blocking-scan.md",
  });
});
