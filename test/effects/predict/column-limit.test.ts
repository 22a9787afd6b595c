import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Session } from "../../../src/pg/index.ts";
import { startScratch, type Scratch } from "../../../src/scratch/index.ts";
import { predicted, worldOf } from "./support.ts";

const columns = (count: number) =>
  Array.from({ length: count }, (_, index) => `c${index} int`).join(", ");

const full = `CREATE TABLE full_up (${columns(1_600)}); CREATE TABLE nearly (${columns(1_599)});`;

const statements = [
  ["as many as there may be", `CREATE TABLE t (${columns(1_600)})`],
  ["one more", `CREATE TABLE t (${columns(1_601)})`],
  ["one added to all that there may be", "ALTER TABLE full_up ADD COLUMN one_more int"],
  ["the last one added", "ALTER TABLE nearly ADD COLUMN last int"],
  ["two added", "ALTER TABLE nearly ADD COLUMN last int, ADD COLUMN one_more int"],
  [
    "the last one of a child added",
    "CREATE TABLE child () INHERITS (nearly); ALTER TABLE nearly ADD COLUMN last int",
  ],
  [
    "one too many for a child",
    "CREATE TABLE child (own int) INHERITS (nearly); ALTER TABLE nearly ADD COLUMN last int",
  ],
] as const;

describe.each([14, 18])("on Postgres %i", (major) => {
  let scratch: Scratch;
  let session: Session;

  beforeAll(async () => {
    scratch = await startScratch({ major });
    const { url } = await scratch.createDatabase();
    session = await Session.open({ url, applicationName: "test" });
    await session.query(full);
  });
  afterAll(async () => {
    await session.close();
    await scratch.close();
  });

  async function sqlStateOf(sql: string): Promise<string | undefined> {
    await session.query("BEGIN");
    try {
      await session.query(sql);
      return undefined;
    } catch (error) {
      return (error as { code?: string }).code;
    } finally {
      await session.query("ROLLBACK");
    }
  }

  test.each(statements)("%s", async (_name, sql) => {
    const parts = sql.split("; ");
    const world = await worldOf([full, ...parts.slice(0, -1)].join(";"), major);
    const { failures } = await predicted(parts.at(-1)!, world);
    expect(failures.find(({ when }) => when === "always")?.sqlState).toBe(await sqlStateOf(sql));
  });
});
