import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { byHandEvidence } from "../../src/agreement/index.ts";
import { thingsOf } from "../../src/agreement/things.ts";
import { introspect } from "../../src/catalog/index.ts";
import { Session } from "../../src/pg/index.ts";
import { startScratch, type Scratch } from "../../src/scratch/index.ts";

describe.each([14, 18])("who changed what by hand, on Postgres %i", (major) => {
  let scratch: Scratch;
  beforeAll(async () => {
    scratch = await startScratch({
      major,
      settings: {
        shared_preload_libraries: "pg_stat_statements",
        track_commit_timestamp: "on",
      },
    });
  });
  afterAll(() => scratch.close());

  /** What is told of an object that was there at the beginning or is there now. */
  const told = async (setUp: string, byHand: string, as: string, name: string) => {
    const { url } = await scratch.createDatabase();
    await using session = await Session.open({ url, applicationName: "test" });
    await session.batch(`CREATE EXTENSION pg_stat_statements; ${setUp}`);
    const before = thingsOf(await introspect(session));
    await session.batch("SELECT pg_stat_statements_reset()");
    await session.batch(`SET ROLE ${as}`);
    for (const sql of byHand.split(";")) await session.query(sql);
    await session.batch("RESET ROLE");
    const evidence = await byHandEvidence(session);
    const after = thingsOf(await introspect(session));
    return evidence((after.get(name) ?? before.get(name))!);
  };
  const minute = "\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d UTC";
  const since = major >= 17 ? ` at or after ${minute}` : "";
  const setUp = `
    DO $$ BEGIN CREATE ROLE "Ann O'Hara" SUPERUSER; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
    CREATE SCHEMA other; CREATE TABLE other."Order" (id int); CREATE TABLE "Order" (id int, gone int)`;

  it("a column that was added: when, and the statement with who sent it", async () => {
    const text = await told(
      setUp,
      `ALTER TABLE "Order" ADD COLUMN note text DEFAULT 'secret'; ALTER TABLE other."Order" ADD COLUMN note text`,
      `"Ann O'Hara"`,
      `column public."Order".note`,
    );
    expect(text).toMatch(
      new RegExp(
        `^Written ${minute}\\. Ann O'Hara has sent${since}: ALTER TABLE "Order" ADD COLUMN note text DEFAULT \\$1\\.$`,
      ),
    );
  });

  it("a column that was dropped: nothing of it is left but the statement", async () => {
    const text = await told(
      setUp,
      `ALTER TABLE public."Order" DROP COLUMN gone`,
      `"Ann O'Hara"`,
      `column public."Order".gone`,
    );
    expect(text).toMatch(
      new RegExp(`^Ann O'Hara has sent${since}: ALTER TABLE public."Order" DROP COLUMN gone\\.$`),
    );
  });

  it("a table: its owner too", async () => {
    const text = await told(
      setUp,
      "CREATE TABLE made (id int)",
      `"Ann O'Hara"`,
      "table public.made",
    );
    expect(text).toMatch(
      new RegExp(
        `^Its owner is Ann O'Hara\\. Written ${minute}\\. Ann O'Hara has sent${since}: CREATE TABLE made`,
      ),
    );
  });
});

it("knows objects of every kind and name, and passes over statistics that it may not read", async () => {
  await using scratch = await startScratch({
    settings: { shared_preload_libraries: "pg_stat_statements" },
  });
  await using session = await Session.open({ url: scratch.url, applicationName: "test" });
  for (const sql of [
    `CREATE TABLE "user" ("order" int CONSTRAINT "check" CHECK ("order" > 0))`,
    `CREATE POLICY "all" ON "user" USING (true)`,
    "CREATE DOMAIN positive AS int",
    "CREATE FUNCTION f(a positive) RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE SCHEMA hidden",
    "CREATE EXTENSION pg_stat_statements SCHEMA hidden",
    "CREATE ROLE reader",
  ])
    await session.query(sql);
  const things = thingsOf(await introspect(session));
  await session.query("SET ROLE reader");
  const evidence = await byHandEvidence(session);
  for (const [name, owner] of [
    ["table public.user", "Its owner is postgres. "],
    ["column public.user.order", ""],
    ["constraint public.user.check", ""],
    ["policy public.user.all", ""],
    ["domain public.positive", "Its owner is postgres. "],
    ["routine public.f(public.positive)", "Its owner is postgres. "],
    ["schema hidden", "Its owner is postgres. "],
  ] as const)
    expect([name, evidence(things.get(name)!)]).toEqual([
      name,
      `${owner}When is not known: track_commit_timestamp is off.`,
    ]);
});

it("says what it does not know where the server keeps nothing", async () => {
  await using scratch = await startScratch();
  await using session = await Session.open({ url: scratch.url, applicationName: "test" });
  await session.batch("CREATE TABLE made (id int)");
  const made = thingsOf(await introspect(session)).get("table public.made");
  const evidence = await byHandEvidence(session);
  expect(evidence(made!)).toMatch(/When is not known: track_commit_timestamp is off\.$/);
  expect(evidence({ ...made!, object: "public.gone" })).toBe(
    "When and by whom is not known: the server has kept nothing of it.",
  );
});
