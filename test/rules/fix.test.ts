import fc from "fast-check";
import { expect, test } from "vitest";
import { applyFixes, type Edit, type Finding } from "../../src/rules/index.ts";
import { evaluateStatic } from "./support-evaluate.ts";

function finding(...edits: readonly Edit[]): Finding {
  return {
    rule: "blocking-index-build",
    severity: "error",
    file: "m.sql",
    line: 1,
    message: "",
    why: "",
    source: "",
    wayOut: { text: "", edits },
    docs: "",
  };
}

const edit = (start: number, end: number, text: string, file = "m.sql"): Edit => ({
  file,
  start,
  end,
  text,
});

test("edits are placed by their offsets in the original text", () => {
  const text = "CREATE INDEX a ON t (x);\nDROP INDEX b;\n";
  const result = applyFixes(text, "m.sql", [
    finding(edit(12, 12, " CONCURRENTLY")),
    finding(edit(35, 35, " CONCURRENTLY")),
  ]);
  expect(result.text).toBe("CREATE INDEX CONCURRENTLY a ON t (x);\nDROP INDEX CONCURRENTLY b;\n");
  expect(result.fixed).toHaveLength(2);
});

test("of overlapping edits the first finding's are taken, the other finding is left whole", () => {
  const first = finding(edit(0, 4, "AAAA"));
  const second = finding(edit(2, 6, "BB"), edit(8, 9, "C"));
  const result = applyFixes("0123456789", "m.sql", [first, second]);
  expect(result).toEqual({ text: "AAAA456789", fixed: [first], left: [second] });
});

test("two insertions at one place are not put in an order by guess", () => {
  const [first, second] = [finding(edit(0, 0, "a")), finding(edit(0, 0, "b"))];
  expect(applyFixes("x", "m.sql", [first, second])).toEqual({
    text: "ax",
    fixed: [first],
    left: [second],
  });
});

test("the same edit of two findings is made once, and edits of other files not at all", () => {
  const both = edit(0, 0, "SET x;\n");
  const other = finding(edit(0, 1, "", "other.sql"));
  const result = applyFixes("A", "m.sql", [finding(both), finding(both), other]);
  expect(result.text).toBe("SET x;\nA");
  expect(result.fixed).toHaveLength(2);
  expect(result.left).toEqual([]);
});

test("what is fixed or left is every finding with edits, and text outside the edits stays", () => {
  const range = fc.tuple(fc.nat(20), fc.nat(5)).map(([start, size]) => [start, start + size]);
  fc.assert(
    fc.property(fc.array(range, { maxLength: 8 }), (ranges) => {
      const text = "abcdefghijklmnopqrstuvwxyz";
      const findings = ranges.map(([start, end], index) =>
        finding(edit(start!, end!, `<${index}>`)),
      );
      const { text: result, fixed, left } = applyFixes(text, "m.sql", findings);
      expect(fixed.length + left.length).toBe(findings.length);
      const replaced = fixed.flatMap(({ wayOut }) => wayOut.edits ?? []);
      const kept = text
        .split("")
        .filter((_, index) => !replaced.some(({ start, end }) => start <= index && index < end));
      expect(result.replaceAll(/<\d>/g, "")).toBe(kept.join(""));
    }),
  );
});

test.each([
  "ADD COLUMN token uuid NOT NULL DEFAULT gen_random_uuid()",
  "ADD COLUMN token uuid DEFAULT gen_random_uuid() NOT NULL",
])("%s: rows are filled before the column is required", async (part) => {
  const { findings } = await evaluateStatic(
    {
      rule: "blocking-rewrite",
      transaction: "statement",
      runnerSetsTimeouts: true,
      sizes: undefined,
      base: "CREATE TABLE users (id bigint PRIMARY KEY);",
      migration: `ALTER TABLE users ${part};`,
    },
    18,
  );
  const code = findings[0]?.wayOut.code ?? "";
  const places = ["ADD COLUMN", "SET DEFAULT", "-- now fill", "NOT VALID", "SET NOT NULL"];
  const found = places.map((words) => code.indexOf(words));
  expect(found).toEqual(found.filter((place) => place >= 0).toSorted((a, b) => a - b));
});

/** Fixes a text until nothing is left to fix, as `lockstep check --fix` does. */
async function fixed(migration: string): Promise<string> {
  let text = migration;
  for (let round = 0; round < 5; round++) {
    const { findings } = await evaluateStatic(
      {
        rule: "lock-without-timeout",
        transaction: "statement",
        runnerSetsTimeouts: false,
        sizes: undefined,
        base: "CREATE TABLE users (id bigint PRIMARY KEY, email text, age integer);",
        migration: text,
      },
      18,
    );
    const result = applyFixes(text, "migration.sql", findings);
    if (result.fixed.length === 0) return text;
    text = result.text;
  }
  throw new Error(`still something to fix in ${text}`);
}

