import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Session } from "../../../src/pg/index.ts";
import { Release } from "../../../src/plan/prove/release/release.ts";
import { statement } from "../../../src/plan/prove/release/statements.ts";
import { startScratch, type Scratch } from "../../../src/scratch/index.ts";

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
});
