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
