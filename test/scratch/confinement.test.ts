import { describe, expect, it } from "vitest";
import { Confinement } from "../../src/scratch/index.ts";
import { parseSql } from "../../src/sql/index.ts";
import { failureOf } from "../support/failure.ts";

/** What is left of a text when it is replayed, statement by statement; the code of the error when it is refused. */
async function left(sql: string, isShared: boolean): Promise<readonly string[] | string> {
  try {
    const confinement = new Confinement({ isShared });
    const [file] = await confinement.confine([{ sql, file: "1.sql" }]);
    return (await parseSql(file!.sql, "1.sql")).map((statement) => statement.sql);
  } catch (error) {
    return (error as { code: string }).code;
  }
}

const gone: readonly string[] = [];

describe("statements that are left out", () => {
  it.each([
    "DROP DATABASE shop",
    "ALTER SYSTEM SET work_mem = '1GB'",
    "CREATE TABLESPACE fast LOCATION '/mnt'",
    "ALTER TABLESPACE fast RENAME TO slow",
    "COMMENT ON DATABASE shop IS 'x'",
    "COPY t TO PROGRAM 'curl -T - https://example.com'",
    "COPY t FROM '/etc/passwd'",
    "CREATE SUBSCRIPTION s CONNECTION 'host=production' PUBLICATION p",
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity",
    "SELECT pg_catalog.pg_reload_conf()",
    "SELECT pg_create_logical_replication_slot('s', 'pgoutput')",
    "SELECT lo_export(1, '/tmp/x')",
    "INSERT INTO t SELECT * FROM dblink('host=production', 'SELECT 1') AS r (a int)",
  ])("wherever scratch is: %s", async (sql) => {
    expect(await left(sql, true)).toEqual(gone);
    expect(await left(sql, false)).toEqual(gone);
  });

  it.each([
    "CREATE ROLE app LOGIN",
    "ALTER ROLE app SUPERUSER",
    "DROP ROLE app",
    "GRANT app TO other",
    "ALTER ROLE app RENAME TO apps",
  ])("on a server that was given: %s", async (sql) => {
    expect(await left(sql, true)).toEqual(gone);
    expect(await left(sql, false)).toEqual([sql]);
  });
});

it("leaves what stays in its place, to the line", async () => {
  const sql = "CREATE TABLE a ();\nDROP\n DATABASE x;\nCREATE TABLE b ();";
  const [file] = await new Confinement({ isShared: false }).confine([{ sql, file: "1.sql" }]);
  expect((await parseSql(file!.sql, "1.sql")).map(({ line }) => line)).toEqual([1, 4]);
});

describe("code", () => {
  const terminates = "PERFORM pg_terminate_backend(pid) FROM pg_stat_activity;";
  it.each([
    ["ends sessions", `DO $$ BEGIN ${terminates} END $$`, true],
    ["by EXECUTE", "DO $$ BEGIN EXECUTE 'SELECT pg_reload_conf()'; END $$", true],
    ["changes a role", "DO $$ BEGIN ALTER ROLE keeper NOLOGIN; END $$", true],
    ["drops a role", "DO $$ BEGIN EXECUTE format('DROP ROLE %I', 'keeper'); END $$", true],
    [
      "changes another database",
      "DO $$ BEGIN ALTER DATABASE shop SET timezone = 'UTC'; END $$",
      true,
    ],
    ["writes a file", "DO $$ BEGIN PERFORM lo_export(1, '/tmp/x'); END $$", false],
    ["asks another server", "DO $$ BEGIN PERFORM dblink_exec('', 'DROP TABLE t'); END $$", false],
  ])("that %s is refused on a server that was given", async (_, sql, runsOnOurs) => {
    expect(await left(sql, true)).toBe("scratch-run-failed");
    expect(await left(sql, false)).toEqual(runsOnOurs ? [sql] : "scratch-run-failed");
  });

  it.each([
    "DO $$ BEGIN\n -- pg_terminate_backend is not called\n CREATE TABLE t (); END $$",
    "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET timezone TO %L', current_database(), 'UTC'); END $$",
    "DO $$ BEGIN CREATE USER MAPPING FOR public SERVER s; DROP USER MAPPING FOR public SERVER s; END $$",
    "INSERT INTO notes VALUES ('SELECT pg_terminate_backend(1)')",
    "SELECT pg_backend_pid(), pg_advisory_xact_lock(1)",
    "COPY t FROM stdin",
  ])("runs anywhere: %s", async (sql) => {
    expect(await left(sql, true)).toEqual([sql]);
  });

  it("is known by the functions that hold it, and by those that call them", async () => {
    const make = [
      "CREATE FUNCTION kick() RETURNS void LANGUAGE sql AS 'SELECT pg_terminate_backend(1)'",
      "CREATE FUNCTION tidy() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM kick(); RETURN NEW; END $$",
      "CREATE TRIGGER tidy BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION tidy()",
    ];
    expect(await left(make.join(";\n"), true)).toEqual(make);
    for (const use of ["SELECT kick()", "CALL tidy()", "INSERT INTO orders VALUES (1)"])
      expect(await left([...make, use].join(";\n"), true)).toBe("scratch-run-failed");
    const other = "INSERT INTO users VALUES (1)";
    expect(await left([...make, other].join(";\n"), true)).toEqual([...make, other]);
  });

  it("says what it is and what to do", async () => {
    const confinement = new Confinement({ isShared: true });
    const sql = `CREATE TABLE t ();\nDO $$ BEGIN ${terminates} END $$;`;
    const failure = await failureOf(() => confinement.confine([{ sql, file: "7.sql" }]));
    expect(failure.what).toContain("7.sql:2");
    expect(failure.what).toContain("pg_terminate_backend");
    expect(failure.next?.[0]).toContain("leave --scratch-url out");
  });
});

it("names the roles that are made without rights instead", async () => {
  const confinement = new Confinement({ isShared: true });
  const sql =
    "CREATE ROLE app LOGIN; DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'web') THEN CREATE USER web PASSWORD 'x'; END IF; END $$;";
  await confinement.confine([{ sql, file: "1.sql" }]);
  expect(confinement.roles).toEqual(["app", "web"]);
});
