import { expect, it } from "vitest";
import { Session } from "../../src/pg/index.ts";
import { observedEffects } from "../../src/rehearse/observed-effects.ts";
import { startScratch } from "../../src/scratch/index.ts";
import type { Migration } from "../../src/tools/index.ts";

it("tells what grows with the rows from what changes the catalog alone; a dropped column takes its index's file along", async () => {
  await using scratch = await startScratch({ major: 18 });
  const { url } = await scratch.createDatabase();
  {
    await using session = await Session.open({ url, applicationName: "base" });
    await session.batch(
      "CREATE TABLE t (id int PRIMARY KEY, facts jsonb, note text, code varchar(40)); CREATE INDEX ON t USING gin (facts); CREATE INDEX ON t USING hash (code)",
    );
  }
  const sql = `ALTER TABLE t ADD COLUMN flag boolean NOT NULL DEFAULT false;
ALTER TABLE t DROP COLUMN note;
ALTER TABLE t ALTER COLUMN code TYPE varchar(80);
ALTER TABLE t DROP COLUMN facts;
ALTER TABLE t ALTER COLUMN id TYPE bigint;
ALTER TABLE t RENAME TO u;
DELETE FROM u;`;
  const effects = await observedEffects(url, [{ id: "1", file: "1.sql", sql } as Migration]);
  expect([...effects.values()].map(({ isCatalogOnly }) => isCatalogOnly)).toEqual([
    true,
    true,
    true,
    false,
    false,
    true,
    false,
  ]);
});
