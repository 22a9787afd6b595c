import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Session } from "../../../src/pg/index.ts";
import type { Step } from "../../../src/plan/index.ts";
import { startScratch, type Scratch } from "../../../src/scratch/index.ts";
import { planOf, runStep } from "../operation-harness.ts";

const base = `
CREATE TABLE item (id integer PRIMARY KEY, name text NOT NULL, price numeric, old text NOT NULL);
INSERT INTO item SELECT n, 'n' || n, n, 'x' FROM generate_series(1, 20) n;
CREATE INDEX item_name ON item (name);
`;

const naive = `
ALTER TABLE item ADD COLUMN key uuid NOT NULL DEFAULT gen_random_uuid();
ALTER TABLE item ADD UNIQUE (key);
ALTER TABLE item ADD CHECK (price >= 0), ALTER price SET NOT NULL, DROP COLUMN old;
DROP INDEX item_name; CREATE INDEX item_name ON item (lower(name));
`;

async function failsAlways(app: Session): Promise<void> {
  for (const _ of [1, 2])
    await expect(app.query("EXECUTE all_columns")).rejects.toThrow("cached plan must not change");
}

describe.each([14, 18])("prepared statements on Postgres %i", (major) => {
  let scratch: Scratch;
  beforeAll(async () => {
    scratch = await startScratch({ major });
  });
  afterAll(() => scratch.close());

  it("T34: what names its columns lives through all steps; SELECT * fails after a drop until it is prepared again, and a note says so", async () => {
    const { plan } = await planOf(scratch, base, naive);
    expect(plan!.notes).toContainEqual(
      expect.stringMatching(
        /^SELECT \* of public\.item, .* until it is prepared again \("cached plan/,
      ),
    );
    const { url } = await scratch.createDatabase({});
    await using runner = await Session.open({ url, applicationName: "runner" });
    await using app = await Session.open({ url, applicationName: "application" });
    await runner.batch(base);
    const old = `PREPARE old_read AS SELECT id, name, price, old FROM item WHERE name = $1;
PREPARE old_write AS INSERT INTO item (id, name, price, old) SELECT max(id) + 1, $1, 1, 'y' FROM item`;
    await app.batch(old);
    const asOld = () => app.batch("EXECUTE old_read('n3'); EXECUTE old_write('n')");
    await asOld();
    for (const step of [...plan!.expand, ...plan!.backfill]) {
      await runStep(runner, step);
      await asOld();
    }
    const fresh = `PREPARE new_read AS SELECT id, name, price, key FROM item WHERE lower(name) = $1;
PREPARE new_write AS INSERT INTO item (id, name, price) SELECT max(id) + 1, $1, 1 FROM item RETURNING id, key;
PREPARE all_columns AS SELECT * FROM item`;
    await app.batch(fresh);
    const asNew = () => app.batch("EXECUTE new_read('n3'); EXECUTE new_write('n')");
    await asNew();
    await app.query("EXECUTE all_columns");
    for (const step of plan!.contract) {
      await runStep(runner, step);
      await asNew();
    }
    await failsAlways(app);
    await app.batch("DEALLOCATE all_columns; PREPARE all_columns AS SELECT * FROM item");
    await app.query("EXECUTE all_columns");
  });

  it("T34: SELECT * fails after each end of a rename until it is prepared again, as a note says", async () => {
    const rename = "ALTER TABLE item RENAME COLUMN name TO title";
    const { plan } = await planOf(scratch, base, rename);
    expect(plan!.notes).toContainEqual(
      expect.stringMatching(/before the expand phase or before the contract phase.*prepared again/),
    );
    const { url } = await scratch.createDatabase({});
    await using runner = await Session.open({ url, applicationName: "runner" });
    await using app = await Session.open({ url, applicationName: "application" });
    await runner.batch(`${base}CREATE SCHEMA lockstep`);
    const all = "PREPARE all_columns AS SELECT * FROM item";
    const failsAfter = async (step: () => Promise<void>) => {
      await app.batch(`${all}; EXECUTE all_columns`);
      await step();
      await failsAlways(app);
      await app.batch("DEALLOCATE all_columns");
    };
    const run = async (steps: readonly Step[]) => {
      for (const step of steps) await runStep(runner, step);
    };
    await failsAfter(async () => run(plan!.expand));
    await app.batch(`${all}; PREPARE titles AS SELECT id, title FROM item`);
    await run(plan!.backfill);
    await app.batch("EXECUTE all_columns; EXECUTE titles; DEALLOCATE all_columns");
    await failsAfter(async () => run(plan!.contract));
    await app.batch("EXECUTE titles");
  });
});
