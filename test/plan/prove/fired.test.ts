import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isFlagFill } from "../../../src/backfill/index.ts";
import { introspect } from "../../../src/catalog/index.ts";
import { Session } from "../../../src/pg/index.ts";
import type { Fill, Plan, Step } from "../../../src/plan/model.ts";
import { apartInBatches } from "../../../src/plan/prove/in-batches.ts";
import { movedUnlike, type End } from "../../../src/plan/prove/moved.ts";
import { provePlan } from "../../../src/plan/prove/prove.ts";
import { readRows } from "../../../src/plan/prove/rows.ts";
import { ownFillFires } from "../../../src/plan/prove/without-writers.ts";
import { splitStatements } from "../../../src/plan/split.ts";
import { startScratch, type Scratch } from "../../../src/scratch/index.ts";
import { parseSql } from "../../../src/sql/index.ts";
import { planOf } from "../operation-harness.ts";

/** By a unique index; each row stamps itself, counts its changes, leaves a copy of itself and moves a column of another table. */
const base = `
CREATE TABLE owner (id integer PRIMARY KEY, changes integer NOT NULL DEFAULT 0);
CREATE TABLE link (id integer NOT NULL UNIQUE, owner integer REFERENCES owner, label text, is_open boolean DEFAULT true, version integer NOT NULL DEFAULT 0, changed timestamptz NOT NULL DEFAULT now());
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

/** The versions of a document are documents; each notes when it was changed, which no batch sees. */
const versions = `
CREATE TABLE doc (id serial PRIMARY KEY, of_doc integer, state text NOT NULL DEFAULT 'new', changes integer NOT NULL DEFAULT 0);
INSERT INTO doc (state) VALUES ('new'), ('new'), ('new');
CREATE FUNCTION kept() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO doc (of_doc, state) VALUES (OLD.id, OLD.state); RETURN NEW; END';
CREATE TRIGGER kept BEFORE UPDATE OF state ON doc FOR EACH ROW EXECUTE FUNCTION kept();
CREATE FUNCTION counted() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN UPDATE doc SET changes = changes + 1 WHERE id = NEW.id; RETURN NULL; END';
CREATE TRIGGER counted AFTER UPDATE OF state ON doc FOR EACH ROW EXECUTE FUNCTION counted();
`;

describe("triggers of the application for UPDATE", () => {
  let scratch: Scratch;
  beforeAll(async () => {
    scratch = await startScratch({ major: 18 });
  });
  afterAll(() => scratch.close());

  async function prove(naive: string, plan: Plan, schema = base) {
    const template = await scratch.template(`fired ${schema}`, async (url) => {
      await using session = await Session.open({ url, applicationName: "test" });
      await session.batch(schema);
    });
    const statements = splitStatements(await parseSql(naive, "naive.sql"), "naive.sql");
    return provePlan({ scratch, template, naive: statements, plan, searchPath: ["public"] });
  }

  const opened = `ALTER TABLE link ADD COLUMN is_public boolean DEFAULT false; UPDATE link SET is_open = true, is_public = false WHERE id > 2;
