import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { examinations, examine, type Diagnosis, type Examined } from "../../src/doctor/index.ts";
import { Session } from "../../src/pg/index.ts";
import { startScratch, type Scratch, type ScratchDatabase } from "../../src/scratch/index.ts";

/** What is wrong with a schema, and after which of the advised statements it is not any more. */
const wrong: readonly {
  readonly name: string;
  readonly made: readonly string[];
  readonly object: string | undefined;
  readonly verdict: string;
  readonly found: RegExp;
  readonly majors?: readonly number[];
}[] = [
  {
    name: "invalid-indexes",
    made: [
      "CREATE TABLE t (a int)",
      "INSERT INTO t VALUES (1), (1)",
      "CREATE UNIQUE INDEX CONCURRENTLY t_a ON t (a)",
    ],
    object: "public.t_a",
    verdict: "danger",
    found: /left behind by a CONCURRENTLY/,
  },
  {
    name: "duplicate-indexes",
    made: [
      'CREATE TABLE "T 1" (a int PRIMARY KEY, b text)',
      'CREATE UNIQUE INDEX again ON "T 1" (a)',
      'CREATE INDEX b1 ON "T 1" (b)',
      'CREATE INDEX b2 ON "T 1" (b DESC)',
      'CREATE INDEX b3 ON "T 1" (b) WHERE a > 1',
    ],
    object: 'public."T 1"',
    verdict: "warning",
    found: /^public\."T 1_pkey" and public\.again are the same/,
  },
  {
    name: "not-valid-constraints",
    made: ["CREATE TABLE t (a int)", "ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0) NOT VALID"],
    object: "public.t c",
    verdict: "warning",
    found: /^CHECK \(a > 0\) NOT VALID$/,
  },
  {
    name: "not-valid-constraints",
    made: ["CREATE DOMAIN d AS int", "ALTER DOMAIN d ADD CONSTRAINT c CHECK (VALUE > 0) NOT VALID"],
    object: "domain d c",
    verdict: "warning",
    found: /NOT VALID$/,
  },
  {
    name: "sequences",
    made: ["CREATE SEQUENCE s AS int", "SELECT setval('s', 1900000000)"],
    object: "public.s",
    verdict: "danger",
    found: /^at 1900000000 of 2147483647, 88 %$/,
  },
  {
    name: "autovacuum",
    made: ["CREATE TABLE t (a int) WITH (autovacuum_enabled = false)"],
    object: "public.t",
    verdict: "warning",
    found: /^autovacuum is off for it/,
  },
  {
    name: "slots",
    made: ["SELECT pg_create_physical_replication_slot('left', true)"],
    object: "left",
    verdict: "warning",
    found: /nobody reads it/,
  },
  {
    name: "publications",
    made: ["CREATE TABLE t (a int)", "CREATE PUBLICATION p FOR TABLE t"],
    object: "p",
    verdict: "danger",
    found: /of public\.t, without a replica identity$/,
  },
  {
    name: "role-settings",
    made: ["ALTER ROLE postgres SET session_replication_role = 'replica'"],
    object: "postgres",
    verdict: "danger",
    found: /^session_replication_role = replica$/,
  },
];

