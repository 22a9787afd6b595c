import { expect, it } from "vitest";
import { limitsOf } from "../../src/runner/timeouts.ts";
import { parseSql } from "../../src/sql/index.ts";

const isCatalogOnly = async (sql: string) => {
  const [statement] = await parseSql(sql, "one.sql");
  return limitsOf(statement!).catalogOnly;
};

it.each(["integer", "numeric(10,2)", "text", "uuid", "timestamptz", "boolean", "varchar(8)[]"])(
  "a column of type %s without anything else is added to the catalog alone",
  async (type) => {
    expect(await isCatalogOnly(`ALTER TABLE a ADD COLUMN b ${type}`)).toBe(true);
  },
);

it.each(["serial", "bigserial", "smallserial", "state", "s.amount", "text DEFAULT f()"])(
  "a column of type %s may write every row again: it has no time limit",
  async (type) => {
    expect(await isCatalogOnly(`ALTER TABLE a ADD COLUMN b ${type}`)).toBe(false);
  },
);