ALTER TABLE link ALTER is_public SET NOT NULL`;

  it("fire for each row that an UPDATE means, also where it stays as it is", async () => {
    const { plan } = await planOf(scratch, base, opened);
    const fill = plan!.backfill.find(({ kind }) => kind === "fill");
    expect(isFlagFill(fill as Fill)).toBe(false);
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

  it("are missed by a fill that leaves such rows alone, and write what only its batches see", async () => {
    const [schema, naive] = [base + versions, `${opened}; UPDATE doc SET state = 'open'`];
    const { plan } = await planOf(scratch, schema, naive);
    const backfill = plan!.backfill.map((step): Step => {
      if (step.kind !== "fill") return step;
      const { once: _, ...fill } = step;
      return step.table.name === "link" ? { ...step, todo: "t.id > 2 AND NOT t.is_open" } : fill;
    });
    const { failures } = await prove(naive, { ...plan!, backfill }, schema);
    const found = failures.filter(({ what }) => what.includes("when nobody has written meanwhile"));
    const tables = ["audit", "link", "owner"].map((name) => `public.${name}`);
    expect(found.map(({ what }) => /public\.\w+/.exec(what)![0])).toEqual([
      ...tables,
      "public.link",
    ]);
    expect(found.at(-1)!.what).toMatch(/changed of public\.link has moved in \d+ rows/);
    expect(failures.filter(({ what }) => what.includes("done in batches"))).toMatchObject([
      { proof: "data", statement: expect.stringContaining('UPDATE "public"."doc"') },
    ]);
  });

  it("write rows of the filled table, which its batches meet or do not", async () => {
    const { url } = await scratch.createDatabase();
    await using session = await Session.open({ url, applicationName: "test" });
    await session.batch(versions);
    const table = { schema: "public", name: "doc" };
    const apart = (todo: string, rest: Partial<Fill> = {}) =>
      apartInBatches(session, { kind: "fill", table, set: "state = 'open'", todo, ...rest });
    expect(await apart("t.of_doc IS NULL")).toEqual([]);
    expect(await apart("true", { set: "changes = 7" })).toEqual([]);
    expect(await apart("t.state = 'new'")).toMatchObject([{ table: "public.doc" }]);
    // What comes behind the last row is not visited then.
    expect(await apart("t.state = 'new'", { once: true })).toEqual([]);
    await session.query("DROP TRIGGER kept ON doc");
    expect(await apart("true")).toEqual([]);
    // Whether a row is meant depends on what the ones before it have fired.
    expect(await apart("(SELECT sum(changes) FROM doc) = 0")).toMatchObject([
      { missing: [2, 3].map((id) => ({ id: `(${id})`, changes: "(1)", state: "(open)" })) },
    ]);
    await session.query(
      "ALTER TABLE doc ADD CHECK (changes < 2) NOT VALID, DROP CONSTRAINT doc_pkey",
    );
    expect(await apart("true")).toContain("23514");
    expect(await session.queryArrays("SELECT DISTINCT state, changes FROM doc")).toEqual([
      ["new", 0],
    ]);
  });

  it("move a moment in as many rows, whatever the key is called, or without one", async () => {
    const { url } = await scratch.createDatabase();
    await using session = await Session.open({ url, applicationName: "test" });
    const end = async (sql: string): Promise<End> => {
      await session.batch(sql);
      const catalog = await introspect(session, { parts: ["tables"] });
      return { catalog, rows: await readRows(session, catalog) };
    };
    const before = await end(
      "CREATE TABLE t (id integer NOT NULL UNIQUE, changed timestamptz); INSERT INTO t SELECT n, '2000-01-01' FROM generate_series(1, 5) n",
    );
    const naive = await parseSql(
      "ALTER TABLE t RENAME id TO number; ALTER TABLE t RENAME changed TO moved; ALTER TABLE t RENAME TO u",
      "naive.sql",
    );
    const renamed = naive.map(({ sql }) => sql).join(";");
    const moves = (one: string) =>
      `UPDATE u SET moved = CASE WHEN ${one} THEN now() ELSE '2000-01-01' END`;
    const expected = await end(`${renamed}; ${moves("number < 4")}`);
    const found = await end(moves("number > 2"));
    const uncompared = new Map([["public.u", new Set(["moved"])]]);
    const at = { table: "public.u", column: "moved", expected: 3, found: 3 };
    const unlike = (ends: Pick<Parameters<typeof movedUnlike>[0], "expected" | "found">) =>
      movedUnlike({ before, ...ends, uncompared, naive });
    expect(unlike({ expected, found })).toEqual([{ ...at, apart: 4 }]);
    const keyless = await end("ALTER TABLE u DROP CONSTRAINT t_id_key");
    expect(unlike({ expected, found: keyless })).toEqual([]);
    const more = await end(moves("number > 1"));
    expect(unlike({ expected, found: more })).toEqual([{ ...at, found: 4, apart: 1 }]);
  });

  it("fire for a fill of the plan's own too, unless they pass over it", async () => {
    const naive = "ALTER TABLE link RENAME COLUMN label TO title";
    const { plan } = await planOf(scratch, base, naive);
    expect(plan!.backfill.map((step) => step.kind === "fill" && isFlagFill(step))).toContain(true);
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
