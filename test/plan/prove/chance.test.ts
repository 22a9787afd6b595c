import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { introspect } from "../../../src/catalog/index.ts";
import { Session } from "../../../src/pg/index.ts";
import { TriedMigration } from "../../../src/plan/prove/data/in-transaction.ts";
import { meetingStill } from "../../../src/plan/prove/data/meeting-still.ts";
import { Release } from "../../../src/plan/prove/release/release.ts";
import { statement } from "../../../src/plan/prove/release/statements.ts";
import { splitStatements } from "../../../src/plan/split.ts";
import { startScratch, type Scratch } from "../../../src/scratch/index.ts";
import { parseSql } from "../../../src/sql/index.ts";

describe("statements that fail by chance", () => {
  let scratch: Scratch;
  beforeAll(async () => {
    scratch = await startScratch({ major: 18 });
  });
  afterAll(() => scratch.close());

  it("are no failures when they go well once; others are", async () => {
    const { url } = await scratch.createDatabase();
    await using session = await Session.open({ url, applicationName: "test" });
    // The default's third value in a row is one that the check takes.
    await session.batch(`CREATE SEQUENCE turn;
      CREATE TABLE drawn (n bigint DEFAULT nextval('turn') % 3 CHECK (n = 0), other integer CHECK (other > 0))`);
    const insert = (other: number) =>
      statement("public.drawn", () => `INSERT INTO drawn (other) VALUES (${other})`);
    const [lucky, hopeless] = [insert(1), insert(-1)];
    const release = await Release.start(session, [lucky, hopeless]);
    const failing = async (again: number) =>
      (await release.tryEverything(again)).map((failed) => failed.statement);
    expect(await failing(0)).toEqual([lucky, hopeless]);
    expect(await failing(9)).toEqual([hopeless]);
  });

  it("upserts whose row the migration changes in what they name are left out, others stay", async () => {
    const { url } = await scratch.createDatabase();
    await using session = await Session.open({ url, applicationName: "test" });
    await session.batch(
      "CREATE TABLE tag (id integer PRIMARY KEY, at integer, UNIQUE (at, id)); INSERT INTO tag VALUES (1, 1), (2, 5)",
    );
    const upsert = (id: number, at: number, target: string) => ({
      ...statement(
        "public.tag",
        () => `INSERT INTO tag VALUES (${id}, ${at}) ON CONFLICT (${target}) DO NOTHING`,
      ),
      isMeeting: true,
    });
    const [moved, ...others] = [upsert(2, 5, "at, id"), upsert(1, 1, "at, id"), upsert(2, 5, "id")];
    const catalog = await introspect(session);
    const still = async (sql: string) => {
      const naive = splitStatements(await parseSql(sql, "naive.sql"), "naive.sql");
      return meetingStill(new TriedMigration(session, naive), [moved, ...others], catalog);
    };
    expect(await still("UPDATE tag SET at = 1")).toEqual(others);
    // What it makes impossible for other reasons is for the plan to carry.
    expect(await still("ALTER TABLE tag RENAME at TO place")).toEqual([moved, ...others]);
  });
});
