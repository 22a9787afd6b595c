import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { maskLiterals, parseSql, quoteIdent, quoteLiteral } from "../../src/sql/index.ts";

describe("parseSql", () => {
  it("gives each statement its text, line and kind, comments left away", async () => {
    const text =
      "-- one\nSELECT 1;\n\n/* two */ ALTER TABLE a ADD COLUMN b int; ;\n  CREATE TABLE z (id int)";
    const statements = await parseSql(text, "a.sql");
    expect(statements.map(({ index, sql, line, kind }) => ({ index, sql, line, kind }))).toEqual([
      { index: 0, sql: "SELECT 1", line: 2, kind: "SelectStmt" },
      { index: 1, sql: "ALTER TABLE a ADD COLUMN b int", line: 4, kind: "AlterTableStmt" },
      { index: 2, sql: "CREATE TABLE z (id int)", line: 5, kind: "CreateStmt" },
    ]);
    for (const { sql, start, end } of statements) expect(text.slice(start, end)).toBe(sql);
  });

  it("counts characters, not bytes, behind text outside ASCII", async () => {
    const text = "SELECT 'größe 🎉';\nSELECT 'é' AS \"ü\";\nSELECT 3";
    const statements = await parseSql(text, "a.sql");
    expect(statements.map(({ sql }) => sql)).toEqual([
      "SELECT 'größe 🎉'",
      "SELECT 'é' AS \"ü\"",
      "SELECT 3",
    ]);
  });

  it.each(["", "  \n", "-- only a comment", "/* only a comment */ ;"])(
    "finds no statement in %j",
    async (text) => {
      expect(await parseSql(text, "a.sql")).toEqual([]);
    },
  );

  it.each([
    ["SELECT 1;\nSELEC 2", "a.sql:2:1"],
    ["SELECT '🎉é'; SELEC 1", "a.sql:1:15"],
    ["SELECT 1 FROM", "a.sql:1:14"],
    ["SELECT 'abc", "a.sql:1:8"],
    ["\\connect other", "a.sql:1:1"],
  ])("says where %j is wrong", async (text, from) => {
    await expect(parseSql(text, "a.sql")).rejects.toMatchObject({
      code: "sql-syntax",
      exitCode: 2,
      explanation: { from },
    });
  });
});

describe("quoting", () => {
  it("survives Postgres' own parser for any text", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: "grapheme" }),
        fc.string({ minLength: 1, maxLength: 20 }),
        async (value, name) => {
          fc.pre(!value.includes("\0") && !name.includes("\0"));
          const [statement] = await parseSql(
            `SELECT ${quoteLiteral(value)} AS ${quoteIdent(name)}`,
            "a.sql",
          );
          const tree = statement!.node as {
            SelectStmt: {
              targetList: {
                ResTarget: { name: string; val: { A_Const: { sval: { sval?: string } } } };
              }[];
            };
          };
          const target = tree.SelectStmt.targetList[0]!.ResTarget;
          expect(target.val.A_Const.sval.sval ?? "").toBe(value);
          expect(name.startsWith(target.name)).toBe(true);
        },
      ),
      { numRuns: 300 },
    );
  });

  it("refuses NUL, which Postgres cannot hold", () => {
    expect(() => quoteIdent("a\0")).toThrow(TypeError);
    expect(() => quoteLiteral("a\0")).toThrow(TypeError);
  });
});

describe("maskLiterals", () => {
  it.each([
    [
      "SELECT * FROM users WHERE email = 'a@b.c' AND id = 42",
      "SELECT * FROM users WHERE email = $1 AND id = $2",
    ],
    ["ALTER ROLE app PASSWORD 'hunter2'", "ALTER ROLE app PASSWORD $1"],
    ["EXECUTE p('hunter2', 1.5)", "EXECUTE p($1, $2)"],
    ["ALTER TABLE t ALTER c SET DEFAULT 'hunter2'", "ALTER TABLE t ALTER c SET DEFAULT $1"],
    ["ALTER TABLE t ADD c numeric(12,2)", "ALTER TABLE t ADD c numeric(12,2)"],
    ["CREATE TABLE t AS SELECT 'hunter2' AS é", "CREATE TABLE t AS SELECT $1 AS é"],
    ["COMMENT ON TABLE t IS 'é hunter2'", "COMMENT ON TABLE t IS $1"],
    ["SELECT 1 -- hunter2\n + /* hunter2 */ 2", "SELECT $1 + $2"],
    ["SELECT $$hunter2$$, U&'hunter2', E'hunter2', B'1', X'1F'", "SELECT $1, $2, $3, $4, $5"],
    ["SELECT $1 WHERE a = 'x'", "SELECT $1 WHERE a = $1"],
  ])("hides the values of %s", async (sql, masked) => {
    expect(await maskLiterals(sql)).toBe(masked);
  });

  it("shows nothing but the verb of a query that was cut off", async () => {
    const masked = await maskLiterals("UPDATE users SET secret = 'hunter2', note = 'cut of");
    expect(masked).not.toContain("hunter2");
    expect(masked).toMatch(/^UPDATE users … /);
  });
});
