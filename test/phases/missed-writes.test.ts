import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { diff } from "../../src/catalog/index.ts";
import { rollback, runPhase, type CarriedPhase } from "../../src/phases/index.ts";
import { startScratch, type Scratch } from "../../src/scratch/index.ts";
import { failureOf } from "../support/failure.ts";
import { ask, catalogOf, project, type Project } from "./support.ts";

const base = `
CREATE TABLE person (id integer PRIMARY KEY, "Full Name" text, visits integer NOT NULL DEFAULT 0, bio text, t integer);
INSERT INTO person SELECT n, 'Name ' || n, n, CASE WHEN n % 2 = 0 THEN 'bio ' || n END FROM generate_series(1, 20) n;
`;

// The least of it on 14 too: test/phases/own-triggers.test.ts.
const asked = process.env["LOCKSTEP_TEST_MAJORS"] ?? "18";

describe.each(asked.split(",").map(Number))(
  "T13: triggers of a plan that did not fire for a time, on Postgres %i",
  (major) => {
    let scratch: Scratch;
    const projects: Project[] = [];
    let convert: Project;
    let retype: Project;
    let move: Project;
    beforeAll(async () => {
      scratch = await startScratch({ major });
      for (const naive of [
        // The old form holds more than the new one gives back.
        `-- lockstep: name = upper("Full Name")
-- lockstep: "Full Name" = name
ALTER TABLE person ADD COLUMN name text;
UPDATE person SET name = upper("Full Name");
ALTER TABLE person DROP COLUMN "Full Name";
ALTER TABLE person ALTER COLUMN t TYPE bigint;`,
        "ALTER TABLE person ALTER COLUMN visits TYPE bigint, ALTER COLUMN t TYPE bigint",
        "CREATE TABLE profile (person integer PRIMARY KEY REFERENCES person, bio text);\n" +
          "INSERT INTO profile SELECT id, bio FROM person WHERE bio IS NOT NULL;\n" +
          "ALTER TABLE person DROP COLUMN bio;",
      ])
        projects.push(await project(scratch, { base, naive }));
      [convert, retype, move] = projects as [Project, Project, Project];
    });
    afterAll(async () => {
      for (const one of projects) one[Symbol.dispose]();
      await scratch.close();
    });

    const carry = async (
      { plan, carries }: Project,
      url: string,
      ...phases: readonly CarriedPhase[]
    ) => {
      for (const phase of phases) await runPhase({ url, plan, phase, carries, emit: () => {} });
    };

    const takeBack = async ({ plan, migrations }: Project, url: string, consent?: string) =>
      rollback({
        url,
        folder: migrations,
        plans: [plan],
        plan: "p1",
        environment: "test",
        instanceTtlMs: 60_000,
        quietMs: 300,
        emit: () => {},
        consent,
      });

    /** As somebody who loads data, and puts everything as it was. */
    async function past(url: string, ...statements: readonly string[]): Promise<void> {
      const triggers = await ask<{ name: string }>(
        url,
        "SELECT tgname::text AS name FROM pg_trigger WHERE tgrelid = 'person'::regclass AND tgname ~ 'lockstep'",
      );
      const each = (how: string) =>
        triggers.map(({ name }) => `ALTER TABLE person ${how} TRIGGER "${name}"`);
      for (const sql of [...each("DISABLE"), ...statements, ...each("ENABLE ALWAYS")])
        await ask(url, sql);
    }

    /** Runs what the message says for the case that the form of `release` holds, or what is under the columns' names. */
    async function repair(url: string, next: readonly string[], release?: string): Promise<void> {
      const what =
        release === undefined
          ? "where the columns by their own names hold, which both releases write: "
          : `where the ${release} release's form holds: `;
      const line = next.find((one) => one.startsWith(what));
      for (const sql of line!.slice(line!.indexOf(": ") + 2).split("; then ")) await ask(url, sql);
    }

    const phaseOf = async (url: string) => (await ask(url, "SELECT phase FROM lockstep.plan"))[0];

    it("keep a plan from becoming ready while a row that the old release wrote meanwhile is in one form", async () => {
      const url = await convert.database();
      await carry(convert, url, "expand");
      await ask(url, `INSERT INTO person (id, "Full Name") VALUES (30, 'Ada'), (31, 'Bob')`);
      await past(url, `UPDATE person SET "Full Name" = 'Eve' WHERE id = 30`);
      const failure = await failureOf(async () => carry(convert, url, "backfill"));
      expect(failure).toMatchObject({ code: "dual-writes-missed", exitCode: 1 });
      expect(failure.found).toBe("public.person: 1");
      expect(await phaseOf(url)).toEqual({ phase: "backfill" });
      const see = failure.next![0]!.slice("see them: ".length);
      expect((await ask(url, see)).map(({ id }) => id)).toEqual([30]);
      await repair(url, failure.next!, "old");
      await carry(convert, url, "backfill");
      expect(await ask(url, "SELECT id, name FROM person WHERE id > 20 ORDER BY id")).toEqual([
        { id: 30, name: "EVE" },
        { id: 31, name: "BOB" },
      ]);
    });

    it("keep the contract phase from beginning while a row that the new release wrote meanwhile is in one form", async () => {
      const url = await convert.database();
      await carry(convert, url, "expand", "backfill");
      // Nothing was written: rows are compared, and that is all.
      await past(url);
      await past(
        url,
        "UPDATE person SET name = NULL WHERE id = 1",
        // What has changed its type is written by both: it holds, whoever wrote the rest.
        "UPDATE person SET t = 77 WHERE id = 2",
        "INSERT INTO person (id, name) VALUES (40, 'Zoe')",
      );
      const failure = await failureOf(async () => carry(convert, url, "contract"));
      expect([failure.code, failure.found]).toEqual(["dual-writes-missed", "public.person: 3"]);
      expect((await failureOf(async () => takeBack(convert, url))).code).toBe("dual-writes-missed");
      expect(await phaseOf(url)).toEqual({ phase: "ready" });
      await repair(url, failure.next!, "new");
      // In the second row only what has changed its type: the rest is left as it is, with what the new form does not hold.
      expect(
        await ask(
          url,
          `SELECT id, "Full Name", name, t_was_p1 FROM person WHERE id IN (1, 2, 40) ORDER BY id`,
        ),
      ).toEqual([
        { id: 1, "Full Name": null, name: null, t_was_p1: null },
        { id: 2, "Full Name": "Name 2", name: "NAME 2", t_was_p1: 77 },
        { id: 40, "Full Name": "Zoe", name: "Zoe", t_was_p1: null },
      ]);
      await carry(convert, url, "contract");
      expect(await diff(convert.goal, await catalogOf(url), { columnOrder: false })).toEqual([]);
    });

    it("keep a plan that is ready from being taken back while its old form lacks what was written meanwhile", async () => {
      const url = await retype.database();
      await carry(retype, url, "expand", "backfill");
      await past(
        url,
        "UPDATE person SET visits = 900 WHERE id = 1",
        "UPDATE person SET visits = 901, t = 5 WHERE id = 2",
        "UPDATE person SET t = 6 WHERE id = 3",
      );
      const failure = await failureOf(async () => takeBack(retype, url));
      expect([failure.code, failure.found]).toEqual(["dual-writes-missed", "public.person: 3"]);
      await repair(url, failure.next!);
      expect(await takeBack(retype, url)).toMatchObject({ phase: "aborted" });
      expect(await diff(retype.start, await catalogOf(url), { columnOrder: false })).toEqual([]);
      expect(await ask(url, "SELECT visits, t FROM person WHERE id <= 3 ORDER BY id")).toEqual([
        { visits: 900, t: null },
        { visits: 901, t: 5 },
        { visits: 3, t: 6 },
      ]);
    });

    it("do the same where the two forms are in two tables", async () => {
      const url = await move.database();
      await carry(move, url, "expand", "backfill");
      await past(
        url,
        "UPDATE person SET bio = 'told' WHERE id IN (1, 2)",
        "UPDATE person SET bio = NULL WHERE id = 4",
        "INSERT INTO person (id, bio) VALUES (60, 'born')",
      );
      const failure = await failureOf(async () => carry(move, url, "contract"));
      expect([failure.code, failure.found]).toEqual(["dual-writes-missed", "public.person: 4"]);
      await repair(url, failure.next!, "old");
      await carry(move, url, "contract");
      expect(
        await ask(url, "SELECT person, bio FROM profile WHERE person IN (1, 2, 4, 60) ORDER BY 1"),
      ).toEqual([
        { person: 1, bio: "told" },
        { person: 2, bio: "told" },
        { person: 60, bio: "born" },
      ]);
    });

    it("let a person answer for what is lost when a plan is taken back", async () => {
      const url = await convert.database();
      await carry(convert, url, "expand", "backfill");
      await past(url, "UPDATE person SET name = 'lost' WHERE id = 1");
      expect(await takeBack(convert, url, "Ada: a test row")).toMatchObject({ phase: "aborted" });
    });
  },
);
