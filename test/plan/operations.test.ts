import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { diff, introspect } from "../../src/catalog/index.ts";
import { Session } from "../../src/pg/index.ts";
import { composePlan } from "../../src/plan/compose.ts";
import type { Plan, Step } from "../../src/plan/model.ts";
import { renameColumn } from "../../src/plan/operations/rename-column.ts";
import { startScratch, type Scratch } from "../../src/scratch/index.ts";
import { parseSql, quoteIdent, quoteQualified } from "../../src/sql/index.ts";

const base = `
CREATE TABLE team (id integer PRIMARY KEY);
CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE TABLE "App User" (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  "Full Name" varchar(80) COLLATE "C" NOT NULL DEFAULT 'Nobody' CHECK (length("Full Name") > 1),
  team integer REFERENCES team,
  mood mood DEFAULT 'ok',
  visits integer NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX "user by name" ON "App User" (lower("Full Name")) INCLUDE (id) WHERE "Full Name" <> '';
CREATE INDEX ON "App User" (team, mood);
CREATE VIEW names AS SELECT id, "Full Name" FROM "App User";
COMMENT ON COLUMN "App User"."Full Name" IS 'As it is spoken';
INSERT INTO team VALUES (1), (2);
INSERT INTO "App User" ("Full Name", team) SELECT 'Name ' || n, 1 + n % 2 FROM generate_series(1, 50) n;
`;

const cases: readonly { name: string; naive: string; old: string; new: string }[] = [
  {
    name: "a column with a unique index, a check, a default and a view",
    naive: `ALTER TABLE "App User" RENAME COLUMN "Full Name" TO name`,
    old: `INSERT INTO "App User" ("Full Name") VALUES ('Old ' || txid_current())`,
    new: `INSERT INTO "App User" (name) VALUES ('New ' || txid_current())`,
  },
  {
    name: "a column with a foreign key",
    naive: `ALTER TABLE "App User" RENAME COLUMN team TO "Team Id"`,
    old: `INSERT INTO "App User" ("Full Name", team) VALUES ('Old ' || txid_current(), 2)`,
    new: `INSERT INTO "App User" ("Full Name", "Team Id") VALUES ('New ' || txid_current(), 1)`,
  },
  {
    name: "a column of an enum with a default",
    naive: `ALTER TABLE "App User" RENAME mood TO feeling`,
    old: `INSERT INTO "App User" ("Full Name", mood) VALUES ('Old ' || txid_current(), NULL)`,
    new: `INSERT INTO "App User" ("Full Name", feeling) VALUES ('New ' || txid_current(), 'sad')`,
  },
];

describe.each([14, 18])("operations on Postgres %i", (major) => {
  let scratch: Scratch;
  let template: string;
  beforeAll(async () => {
    scratch = await startScratch({ major });
    const database = await scratch.createDatabase();
    template = database.name;
    await using session = await Session.open({ url: database.url, applicationName: "base" });
    await session.batch(base);
    await session.query("CREATE SCHEMA lockstep");
  });
  afterAll(() => scratch.close());

  async function open(): Promise<Session> {
    const { url } = await scratch.createDatabase({ template });
    return Session.open({ url, applicationName: "plan" });
  }

  it.each(cases)(
    "rename $name",
    async ({ naive, old, new: release }) => {
      await using naively = await open();
      const before = await introspect(naively);
      await naively.query(naive);
      const after = await introspect(naively);
      const [statement] = await parseSql(naive, "naive.sql");
      const planned = renameColumn({ statement: statement!, before, after, plan: "p1" });
      const plan = await composePlan("p1", [planned!], ["public"]);

      await using session = await open();
      await session.query(old);
      for (const step of plan.expand) {
        await run(session, step);
        await session.query(old);
      }
      for (const step of plan.backfill) {
        await run(session, step);
        await session.query(old);
      }
      await session.query(release);
      await session.query(old);
      for (const step of plan.contract) await run(session, step);
      await session.query(release);
      expect(await diff(after, await introspect(session))).toEqual([]);

      const steps = [...plan.expand, ...plan.backfill];
      for (let done = 1; done <= steps.length; done++) {
        await using half = await open();
        for (const step of steps.slice(0, done)) await run(half, step);
        await half.query(old);
        for (const statements of undoing(plan, done)) await half.query(statements);
        expect(await diff(before, await introspect(half))).toEqual([]);
        await half.query(old);
      }
    },
    120_000,
  );
});

async function run(session: Session, step: Step): Promise<void> {
  if (step.kind === "outside") await session.query(step.statement);
  else if (step.kind === "transaction") await session.batch(step.statements.join(";\n"));
  else {
    const flag = quoteIdent(step.flag);
    await session.query(
      `UPDATE ${quoteQualified(step.table.schema, step.table.name)} SET ${flag} = 1 WHERE ${flag} = 0`,
    );
  }
}

function undoing(plan: Plan, done: number): readonly string[] {
  return [...plan.expand, ...plan.backfill]
    .slice(0, done)
    .toReversed()
    .flatMap((step) => (step.kind === "fill" ? [] : step.undo));
}