describe.each([14, 18])("on Postgres %i", (major) => {
  let scratch: Scratch;
  beforeAll(async () => {
    scratch = await startScratch({
      major,
      settings: { max_prepared_transactions: "5", wal_level: "logical" },
    });
  });
  afterAll(async () => scratch.close());

  const open = async (database: ScratchDatabase) =>
    Session.open({ url: database.url, applicationName: "shop" });

  const look = async (
    session: Session,
    database: ScratchDatabase,
    longSeconds = 60,
  ): Promise<ReadonlyMap<string, Examined>> => {
    const options = { environment: "production", url: database.url, longSeconds };
    const { examined } = await examine(session, options);
    return new Map(examined.map((one) => [one.name, one]));
  };

  it("asks every question, and an empty database has nothing in its schema", async () => {
    const database = await scratch.createDatabase();
    await using session = await open(database);
    const found = await look(session, database);
    expect([...found.keys()]).toEqual(examinations.map(({ name }) => name));
    for (const { name, diagnoses, verdict } of found.values()) {
      expect(diagnoses.length, name).toBeGreaterThan(0);
      if (verdict === "ok") expect(diagnoses[0]!.found, name).not.toBe("");
      for (const { means, next = [], verdict: how } of diagnoses)
        if (how !== "ok") expect([name, means, next.length > 0]).toEqual([name, means ?? "", true]);
    }
    for (const { name } of wrong) expect([name, found.get(name)!.verdict]).toEqual([name, "ok"]);
    expect(found.get("connection")!.diagnoses[0]!.found).toBe("straight to the server");
    // What a scratch server is not asked to do.
    expect(found.get("durability")!.verdict).toBe("danger");
    expect(found.get("point-in-time-recovery")!.verdict).toBe("danger");
  });

  it.each(wrong)("$name: $found, until what is advised was done", async (one) => {
    const database = await scratch.createDatabase();
    await using session = await open(database);
    for (const sql of one.made)
      await session.query(sql).catch((error: unknown) => {
        if (!/could not create unique index/.test(String(error))) throw error;
      });
    await using fresh = await open(database);
    const before = (await look(fresh, database)).get(one.name)!;
    const [diagnosis] = before.diagnoses as readonly [Diagnosis];
    expect(diagnosis).toMatchObject({ verdict: one.verdict, object: one.object });
    expect(diagnosis.found).toMatch(one.found);
    expect(diagnosis.means).toMatch(/./);
    for (const advice of statements(diagnosis)) await session.query(advice);
    await using after = await open(database);
    expect(["ok", "note"]).toContain((await look(after, database)).get(one.name)!.verdict);
  });

  it("an int column filled from a bigint sequence ends where the column does", async () => {
    const database = await scratch.createDatabase();
    await using session = await open(database);
    await session.batch(
      "CREATE SEQUENCE s; CREATE TABLE t (id int DEFAULT nextval('s')); SELECT setval('s', 1200000000)",
    );
    const [diagnosis] = (await look(session, database)).get("sequences")!.diagnoses;
    expect(diagnosis).toMatchObject({
      verdict: "warning",
      object: "public.s",
      found: "at 1200000000 of 2147483647, 56 %; it fills public.t.id (integer)",
    });
    expect(diagnosis!.next!.join()).toContain("lockstep plan");
  });

  it("a sequence is as far as it has come from where it began, and settings are what they mean", async () => {
    const database = await scratch.createDatabase();
    await using session = await open(database);
    for (const sql of [
      "CREATE SEQUENCE aaa",
      "SELECT nextval('aaa')",
      "CREATE SEQUENCE below AS int MINVALUE -2147483648 START -2147483648",
      "SELECT setval('below', -2000000000)",
      "CREATE SEQUENCE ends_at_zero MINVALUE -10 MAXVALUE 0 START -10",
      "SELECT nextval('ends_at_zero')",
      `CREATE ROLE "O'Brien" LOGIN`,
      `ALTER ROLE "O'Brien" SET default_transaction_read_only = 'FALSE'`,
    ])
      await session.query(sql);
    const found = await look(session, database);
    expect(found.get("sequences")!.diagnoses).toEqual([
      { verdict: "ok", found: "the furthest is public.below, at 3.4 %" },
    ]);
    expect(found.get("role-settings")!.verdict).toBe("ok");
    await session.query("CREATE SEQUENCE downward AS smallint INCREMENT -1 MINVALUE -100; ");
    await session.query("SELECT setval('downward', -90)");
    const [downward] = (await look(session, database)).get("sequences")!.diagnoses;
    expect(downward).toMatchObject({
      verdict: "danger",
      found: "at -90 of -100, 90 %",
      next: ["ALTER SEQUENCE public.downward AS bigint NO MINVALUE"],
    });
    await session.query(downward!.next![0]!);
    expect((await look(session, database)).get("sequences")!.verdict).toBe("ok");
    await session.query(`DROP ROLE "O'Brien"`);
  });

  it("indexes that only look the same are not, and only what can be dropped is to be", async () => {
    const database = await scratch.createDatabase();
    await using session = await open(database);
    for (const sql of [
      "CREATE TABLE nulls (a int)",
      `CREATE UNIQUE INDEX nulls_1 ON nulls (a)${major >= 15 ? " NULLS NOT DISTINCT" : " WHERE a > 0"}`,
      "CREATE UNIQUE INDEX nulls_2 ON nulls (a)",
      "CREATE TABLE later (a int, UNIQUE (a) DEFERRABLE)",
      "CREATE UNIQUE INDEX at_once ON later (a)",
      "CREATE TABLE room (r tsrange, s tsrange, EXCLUDE USING gist (r WITH &&, s WITH &&), EXCLUDE USING gist (r WITH &&, s WITH =))",
      "CREATE TABLE parent (a int, b int)",
      "CREATE UNIQUE INDEX parent_old ON parent (a)",
      "CREATE UNIQUE INDEX parent_new ON parent (a)",
      "CREATE TABLE child (a int REFERENCES parent (a))",
      "CREATE TABLE log (a int) PARTITION BY RANGE (a)",
      "CREATE TABLE log_1 PARTITION OF log FOR VALUES FROM (0) TO (10)",
      "CREATE INDEX log_a ON log (a)",
      "CREATE INDEX log_b ON log (a)",
      "CREATE INDEX log_1_own ON log_1 (a)",
    ])
      await session.query(sql);
    const told = async () =>
      (await look(session, database))
        .get("duplicate-indexes")!
        .diagnoses.map(({ object, next }) => [object, ...(next ?? [])]);
    expect(new Set(await told())).toEqual(
      new Set([
        ["public.parent", expect.stringMatching(/^DROP INDEX CONCURRENTLY public\.parent_/)],
        ["public.log", "DROP INDEX public.log_b"],
        [
          "public.log_1",
          expect.stringContaining("goes with the index of the partitioned table"),
          "DROP INDEX CONCURRENTLY public.log_1_own",
        ],
      ]),
    );
    for (const [, ...next] of await told())
      for (const sql of next) if (sql!.startsWith("DROP")) await session.query(sql!);
    expect(await told()).toEqual([[undefined]]);
  });

  it("names open transactions, prepared ones, and who waits", async () => {
    const database = await scratch.createDatabase();
    await using session = await open(database);
    await using forgotten = await open(database);
    await using altering = await open(database);
    await session.batch("CREATE TABLE t (a int); CREATE TABLE u (a int)");
    await session.batch("BEGIN; INSERT INTO u VALUES (1); PREPARE TRANSACTION 'it''s'");
    await forgotten.batch("BEGIN; SELECT * FROM t WHERE a = 4711");
    const waiting = altering.query("ALTER TABLE t ADD COLUMN b int");
    await expect
      .poll(async () => (await look(session, database)).get("waiting")!.verdict, {
        timeout: 30_000,
      })
      .toBe("danger");
    const found = await look(session, database, 0);
    const long = found.get("long-transactions")!.diagnoses;
    const open1 = long.find(({ object }) => object === `pid ${forgotten.keyDataPid}`)!;
    expect(open1.verdict).toBe("danger");
    expect(open1.found).toMatch(/^postgres \(shop\) idle in transaction, transaction open since /);
    expect(open1.found).not.toContain("4711");
    expect(found.get("waiting")!.diagnoses[0]!.found).toMatch(
      new RegExp(`for AccessExclusiveLock on public\\.t, behind pid ${forgotten.keyDataPid}$`),
    );
    expect(found.get("prepared-transactions")!.diagnoses[0]).toMatchObject({ object: "it's" });
    const timeouts = found.get("timeouts")!.diagnoses[0]!;
    expect(timeouts).toMatchObject({ verdict: "warning", object: "postgres" });
    await forgotten.query("ROLLBACK");
    await waiting;
    await session.query("ROLLBACK PREPARED 'it''s'");
    expect((await look(session, database)).get("waiting")!.verdict).toBe("ok");
  });

  it("a role with few rights is told what it cannot see, and what is not its own", async () => {
    const database = await scratch.createDatabase();
    await using session = await open(database);
    await session.batch(
      `CREATE ROLE "Web" LOGIN PASSWORD 'x'; CREATE TABLE t (a int); CREATE SEQUENCE s; GRANT SELECT ON s TO "Web"; CREATE SEQUENCE t_hidden`,
    );
    const url = new URL(database.url);
    url.username = "Web";
    url.password = "x";
    await using web = await Session.open({ url: url.toString(), applicationName: "web" });
    const found = await look(web, { ...database, url: url.toString() });
    expect(found.get("privileges")!.verdict).toBe("warning");
    expect(found.get("privileges")!.diagnoses[0]).toMatchObject({
      object: "postgres",
      found: `owns 3 relations that "Web" may not alter, such as public.s`,
    });
    expect(found.get("long-transactions")!.diagnoses[0]).toMatchObject({
      verdict: "unknown",
      next: [`GRANT pg_monitor TO "Web"`],
    });
    expect(found.get("sequences")!.diagnoses[0]).toMatchObject({
      verdict: "unknown",
      found: "where 1 sequence stands is hidden from this role",
    });
    expect(found.get("disk")!.verdict).toBe("unknown");
    await session.batch(`DROP OWNED BY "Web"; DROP ROLE "Web"`);
  });
});

/** Those of the advised lines that are statements, as they stand. */
function statements({ next = [] }: Diagnosis): readonly string[] {
  const all = next
    .map((line) => line.replace(/^or: /, ""))
    .filter((line) => /^(?:ALTER|SELECT|REINDEX|VACUUM|DROP)/.test(line));
  return all.map((line) => line.replace(/, and build it anew$/, "")).slice(0, 1);
}
