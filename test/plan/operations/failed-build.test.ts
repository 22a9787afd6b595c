import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Session } from "../../../src/pg/index.ts";
import { startScratch, type Scratch } from "../../../src/scratch/index.ts";
import { planOf, runStep } from "../operation-harness.ts";

const base = `
CREATE TABLE item (id integer PRIMARY KEY, name text);
INSERT INTO item SELECT n, 'name ' || n FROM generate_series(1, 20) n;
`;

describe.each([14, 18])("a failed build on Postgres %i", (major) => {
  let scratch: Scratch;
  beforeAll(async () => {
    scratch = await startScratch({ major });
  });
  afterAll(() => scratch.close());

  it("T38, T39: duplicates are told, what the build left is never taken for done, and its undo drops it", async () => {
    const { plan } = await planOf(scratch, base, "ALTER TABLE item ADD UNIQUE (name)");
    const [build, name] = plan!.backfill;
    const { url } = await scratch.createDatabase({});
    await using session = await Session.open({ url, applicationName: "failed-build" });
    await session.batch(`${base}; INSERT INTO item VALUES (99, 'name 3')`);
    await expect(runStep(session, build!)).rejects.toThrow("could not create unique index");
    const left = `SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('item_name_key')`;
    expect((await session.query(left)).rows).toEqual([{ indisvalid: false }]);

    await session.query("DELETE FROM item WHERE id = 99");
    await expect(runStep(session, build!)).rejects.toThrow("already exists");
    await expect(runStep(session, name!)).rejects.toThrow("is not valid");
    await session.query("ROLLBACK");

    for (const change of build!.undo)
      await runStep(session, { ...change, title: "undo", undo: [] });
    expect((await session.query(left)).rows).toEqual([]);
    await runStep(session, build!);
    await runStep(session, name!);
    await expect(session.query("INSERT INTO item VALUES (99, 'name 3')")).rejects.toThrow(
      "item_name_key",
    );
  });
});
