import { describe, expect, test } from "vitest";
import { checked } from "../check/checked.ts";
import { temporaryFolder } from "../support/folder.ts";

const base = `
CREATE TABLE users (id bigint PRIMARY KEY, age integer);
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint);
CREATE DOMAIN score AS integer;
CREATE TABLE metrics (id bigint NOT NULL, taken_at date NOT NULL) PARTITION BY RANGE (taken_at);
CREATE TABLE metrics_2024 PARTITION OF metrics FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE secured_a (id bigint PRIMARY KEY);
CREATE TABLE secured_b (id bigint PRIMARY KEY);
CREATE TABLE secured_c (id bigint PRIMARY KEY);`;

interface Story {
  readonly rule: string;
  /** What one file leaves open. */
  readonly first: string;
  /** What the next file does about it. */
  readonly next: string;
  readonly setUp?: string;
}

const stories: readonly Story[] = [
  {
    rule: "left-unvalidated",
    first: "ALTER TABLE users ADD CONSTRAINT age_check CHECK (age > 0) NOT VALID;",
    next: "ALTER TABLE users VALIDATE CONSTRAINT age_check;",
  },
  {
    rule: "left-unvalidated",
    first: "ALTER TABLE users ADD CONSTRAINT age_check CHECK (age > 0) NOT VALID;",
    next: "ALTER TABLE users DROP CONSTRAINT age_check;",
  },
  {
    rule: "left-unvalidated",
    first: "ALTER DOMAIN score ADD CONSTRAINT small CHECK (VALUE < 100) NOT VALID;",
    next: "ALTER DOMAIN score VALIDATE CONSTRAINT small;",
  },
  {
    rule: "left-unvalidated",
    first: "CREATE INDEX metrics_id_idx ON ONLY metrics (id);",
    next: `CREATE INDEX metrics_2024_id_idx ON metrics_2024 (id);
           ALTER INDEX metrics_id_idx ATTACH PARTITION metrics_2024_id_idx;`,
  },
  {
    rule: "missing-foreign-key-index",
    first: "CREATE TABLE carts (id bigint PRIMARY KEY, user_id bigint REFERENCES users (id));",
    next: "CREATE INDEX CONCURRENTLY carts_user_id_idx ON carts (user_id);",
  },
  {
    rule: "row-security-gap",
    setUp: `ALTER TABLE users ENABLE ROW LEVEL SECURITY;
            ALTER TABLE orders ENABLE ROW LEVEL SECURITY;
            ALTER TABLE metrics ENABLE ROW LEVEL SECURITY;
            ALTER TABLE secured_a ENABLE ROW LEVEL SECURITY;
            ALTER TABLE secured_b ENABLE ROW LEVEL SECURITY;
            ALTER TABLE secured_c ENABLE ROW LEVEL SECURITY;`,
    first: "CREATE TABLE notes (id bigint PRIMARY KEY);",
    next: `ALTER TABLE notes ENABLE ROW LEVEL SECURITY;
           CREATE POLICY notes_all ON notes USING (true);`,
  },
  {
    rule: "security-definer-search-path",
    first: `CREATE FUNCTION mail(bigint) RETURNS text LANGUAGE sql SECURITY DEFINER AS 'SELECT ''x''';`,
    next: "ALTER FUNCTION mail(bigint) SET search_path = public, pg_temp;",
  },
];

describe.each(stories)("$rule: $next", ({ rule, first, next, setUp = "" }) => {
  test("is silent when a later file of the run sees to it", async () => {
    expect(await said(rule, setUp, first, "SELECT 1;", next)).toEqual([]);
  });
  test("speaks when none does", async () => {
    expect(await said(rule, setUp, first, "SELECT 1;")).toEqual(["0.sql"]);
  });
});

test("a table in use that is closed to everybody is told, whatever comes later", async () => {
  const [close, open] = [
    "ALTER TABLE users ENABLE ROW LEVEL SECURITY;",
    "CREATE POLICY users_all ON users USING (true);",
  ];
  expect(await said("row-security-gap", "", close, open)).toEqual(["0.sql"]);
});

test("on scratch too, where the catalog is read again after code has run", async () => {
  const [{ first, next }] = stories as [Story];
  const files = [first, "SELECT 1;", next, "DO $$ BEGIN END $$;"];
  expect(await spoken("left-unvalidated", [], "", files)).toEqual([]);
  expect(await spoken("left-unvalidated", [], "", files.slice(0, 2))).toEqual(["0.sql"]);
});

/** Files in which a rule speaks, when they are checked in one run. */
const said = (rule: string, setUp: string, ...files: readonly string[]) =>
  spoken(rule, ["--static"], setUp, files);

async function spoken(
  rule: string,
  mode: readonly string[],
  setUp: string,
  files: readonly string[],
): Promise<readonly string[]> {
  const named = files.map((sql, index) => [`${index}.sql`, sql] as const);
  using folder = temporaryFolder({ "base.sql": `${base}\n${setUp}`, ...Object.fromEntries(named) });
  const names = named.map(([name]) => name);
  const options = [...mode, "--transaction", "statement", "--base", "base.sql"];
  const { report } = await checked(folder, ...options, ...names);
  return report.findings.filter((finding) => finding.rule === rule).map(({ file }) => file);
}

describe("a file named .up.sql", () => {
  const sql = "ALTER TABLE users ADD COLUMN email text;";
  const config = 'export default { check: { rules: { "no-way-back": "on" } } };';
  test.each([
    ["without its .down.sql is told, where that is wanted", {}, 1],
    ["with it is not", { "1.down.sql": "SELECT 1;" }, 0],
  ])("%s", async (_title, beside, count) => {
    using folder = temporaryFolder({
      "base.sql": base,
      "1.up.sql": sql,
      "lockstep.config.ts": config,
      ...beside,
    });
    const { report } = await checked(folder, "--static", "--base", "base.sql", "1.up.sql");
    expect(report.findings.filter(({ rule }) => rule === "no-way-back")).toHaveLength(count);
  });
});
