import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createWorld, findRelation, fold } from "../../src/effects/index.ts";
import { Session } from "../../src/pg/index.ts";
import { cutByType } from "../../src/rules/losses/cutting.ts";
import { startScratch, type Scratch } from "../../src/scratch/index.ts";
import { parseSql } from "../../src/sql/index.ts";

/** Types with a value that shows what a cast takes off. */
const values = {
  text: "'hello world'",
  "varchar(20)": "'hello world'",
  "numeric(12,4)": "12345678.1234",
  numeric: "12345678.123456789012345678",
  "double precision": "1.23456789012345",
  real: "0.000000000123",
  bigint: "9007199254740993",
  integer: "16777217",
  timestamp: "'2020-01-01 10:11:12.123456'",
  timestamptz: "'2020-01-01 10:11:12.123456+00'",
  time: "'10:11:12.123456'",
  interval: "'1 day 1.123456 s'",
  date: "'2020-01-01'",
} as const;

const targets = [
  "text",
  "varchar(5)",
  "varchar(40)",
  '"char"',
  "numeric",
  "numeric(12,2)",
  "numeric(30,10)",
  "double precision",
  "real",
  "bigint",
  "integer",
  "timestamp",
  "timestamp(0)",
  "timestamptz",
  "timestamptz(3)",
  "date",
  "time",
  "time(0)",
  "interval",
  "interval(0)",
];

/** What `cutByType` says of a change, with the column's types as the catalog has them. */
async function said(from: string, to: string, using: string): Promise<boolean> {
  const world = createWorld({ major: 18, complete: true });
  const change = `ALTER TABLE t ALTER COLUMN x TYPE ${to}${using}`;
  const [create, alter] = await parseSql(`CREATE TABLE t (x ${from}); ${change}`, "m.sql");
  fold(create!, world);
  const column = () => findRelation(world, { name: "t" })!.columns[0]!.type;
  const before = column();
  fold(alter!, world);
  const { node } = alter!;
  const cmd = "AlterTableStmt" in node ? node.AlterTableStmt.cmds![0]! : undefined;
  const def = cmd !== undefined && "AlterTableCmd" in cmd ? cmd.AlterTableCmd.def : undefined;
  const expression =
    def !== undefined && "ColumnDef" in def ? def.ColumnDef.raw_default : undefined;
  return cutByType(before, column(), expression) !== undefined;
}

describe.each([14, 18])("on %i", (major) => {
  let scratch: Scratch;
  let session: Session;
  beforeAll(async () => {
    scratch = await startScratch({ major });
    const { url } = await scratch.createDatabase();
    session = await Session.open({ url, applicationName: "test" });
    await session.query("SET TimeZone = 'UTC'");
  });
  afterAll(async () => {
    await session.close();
    await scratch.close();
  });

  /** True when the old value does not come back by casting the new one; undefined when the change is refused. */
  async function loses(from: string, value: string, change: string): Promise<boolean | undefined> {
    await session.query("DROP TABLE IF EXISTS t");
    await session.query(`CREATE TABLE t (x ${from})`);
    await session.query(`INSERT INTO t VALUES (${value})`);
    try {
      await session.query(`ALTER TABLE t ALTER COLUMN x TYPE ${change}`);
    } catch {
      return undefined;
    }
    try {
      const { rows } = await session.query<{ same: boolean }>(
        `SELECT x::${from}::text = ${value}::${from}::text AS same FROM t`,
      );
      return !rows[0]!.same;
    } catch {
      return true;
    }
  }

  test.each(Object.entries(values))("what a change of %s loses is told", async (from, value) => {
    const wrong: string[] = [];
    for (const to of targets) {
      const measured = await loses(from, value, to);
      if (measured === undefined) continue;
      if (measured !== (await said(from, to, "")))
        wrong.push(`${from} to ${to}: loses ${measured}`);
    }
    expect(wrong).toEqual([]);
  });

  test.each([
    ["text", "'hello world'", "varchar(5)", " USING x::varchar(5)"],
    ["text", "'hello world'", "varchar(5)", " USING left(x, 5)"],
    ["text", "'hello world'", "integer", " USING 0"],
    ["numeric", "1.5", "integer", " USING trunc(x)::integer"],
    ["integer", "5", "bigint", " USING x::bigint"],
    ["text", "'5'", "integer", " USING x::integer"],
  ])("%s %s to %s%s", async (from, value, to, using) => {
    expect(await said(from, to, using)).toBe(await loses(from, value, `${to}${using}`));
  });
});
