import { expect, it } from "vitest";
import { readStatistics } from "../../src/effects/index.ts";
import { Session } from "../../src/pg/index.ts";
import { rehearse } from "../../src/rehearse/index.ts";
import { startScratch } from "../../src/scratch/index.ts";
import { readMigrations } from "../../src/tools/index.ts";
import { project } from "../phases/support.ts";

it("goes up, back and up again: by abort, down file and inverse; a plan to its end", async () => {
  await using scratch = await startScratch();
  using made = await project(scratch, {
    base: "CREATE TABLE account (id integer PRIMARY KEY, owner text NOT NULL); CREATE TABLE other (id integer PRIMARY KEY, note text);",
    naive: "ALTER TABLE account RENAME COLUMN owner TO holder;",
  });
  const url = await made.database();
  await using session = await Session.open({ url, applicationName: "test" });
  await session.batch(
    "INSERT INTO account SELECT n, 'o' || n FROM generate_series(1, 400) n; INSERT INTO other SELECT n, 'n' || n FROM generate_series(1, 400) n; ANALYZE",
  );
  const statistics = await readStatistics(session);
  const [base] = made.migrations.migrations;
  const rehearsed = async () =>
    rehearse({
      folder: await readMigrations({ folder: made.migrations.path, cwd: made.root.path }),
      cwd: made.root.path,
      applied: new Set([base!.id]),
      plans: [made.plan],
      statistics,
      scales: [1],
      seed: 1,
      major: session.major,
      scratchUrl: undefined,
      runner: {},
      load: undefined,
    });
  const path = made.migrations.path;
  made.root.write(`${path}/0003_more.sql`, "CREATE INDEX other_note ON other (note);\n");
  made.root.write(`${path}/0004_drop.sql`, "ALTER TABLE other DROP COLUMN note;\n");
  made.root.write(
    `${path}/0004_drop.down.sql`,
    "ALTER TABLE other ADD COLUMN note text; CREATE INDEX other_note ON other (note);\n",
  );
  const right = await rehearsed();
  expect(right.failure).toBeUndefined();
  expect(right.back).toMatchObject({
    ways: [
      { migration: "0004_drop", by: "file", from: `${path}/0004_drop.down.sql` },
      { migration: "0003_more", by: "inverse" },
      { migration: "0002_p1", by: "abort" },
    ],
    changedRows: ["public.other"],
    sameAgain: true,
  });
  for (const { differences, runs, estimate } of right.back!.ways) {
    expect(differences).toEqual([]);
    expect(runs.map(({ scale }) => scale)).toEqual([1]);
    expect(estimate!.mostMs).toBeGreaterThan(0);
  }
  // The plan's contract phase is among the statements, and nothing is left to do after it.
  expect(right.statements.some(({ file }) => file.endsWith("contract.sql"))).toBe(true);
  expect(right.again).toEqual({ applied: 0, sameCatalog: true });
});
