import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Session } from "../../../src/pg/index.ts";
import type { Plan } from "../../../src/plan/model.ts";
import { provePlan } from "../../../src/plan/prove/prove.ts";
import { ownFillFires } from "../../../src/plan/prove/without-writers.ts";
import { splitStatements } from "../../../src/plan/split.ts";
import { startScratch, type Scratch } from "../../../src/scratch/index.ts";
import { parseSql } from "../../../src/sql/index.ts";
import { planOf } from "../operation-harness.ts";

/** Each row stamps itself, counts its changes, leaves a copy of itself and moves a column of another table. */
const base = `
CREATE TABLE owner (id integer PRIMARY KEY, changes integer NOT NULL DEFAULT 0);
CREATE TABLE link (id integer PRIMARY KEY, owner integer REFERENCES owner, label text, is_open boolean DEFAULT true, version integer NOT NULL DEFAULT 0, changed timestamptz NOT NULL DEFAULT now());
CREATE TABLE audit (id bigserial PRIMARY KEY, link integer, was boolean, is_now boolean);
CREATE TABLE bare (id integer, is_open boolean);
INSERT INTO owner SELECT n FROM generate_series(1, 4) n;
INSERT INTO link SELECT n, 1 + n % 4, 'Link ' || n, n % 3 > 0 FROM generate_series(1, 20) n;
INSERT INTO bare SELECT n, true FROM generate_series(1, 5) n;
CREATE FUNCTION stamped() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.changed := clock_timestamp(); NEW.version := OLD.version % 1000 + 1; RETURN NEW; END';
CREATE FUNCTION noted() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO audit (link, was, is_now) VALUES (OLD.id, OLD.is_open, NEW.is_open); UPDATE owner SET changes = changes % 1000 + 1 WHERE id = NEW.owner; RETURN NULL; END';
CREATE FUNCTION seen() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER stamped BEFORE UPDATE ON link FOR EACH ROW EXECUTE FUNCTION stamped();
CREATE TRIGGER noted AFTER UPDATE ON link FOR EACH ROW EXECUTE FUNCTION noted();
CREATE TRIGGER seen AFTER UPDATE ON link FOR EACH STATEMENT EXECUTE FUNCTION seen();
CREATE TRIGGER changed BEFORE UPDATE ON owner FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION seen();
CREATE FUNCTION "Refuses"() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN IF OLD.is_open IS NULL THEN RAISE EXCEPTION ''closed''; END IF; RETURN NEW; END';
CREATE TRIGGER refuses BEFORE UPDATE ON bare FOR EACH ROW EXECUTE FUNCTION "Refuses"();
`;

describe("triggers of the application for UPDATE", () => {
  let scratch: Scratch;
  beforeAll(async () => {
    scratch = await startScratch({ major: 18 });
  });
  afterAll(() => scratch.close());

  async function prove(naive: string, plan: Plan) {
    const template = await scratch.template(`fired ${base}`, async (url) => {
      await using session = await Session.open({ url, applicationName: "test" });
      await session.batch(base);
    });
    const statements = splitStatements(await parseSql(naive, "naive.sql"), "naive.sql");
    return provePlan({ scratch, template, naive: statements, plan, searchPath: ["public"] });
  }

  const opened = `ALTER TABLE link ADD COLUMN is_public boolean DEFAULT false; UPDATE link SET is_open = true, is_public = false WHERE id > 2;
ALTER TABLE link ALTER is_public SET NOT NULL`;

  it("fire for each row that an UPDATE means, also where it stays as it is", async () => {
    const { plan } = await planOf(scratch, base, opened);
    const fill = plan!.backfill.find(({ kind }) => kind === "fill");
    expect(fill).toMatchObject({ once: true, todo: expect.stringMatching(/^\( t\."id" > 2\)$/) });
    expect(plan!.notes).toEqual(
      expect.arrayContaining([
        "the fill is an UPDATE, so that triggers fire once for each row of public.link that the migration means, also where it holds already what it would get: noted, stamped",
        "triggers of public.link for whole statements fire for each batch of the fill, where the migration as written fires them once: seen",
      ]),
    );
    const proof = await prove(opened, plan!);
    expect(proof.failures).toEqual([]);
  });

  it("are missed by a fill that leaves such rows alone", async () => {
    const { plan } = await planOf(scratch, base, opened);
    const backfill = plan!.backfill.map((step) =>
      step.kind === "fill" ? { ...step, todo: "t.id > 2 AND NOT t.is_open" } : step,
    );
    const { failures } = await prove(opened, { ...plan!, backfill });
    const found = failures.filter(({ what }) => what.includes("when nobody has written meanwhile"));
    const tables = ["audit", "link", "owner"].map((name) => `public.${name}`);
    expect(found.map(({ what }) => /public\.\w+/.exec(what)![0])).toEqual([
      ...tables,
      "public.link",
    ]);
    expect(found.at(-1)!.what).toMatch(/changed of public\.link has moved in \d+ rows/);
  });

  it("fire for a fill of the plan's own too, unless they pass over it", async () => {
    const naive = "ALTER TABLE link RENAME COLUMN label TO title";
    const { plan } = await planOf(scratch, base, naive);
    const { failures } = await prove(naive, plan!);
    expect(new Set(failures.map(({ why }) => why))).toEqual(new Set([ownFillFires]));
  });

  it("are named when they keep a row from being filled", async () => {
    const naive = "ALTER TABLE bare RENAME COLUMN id TO number";
    const { plan } = await planOf(scratch, base, naive);
    const { failures } = await prove(naive, plan!);
    expect(failures[0]).toMatchObject({
      proof: "catalog",
      found: "closed (P0001)",
      why: expect.stringContaining("the trigger refuses of public.bare refuses a row"),
    });
  });
});
