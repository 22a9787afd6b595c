import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startScratch, supportedMajors, type Scratch } from "../../src/scratch/index.ts";
import { ask, folderOf, open, run } from "./support.ts";

/** What the next file finds, written down by itself. */
const look = `INSERT INTO public.found SELECT current_setting('search_path'), current_user, session_user, current_setting('session_replication_role'),
  current_setting('lock_timeout'), current_setting('statement_timeout'), current_setting('app.who', true), current_setting('client_connection_check_interval'),
  (SELECT count(*) FROM pg_prepared_statements), (SELECT count(*) FROM pg_cursors), (SELECT count(*) FROM pg_listening_channels()),
  (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()), to_regclass('pg_temp.left_over')::text`;

describe.each(supportedMajors)("what a file leaves in the session on Postgres %i", (major) => {
  let scratch: Scratch;
  let url: string;
  beforeAll(async () => {
    scratch = await startScratch({ major });
    ({ url } = await scratch.createDatabase());
    await using session = await open(url);
    await session.batch(`CREATE SCHEMA s; CREATE ROLE other; GRANT ALL ON SCHEMA public, s TO other;
      CREATE TABLE public.found (path text, cu text, su text, replication text, lock text, statement text, app text, checks text, prepared int, cursors int, listening int, advisory int, temp text);
      GRANT ALL ON public.found TO other`);
  });
  afterAll(() => scratch.close());

  it.each([
    [
      "settings",
      "SET search_path = s; SET lock_timeout = '61s'; SET statement_timeout = '62s'; SET app.who = 'x'",
    ],
    ["a role", "SET ROLE other"],
    ["a session's user", "SET SESSION AUTHORIZATION other"],
    ["replication's role, which switches triggers off", "SET session_replication_role = replica"],
    [
      "settings by function",
      "SELECT set_config('search_path', 's', false), set_config('role', 'other', false)",
    ],
    [
      "settings out of a block",
      "DO $$ BEGIN EXECUTE 'SET search_path = s'; PERFORM set_config('app.who', 'x', false); END $$",
    ],
    ["a reset of everything, our settings too", "RESET ALL"],
    ["DISCARD ALL", "DISCARD ALL"],
    ["temporary tables", "CREATE TEMP TABLE left_over (id int)"],
    ["prepared statements and channels", "PREPARE p AS SELECT 1; LISTEN c"],
    ["advisory locks", "SELECT pg_advisory_lock(7)"],
    ["a cursor", "DECLARE c CURSOR WITH HOLD FOR SELECT 1"],
    [
      "settings of a file in several units",
      "SET search_path = s; VACUUM; SET ROLE other; SELECT 1",
    ],
  ])("%s: is gone before the next one", async (name, sql) => {
    const id = name.replaceAll(/\W/g, "_");
    const base = folderOf({});
    const files = [folderOf({ [`${id}_1`]: sql }), folderOf({ [`${id}_2`]: look })];
    const migrations = files.flatMap((folder) => folder.migrations);
    await run(url, { ...base, source: id, migrations }, {});
    expect(await ask(url, "SELECT * FROM public.found")).toEqual([
      {
        path: '"$user", public',
        cu: "postgres",
        su: "postgres",
        replication: "origin",
        lock: "3s",
        // Data has no time limit.
        statement: "0",
        app: expect.toSatisfy((value: unknown) => value === null || value === ""),
        checks: "500ms",
        prepared: 0,
        cursors: 0,
        listening: 0,
        advisory: 0,
        temp: null,
      },
    ]);
    await ask(url, "DELETE FROM public.found");
  });

  it("stays in force within the file, in every unit, and does not reach the ledger", async () => {
    await run(
      url,
      {
        ...folderOf({
          one: `SET ROLE other; SET search_path = s; CREATE TABLE a (id int);
            CREATE INDEX CONCURRENTLY a_id ON a (id);
            CREATE TABLE b (id int); REINDEX TABLE b;
            BEGIN; CREATE TABLE c (id int); COMMIT; BEGIN; CREATE TABLE d (id int); COMMIT`,
        }),
        source: "within",
      },
      {},
    );
    expect(
      await ask(
        url,
        "SELECT relname::text AS name, relowner::regrole::text AS owner FROM pg_class WHERE relnamespace = 's'::regnamespace ORDER BY 1",
      ),
    ).toEqual(["a", "a_id", "b", "c", "d"].map((name) => ({ name, owner: "other" })));
    expect(await ask(url, "SELECT how FROM lockstep.migration WHERE source = 'within'")).toEqual([
      { how: "applied" },
    ]);
  });

  it("an isolation level is set before the first query", async () => {
    await run(
      url,
      {
        ...folderOf({
          one: "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE; CREATE TABLE public.level AS SELECT current_setting('transaction_isolation') AS now; SELECT 1",
          two: "BEGIN ISOLATION LEVEL REPEATABLE READ; INSERT INTO public.level SELECT current_setting('transaction_isolation'); COMMIT",
        }),
        source: "level",
      },
      {},
    );
    expect(await ask(url, "SELECT now FROM public.level")).toEqual([
      { now: "serializable" },
      { now: "repeatable read" },
    ]);
  });
});
