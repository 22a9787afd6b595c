import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Session } from "../../src/pg/index.ts";
import type { Plan } from "../../src/plan/model.ts";
import { startScratch, type Scratch } from "../../src/scratch/index.ts";
import { planOf, runStep } from "./operation-harness.ts";

const base = `
CREATE TABLE person (id integer PRIMARY KEY, bio text, age integer, other integer NOT NULL DEFAULT 0);
INSERT INTO person (id, bio, age) SELECT n, 'b' || n, n FROM generate_series(1, 9) n;
INSERT INTO person (id) VALUES (10);
`;

const naive = `
CREATE TABLE profile (person integer PRIMARY KEY REFERENCES person, bio text, age integer, theme integer NOT NULL DEFAULT 0);
INSERT INTO profile SELECT id, bio, age FROM person WHERE bio IS NOT NULL;
ALTER TABLE person DROP COLUMN bio, DROP COLUMN age;
`;

const asked = process.env["LOCKSTEP_TEST_MAJORS"] ?? "14,18";

describe.each(asked.split(",").map(Number))("two tables in step, on Postgres %i", (major) => {
  let scratch: Scratch;
  let plan: Plan;
  let url: string;
  let session: Session;
  beforeAll(async () => {
    scratch = await startScratch({ major });
    plan = (await planOf(scratch, base, naive)).plan!;
  });
  afterAll(() => scratch.close(), 180_000);
  beforeEach(async () => {
    ({ url } = await scratch.createDatabase());
    session = await Session.open({ url, applicationName: "set-up" });
    await session.batch(`${base}; CREATE SCHEMA lockstep`);
    return () => session.close();
  });

  async function begin(): Promise<void> {
    for (const step of [...plan.expand, ...plan.backfill]) await runStep(session, step);
  }

  /** Rows in which the two tables differ. */
  async function apart(): Promise<readonly unknown[][]> {
    return session.queryArrays(
      `SELECT id, n.bio, n.age, p.person, p.bio, p.age FROM person n LEFT JOIN profile p ON p.person = n.id
        WHERE n.bio IS DISTINCT FROM p.bio OR n.age IS DISTINCT FROM p.age`,
    );
  }

  /** Runs `first` in a transaction, `second` in another one that has to wait for it, and ends both. */
  async function meet(
    first: readonly string[],
    second: string,
    meanwhile?: () => Promise<unknown>,
  ): Promise<void> {
    await using one = await Session.open({ url, applicationName: "one" });
    await using other = await Session.open({ url, applicationName: "other" });
    await one.query("BEGIN");
    for (const statement of first) await one.query(statement);
    const done = other.query(second);
    const waits = `SELECT 1 FROM pg_stat_activity
      WHERE application_name = 'other' AND wait_event_type = 'Lock' AND datname = current_database()`;
    while ((await session.query(waits)).rows.length === 0);
    await meanwhile?.();
    await one.query("COMMIT");
    await done;
  }

  const changes = "UPDATE person SET bio = 'old' WHERE id = 1";
  const empties = "UPDATE person SET bio = NULL, age = NULL WHERE id = 1";
  const sets = "UPDATE profile SET bio = 'new' WHERE person = 1";
  const themes = "UPDATE profile SET theme = theme + 1 WHERE person = 1";
  const deletes = "DELETE FROM profile WHERE person = 1";
  const puts =
    "INSERT INTO profile (person, bio) VALUES (1, 'put') ON CONFLICT (person) DO UPDATE SET bio = EXCLUDED.bio";
  const appears = "UPDATE person SET bio = 'first' WHERE id = 10";
  const inserts =
    "INSERT INTO profile (person, bio) VALUES (10, 'put') ON CONFLICT (person) DO UPDATE SET bio = EXCLUDED.bio";
  it.each([
    [[changes], sets],
    [[changes], themes],
    [[changes], deletes],
    [[changes], puts],
    [[empties], sets],
    [[empties], puts],
    [[sets], changes],
    [[themes], changes],
    [[themes, sets], empties],
    [[deletes], changes],
    [[puts, themes], changes],
    [[appears], inserts],
    [[inserts], appears],
    [[changes, sets], themes],
    [[themes, changes], sets],
    [[sets], themes],
    [["DELETE FROM person WHERE id = 1"], sets],
  ])("T9: nobody reads what the other has not committed: %j, then %s", async (first, second) => {
    await begin();
    await meet(first, second);
    expect(await apart()).toEqual([]);
  });

  it.each([
    sets,
    themes,
    deletes,
    puts,
    "UPDATE profile p SET theme = 5 FROM person n WHERE n.id = p.person AND n.other = 0",
    "WITH gone AS (DELETE FROM profile WHERE bio = 'b1' RETURNING *) SELECT count(*) FROM gone",
    ...(major < 17
      ? []
      : ["MERGE INTO profile p USING person n ON n.id = p.person WHEN MATCHED THEN DELETE"]),
  ])("T10: who waits for the old row holds nothing of the new one: %s", async (second) => {
    await begin();
    const row = "SELECT 1 FROM profile_p1 WHERE person = 1 FOR UPDATE NOWAIT";
    await meet(["SELECT 1 FROM person WHERE id = 1 FOR UPDATE"], second, () => session.query(row));
    expect(await apart()).toEqual([]);
  });

  it("T5: a lock that is waited for is asked for again on the row as it is then", async () => {
    await begin();
    await meet([themes], themes);
    await meet([changes], "UPDATE profile SET bio = bio || '!' WHERE person = 1");
    expect(await session.queryArrays("SELECT bio, theme FROM profile WHERE person = 1")).toEqual([
      ["old!", 2],
    ]);
    expect(await apart()).toEqual([]);
  });

  it("reading, and a statement that changes nothing, locks no row of the old table", async () => {
    await begin();
    await using reader = await Session.open({ url, applicationName: "reader" });
    await reader.query("BEGIN");
    await reader.query("UPDATE profile SET theme = 1 WHERE bio = 'b2'");
    await reader.query("SELECT * FROM profile");
    await reader.query("SAVEPOINT one");
    await expect(
      reader.query("UPDATE profile SET theme = 1 / theme WHERE person = 3"),
    ).rejects.toThrow("division by zero");
    await reader.query("ROLLBACK TO one");
    await reader.query("SELECT * FROM profile");
    const free = "SELECT id FROM person ORDER BY id FOR UPDATE SKIP LOCKED";
    expect((await session.queryArrays(free)).flat()).toEqual([1, 3, 4, 5, 6, 7, 8, 9, 10]);
    await reader.query("ROLLBACK");
  });

  it("T1, T3: what one side cannot hold comes through the other one's writes", async () => {
    await begin();
    await session.batch(`
      UPDATE profile SET theme = 7 WHERE person IN (1, 2);
      UPDATE person SET bio = NULL WHERE id IN (2, 3);
      UPDATE person SET bio = 'again' WHERE id = 2`);
    expect(
      await session.queryArrays(
        "SELECT person, bio, age, theme FROM profile WHERE person < 4 ORDER BY 1",
      ),
    ).toEqual([
      [1, "b1", 1, 7],
      [2, "again", 2, 7],
    ]);
    // The old release keeps what the copy would leave out.
    expect(await session.queryArrays("SELECT bio, age FROM person WHERE id = 3")).toEqual([
      [null, 3],
    ]);
  });

  it("keys change, rows go, all at once", async () => {
    await begin();
    await session.batch(`
      UPDATE person SET id = id + 100, bio = upper(bio) WHERE id < 4;
      UPDATE profile SET person = 10 WHERE person = 4;
      DELETE FROM person WHERE id IN (5, 101);
      DELETE FROM profile WHERE person = 6`);
    expect(await session.queryArrays("SELECT person, bio FROM profile ORDER BY 1")).toEqual([
      [7, "b7"],
      [8, "b8"],
      [9, "b9"],
      [10, "b4"],
      [102, "B2"],
      [103, "B3"],
    ]);
    expect(await apart()).toEqual([]);
    await session.query("TRUNCATE person CASCADE");
    expect(await session.queryArrays("SELECT * FROM profile")).toEqual([]);
  });

  it("T13: triggers fire for replicated rows too", async () => {
    await begin();
    await session.batch(`
      SET session_replication_role = replica;
      INSERT INTO person (id, bio) VALUES (11, 'applied');
      UPDATE person SET bio = 'applied' WHERE id = 1;
      UPDATE profile SET bio = 'applied' WHERE person = 2;
      DELETE FROM person WHERE id = 3;
      RESET session_replication_role`);
    expect(await apart()).toEqual([]);
    expect(await session.queryArrays("SELECT 1 FROM profile WHERE person = 3")).toEqual([]);
  });

  it("T11, T12: what the old table's own triggers make of a value holds, and each row changes once", async () => {
    await session.batch(`
      CREATE TABLE audit (what text, id integer);
      CREATE FUNCTION trims() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN NEW.bio := btrim(NEW.bio); RETURN NEW; END $$;
      CREATE FUNCTION audits() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN INSERT INTO public.audit VALUES (TG_OP, NEW.id); RETURN NULL; END $$;
      CREATE TRIGGER zz_trims BEFORE INSERT OR UPDATE ON person FOR EACH ROW EXECUTE FUNCTION trims();
      CREATE TRIGGER audits AFTER INSERT OR UPDATE ON person FOR EACH ROW EXECUTE FUNCTION audits();`);
    await begin();
    await session.query("DELETE FROM audit");
    await session.query("UPDATE person SET bio = ' old ' WHERE id = 1");
    await session.query("UPDATE profile SET bio = ' new ' WHERE person = 2");
    await session.query("UPDATE profile SET theme = 1 WHERE person = 3");
    expect(await apart()).toEqual([]);
    expect(
      await session.queryArrays("SELECT bio FROM profile WHERE person < 3 ORDER BY 1"),
    ).toEqual([["new"], ["old"]]);
    expect(await session.queryArrays("SELECT what, id FROM audit ORDER BY id")).toEqual([
      ["UPDATE", 1],
      ["UPDATE", 2],
    ]);
  });

  it("who may write one of the tables needs no right on the other", async () => {
    await session.batch(`
      DO $$BEGIN CREATE ROLE lockstep_older; CREATE ROLE lockstep_newer; EXCEPTION WHEN duplicate_object THEN END$$;
      GRANT SELECT, INSERT, UPDATE, DELETE ON person TO lockstep_older;
      ALTER TABLE person ENABLE ROW LEVEL SECURITY;
      CREATE POLICY own ON person TO lockstep_older USING (id <> 9)`);
    await begin();
    // With a trigger's function on a table of one's own, one's own casts would run with the rights of its owner.
    expect(
      await session.queryArrays(
        "SELECT count(*)::integer, count(*) FILTER (WHERE has_function_privilege('public', oid, 'EXECUTE'))::integer FROM pg_proc WHERE prosecdef AND prorettype = 'trigger'::regtype",
      ),
    ).toEqual([[4, 0]]);
    const [view, table] = ["profile", "profile_p1"];
    await session.batch(`
      GRANT SELECT, INSERT, UPDATE, DELETE ON ${view}, ${table} TO lockstep_newer;
      SET ROLE lockstep_older;
      INSERT INTO person (id, bio) VALUES (11, 'older');
      UPDATE person SET bio = 'older';
      DELETE FROM person WHERE id = 2;
      SET ROLE lockstep_newer;
      INSERT INTO profile (person, bio) VALUES (9, 'newer') ON CONFLICT (person) DO UPDATE SET bio = 'newer';
      UPDATE profile SET bio = 'newer' WHERE person = 1;
      DELETE FROM profile WHERE person = 3;
      RESET ROLE`);
    expect(await apart()).toEqual([]);
    expect(
      await session.queryArrays("SELECT bio FROM person WHERE id IN (1, 3, 4, 9) ORDER BY id"),
    ).toEqual([["newer"], [null], ["older"], ["newer"]]);
  });

  it("T14: COPY of the old table, and MERGE where views have it", async () => {
    await begin();
    await session.batch("COPY person (id, bio) FROM STDIN", ["11\tcopied\n12\t\\N\n"]);
    expect(await session.queryArrays("SELECT person FROM profile WHERE person > 10")).toEqual([
      [11],
    ]);
    if (major >= 17)
      await session.query(
        `MERGE INTO profile p USING person n ON n.id = p.person
           WHEN MATCHED AND n.id < 3 THEN DELETE WHEN MATCHED THEN UPDATE SET bio = 'merged'
           WHEN NOT MATCHED THEN INSERT (person, bio) VALUES (n.id, 'merged')`,
      );
    expect(await apart()).toEqual([]);
  });
});
