import { expect, test } from "vitest";
import { explainSyntaxError } from "../../src/rules/syntax-hint.ts";
import { parseSql } from "../../src/sql/index.ts";

/** The message that Postgres' parser gives for a text. */
async function messageFor(sql: string): Promise<string> {
  const error: unknown = await parseSql(sql, "m.sql").catch((reason: unknown) => reason);
  return (error as Error).message;
}

const mysql = [
  ["UPDATE", "UPDATE users SET status = 'active' WHERE status IS NULL LIMIT 1000;"],
  ["UPDATE", "SELECT 1 LIMIT 1; UPDATE users SET a = (SELECT 1 LIMIT 1) ORDER BY id LIMIT 1000;"],
  ["DELETE", "DELETE FROM sessions WHERE expired LIMIT 1000;"],
  ["DELETE", "WITH x AS (SELECT 1 LIMIT 1) DELETE FROM sessions USING x LIMIT 1000;"],
] as const;

for (const [command, sql] of mysql)
  test(`${sql} is told to be MySQL's`, async () => {
    const message = await messageFor(sql);
    expect(message).toMatch(/syntax error at or near "(LIMIT|ORDER)"/);
    expect(explainSyntaxError(sql, message, 1)).toMatch(
      new RegExp(`^Postgres has no ${command} … .*ORDER BY id LIMIT 1000`),
    );
  });

const others = [
  "CREATE TABLE t (id bigint LIMIT 5);",
  "ALTER TABLE users ADD COLUMN;",
  "SELECT 1 FROM LIMIT 5;",
  "CREATE TRIGGER t BEFORE UPDATE ON users LIMIT 5;",
];

for (const sql of others)
  test(`nothing is made up about ${sql}`, async () => {
    expect(explainSyntaxError(sql, await messageFor(sql), 1)).toBeUndefined();
  });

const notSql = [
  ["\\c shop", "\\c is a command of psql, not SQL"],
  ["SELECT 'x' \\gexec", "\\gexec is a command of psql"],
  ["\\i tables.sql", "put the SQL of that file here"],
  ["\\timing on", "take the line out"],
  ["COPY colors (id) FROM stdin;\n1\n\\.", "write them as INSERT"],
  ["COMMENT ON TABLE t IS 'COPY'; SELECT :limit;", "a variable of psql"],
  ["CREATE TABLE `t` (id int);", "in double quotes"],
  ["CREATE TABLE t (id int AUTO_INCREMENT);", "GENERATED ALWAYS AS IDENTITY"],
  ["ALTER TABLE t MODIFY COLUMN a int;", "ALTER COLUMN … TYPE"],
] as const;

for (const [sql, words] of notSql)
  test(`${sql.split("\n", 1)[0]!} is explained`, async () => {
    const text = `SELECT 1;\n${sql}\n`;
    const message = await messageFor(text);
    const line = sql.startsWith("COPY") ? 3 : 2;
    expect(explainSyntaxError(text, message, line)).toContain(words);
  });

test("the advice is SQL that Postgres accepts", async () => {
  const [statement] = await parseSql(
    "UPDATE t SET a = 1 WHERE id IN (SELECT id FROM t WHERE a IS NULL ORDER BY id LIMIT 1000)",
    "advice",
  );
  expect(statement?.kind).toBe("UpdateStmt");
});
