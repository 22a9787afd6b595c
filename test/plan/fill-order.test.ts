import { afterAll, beforeAll, expect, it } from "vitest";
import { Session } from "../../src/pg/index.ts";
import { startScratch, type Scratch } from "../../src/scratch/index.ts";
import { databaseWith, planOf, runStep } from "./operation-harness.ts";

let scratch: Scratch;
beforeAll(async () => {
  scratch = await startScratch({ major: 18 });
});
afterAll(() => scratch.close(), 180_000);

const base = `
CREATE TABLE item (id integer PRIMARY KEY, folder text, state text, note text);
INSERT INTO item SELECT n, CASE n % 2 WHEN 0 THEN 'old' END, 'x', 'n' FROM generate_series(1, 6) n`;

/** All rows as the fills leave them, with one that the old release inserts behind the first fill. */
async function withLateRow(schema: string, naive: string): Promise<readonly unknown[][]> {
  const { plan } = await planOf(scratch, schema, naive);
  if (plan === undefined) throw new Error("refused");
  await using session = await Session.open({
    url: await databaseWith(scratch, schema),
    applicationName: "fills",
  });
  for (const step of plan.expand) await runStep(session, step);
  for (const [n, step] of plan.backfill.entries()) {
    await runStep(session, step);
    if (n === 0) await session.query("INSERT INTO item VALUES (7, 'old', 'x', 'late')");
  }
  return await session.queryArrays("SELECT id, folder, state FROM item ORDER BY id");
}

const even = (row: readonly unknown[]) => [2, 4, 6].map((id) => [id, ...row]);

it.each([
  [
    "UPDATE item SET folder = 'new' WHERE folder = 'old'; UPDATE item SET state = 'lost' WHERE folder = 'old' OR state = 'y'",
    even(["new", "x"]),
  ],
  [
    "UPDATE item SET folder = 'new' WHERE folder = 'old'; DELETE FROM item WHERE folder = 'old'",
    even(["new", "x"]),
  ],
  [
    "UPDATE item SET folder = 'new'; UPDATE item SET state = folder WHERE note <> 'n' OR folder = 'new'",
    even(["new", "new"]),
  ],
])("a row that is written between two fills is left alone by both: %s", async (naive, rows) => {
  const found = await withLateRow(base, naive);
  expect(found.filter(([id]) => Number(id) % 2 === 0)).toEqual(rows);
  expect(found.at(-1)).toEqual([7, "old", "x"]);
});

it("rows that a fill in between changes back are taken all the same", async () => {
  const naive = `UPDATE item SET folder = 'new' WHERE folder = 'old'; UPDATE item SET folder = 'old' WHERE folder = 'new' AND id > 2;
UPDATE item SET state = 'y' WHERE folder = 'old'`;
  const found = await withLateRow(base, naive);
  expect(found.filter(([, , state]) => state === "y").map(([id]) => id)).toEqual([4, 6, 7]);
});

it("where a trigger writes what the fill does not, the row does not tell whether it was taken", async () => {
  const trigger = `CREATE FUNCTION loud() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.folder := upper(NEW.folder); RETURN NEW; END';
CREATE TRIGGER loud BEFORE UPDATE ON item FOR EACH ROW EXECUTE FUNCTION loud();`;
  const naive =
    "UPDATE item SET folder = 'new' WHERE folder = 'old'; UPDATE item SET state = folder WHERE folder = 'NEW'";
  const found = await withLateRow(`${base}; ${trigger}`, naive);
  expect(found.filter(([id]) => Number(id) % 2 === 0)).toEqual(even(["NEW", "NEW"]));
});