test.each([
  [
    "what waits by design gets no limit on waits",
    "CREATE INDEX a ON users (email); CREATE INDEX b ON users (age);",
    "CREATE INDEX CONCURRENTLY a ON users (email); CREATE INDEX CONCURRENTLY b ON users (age);",
  ],
  [
    "comments stay where they are, within the statement and behind it",
    "CREATE /* why */ INDEX -- here\n a -- name\n ON users (email) /* last */; -- end\n-- more",
    "CREATE /* why */ INDEX CONCURRENTLY -- here\n a -- name\n ON users (email) /* last */; -- end\n-- more",
  ],
  [
    "a last statement without a semicolon, and a comment behind it",
    "ALTER TABLE users ADD CONSTRAINT c CHECK (age > 0) -- done",
    "SET lock_timeout = '5s';\nALTER TABLE users ADD CONSTRAINT c CHECK (age > 0) NOT VALID;\n\nALTER TABLE users VALIDATE CONSTRAINT c -- done",
  ],
  [
    "line ends of Windows",
    "-- head\r\n\r\nALTER TABLE users\r\n  ADD CONSTRAINT c CHECK (age > 0);\r\n",
    "-- head\r\n\r\nSET lock_timeout = '5s';\r\nALTER TABLE users ADD CONSTRAINT c CHECK (age > 0) NOT VALID;\r\n\r\nALTER TABLE users VALIDATE CONSTRAINT c;\r\n",
  ],
  [
    "letters of several bytes before it, and bodies that only look like statements",
    "SELECT '🎉 é'; DO $$ BEGIN PERFORM 'CREATE INDEX a ON users (email)'; END $$; CREATE INDEX a ON users (email) WHERE email <> '🎉';",
    "SELECT '🎉 é'; DO $$ BEGIN PERFORM 'CREATE INDEX a ON users (email)'; END $$; CREATE INDEX CONCURRENTLY a ON users (email) WHERE email <> '🎉';",
  ],
  [
    "nothing in a transaction that the file opens but the limit",
    "BEGIN; CREATE INDEX a ON users (email); COMMIT;",
    "BEGIN; SET LOCAL lock_timeout = '5s';\nCREATE INDEX a ON users (email); COMMIT;",
  ],
])("--fix: %s", async (_title, before, after) => {
  expect(await fixed(before)).toBe(after);
  expect(await fixed(after)).toBe(after);
});

test("a limit on waits is taken back before a statement that waits by design", async () => {
  const migration =
    "ALTER TABLE users ADD COLUMN email text;\nCREATE INDEX CONCURRENTLY ON users (email);\n";
  const { findings } = await evaluateStatic(
    {
      rule: "lock-without-timeout",
      transaction: "statement",
      runnerSetsTimeouts: false,
      sizes: undefined,
      base: "CREATE TABLE users (id bigint PRIMARY KEY);",
      migration,
    },
    18,
  );
  expect(applyFixes(migration, "migration.sql", findings).text).toBe(
    "SET lock_timeout = '5s';\nALTER TABLE users ADD COLUMN email text;\nRESET lock_timeout;\nCREATE INDEX CONCURRENTLY ON users (email);\n",
  );
});

test.each([
  ["at the start", "", "-- Ünlike: why\n  /* lockstep:\n\n ignore x because y */\n-- and more\n"],
  ["behind another's comment", "SELECT 1; -- of the first\n", "-- why\n"],
  ["apart from the file's comment", "-- of the file\n\n", "-- why\n"],
  ["after what only looks like a comment", "SELECT '\n-- none\n';\n", ""],
])("a limit on waits stands above the comments of its statement, %s", async (_, before, own) => {
  const migration = `${before}${own}ALTER TABLE users ADD COLUMN note text;`;
  const { findings } = await evaluateStatic(
    {
      rule: "lock-without-timeout",
      transaction: "statement",
      runnerSetsTimeouts: false,
      sizes: undefined,
      base: "CREATE TABLE users (id bigint PRIMARY KEY);",
      migration,
    },
    18,
  );
  expect(applyFixes(migration, "migration.sql", findings).text).toBe(
    `${before}SET lock_timeout = '5s';\n${migration.slice(before.length)}`,
  );
});

async function codes(base: string, migration: string): Promise<readonly (string | undefined)[]> {
  const shape = { rule: "", transaction: "statement", runnerSetsTimeouts: true } as const;
  const { findings } = await evaluateStatic({ ...shape, sizes: undefined, base, migration }, 18);
  return findings.flatMap(({ severity, wayOut }) => (severity === "info" ? [] : [wayOut.code]));
}

test("a constraint that takes another's place does so in one statement", async () => {
  const users =
    "CREATE TABLE users (id bigint CONSTRAINT users_pkey PRIMARY KEY, email text NOT NULL);";
  expect(
    await codes(
      users,
      "ALTER TABLE users DROP CONSTRAINT users_pkey, ADD CONSTRAINT users_pkey PRIMARY KEY (id, email);",
    ),
  ).toEqual([
    "CREATE UNIQUE INDEX CONCURRENTLY users_pkey_new ON users (id, email);\n\nALTER TABLE users DROP CONSTRAINT users_pkey, ADD CONSTRAINT users_pkey PRIMARY KEY USING INDEX users_pkey_new;",
  ]);
  expect(
    await codes(
      `${users} CREATE TABLE orders (id bigint, user_id bigint CONSTRAINT f REFERENCES users);`,
      "ALTER TABLE orders DROP CONSTRAINT f, ADD CONSTRAINT f FOREIGN KEY (user_id) REFERENCES users ON DELETE CASCADE;",
    ),
  ).toEqual([
    "ALTER TABLE orders DROP CONSTRAINT f, ADD CONSTRAINT f FOREIGN KEY (user_id) REFERENCES users ON DELETE CASCADE NOT VALID;\n\nALTER TABLE orders VALIDATE CONSTRAINT f;",
  ]);
});

test("an index is built concurrently without IF NOT EXISTS, by which a retry would keep an invalid one", async () => {
  const users = "CREATE TABLE users (id bigint, email text);";
  expect(await codes(users, "CREATE INDEX IF NOT EXISTS e ON users (email);")).toEqual([
    "CREATE INDEX CONCURRENTLY e ON users (email);",
  ]);
});
