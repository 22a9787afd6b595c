import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  describeTarget,
  readServerFacts,
  requirePrivileges,
  requireWritable,
  Session,
} from "../../src/pg/index.ts";
import { startScratch, supportedMajors, type Scratch } from "../../src/scratch/index.ts";
import { failureOf } from "../support/failure.ts";

let scratch: Scratch;

beforeAll(async () => {
  scratch = await startScratch();
});

afterAll(async () => {
  await scratch.close();
});

const openDatabase = async () => {
  const { name, url } = await scratch.createDatabase();
  return { name, url, session: await Session.open({ url, applicationName: "test" }) };
};

describe.each(supportedMajors)("Postgres %i", (major) => {
  it("tells its facts and is accepted", async () => {
    await using own = await startScratch({ major });
    await using session = await Session.open({ url: own.url, applicationName: "test" });
    const facts = await readServerFacts(session);
    expect(facts).toEqual({
      major,
      version: expect.stringContaining(`PostgreSQL ${major}.`),
      database: "postgres",
      user: "postgres",
      superuser: true,
      inRecovery: false,
      readOnly: false,
      canCreate: true,
      seesOtherSessions: true,
      signalsOtherSessions: true,
      sizeBytes: expect.any(Number),
      maxConnections: 100,
    });
    expect(facts.sizeBytes).toBeGreaterThan(1_000_000);
    requireWritable(facts, describeTarget(own.url));
  });
});

describe("a database that cannot be worked on", () => {
  it("was set to read-only", async () => {
    const { name, url, session } = await openDatabase();
    await session.query(`ALTER DATABASE ${name} SET default_transaction_read_only = on`);
    await session.close();
    await using again = await Session.open({ url, applicationName: "test" });
    const facts = await readServerFacts(again);
    expect(await failureOf(() => requireWritable(facts, "me@db:5432/shop"))).toEqual({
      code: "database-read-only",
      exitCode: 2,
      what: "me@db:5432/shop takes no changes",
      expected: "a database that can be written to",
      found: "default_transaction_read_only = on",
      from: "me@db:5432/shop",
      why: "somebody has set it for this database or role, or the provider has because the disk is full",
      next: [
        "free or extend the disk if the provider has set it",
        `else: ALTER DATABASE ${name} SET default_transaction_read_only = off (or ALTER ROLE postgres …)`,
      ],
    });
  });

  const healthy = async () => {
    await using session = await Session.open({ url: scratch.url, applicationName: "test" });
    return await readServerFacts(session);
  };

  it("is a replica", async () => {
    const facts = { ...(await healthy()), inRecovery: true, readOnly: true };
    expect(await failureOf(() => requireWritable(facts, "me@db:5432/shop"))).toEqual({
      code: "database-read-only",
      exitCode: 2,
      what: "me@db:5432/shop is a read-only replica",
      expected: "the primary server",
      found: "a standby in recovery (pg_is_in_recovery)",
      from: "me@db:5432/shop",
      why: "the URL is the one that reports or read traffic use, or a fail-over has moved the primary",
      next: ["use the URL of the primary (the writer endpoint)"],
    });
  });

  it.each([
    [
      13,
      "PostgreSQL 13.9 on x86_64",
      "it no longer gets fixes, and its catalogs differ",
      "upgrade the server to PostgreSQL 18, or leave it to its own tools",
    ],
    [
      19,
      "PostgreSQL 19.1 on x86_64",
      "which locks its statements take was not observed yet",
      "npm install lockstep@latest",
    ],
    [
      15,
      "PostgreSQL 15.2-YB-2.25 on x86_64",
      "it speaks Postgres' protocol, but locks, catalogs and DDL behave otherwise",
      "upgrade the server to PostgreSQL 18, or leave it to its own tools",
    ],
  ])("is of another kind: %i, %s", async (major, version, why, next) => {
    const facts = { ...(await healthy()), major, version: `${version}, compiled by gcc` };
    expect(await failureOf(() => requireWritable(facts, "me@db:5432/shop"))).toEqual({
      code: "database-unsupported",
      exitCode: 2,
      what: "me@db:5432/shop is a server that this version of Lockstep does not know",
      expected: "PostgreSQL 14 to 18",
      found: version,
      from: "me@db:5432/shop",
      why,
      next: [next],
    });
  });
});

describe("privileges", () => {
  const setUp = async () => {
    const opened = await openDatabase();
    await opened.session.batch(`
      DROP ROLE IF EXISTS app_owner; DROP ROLE IF EXISTS "Deployer";
      CREATE ROLE app_owner; CREATE ROLE "Deployer";
      CREATE SCHEMA shop AUTHORIZATION app_owner;
      GRANT USAGE ON SCHEMA shop TO "Deployer";
      CREATE TABLE shop.orders (id int); ALTER TABLE shop.orders OWNER TO app_owner;
      CREATE TABLE shop."Items" (id int); ALTER TABLE shop."Items" OWNER TO app_owner;
      GRANT ALL ON ALL TABLES IN SCHEMA shop TO "Deployer"`);
    return opened;
  };
  const wanted = {
    createSchema: true,
    createIn: ["shop", "not there"],
    alter: ["orders", "Items", "to_be_created"].map((name) => ({ schema: "shop", name })),
  };
  const tearDown = async (session: Session) => {
    await session.batch(
      `RESET ROLE; DROP OWNED BY app_owner, "Deployer"; DROP ROLE app_owner, "Deployer"`,
    );
    await session.close();
  };

  it("of a superuser are enough", async () => {
    const { session } = await setUp();
    await requirePrivileges(session, wanted);
    await tearDown(session);
  });

  it("of a member of the owner are enough", async () => {
    const { session } = await setUp();
    await session.batch(`GRANT app_owner TO "Deployer"; SET ROLE "Deployer"`);
    await requirePrivileges(session, { createIn: wanted.createIn, alter: wanted.alter });
    await tearDown(session);
  });

  it("that are missing are all named, with owner and remedy", async () => {
    const { name, session } = await setUp();
    await session.batch(`SET ROLE "Deployer"`);
    expect(await failureOf(() => requirePrivileges(session, wanted))).toEqual({
      code: "privilege-missing",
      exitCode: 2,
      what: 'role "Deployer" lacks 4 privileges that the pending work needs',
      expected: `CREATE on database "${name}", ownership of "shop"."Items", ownership of "shop"."orders", CREATE on schema "shop"`,
      found: `"${name}" is owned by "postgres", "shop"."Items" is owned by "app_owner", "shop"."orders" is owned by "app_owner", "shop" is owned by "app_owner"`,
      from: 'role "Deployer"',
      why: "they were made by another role; only an owner may alter a table, grants do not help",
      next: [
        `as "postgres": GRANT CREATE ON DATABASE "${name}" TO "Deployer"`,
        'as "app_owner": GRANT CREATE ON SCHEMA "shop" TO "Deployer"',
        'as an administrator: GRANT "app_owner" TO "Deployer"',
        'or hand it over: ALTER TABLE "shop"."Items" OWNER TO "Deployer"',
        'or hand it over: ALTER TABLE "shop"."orders" OWNER TO "Deployer"',
      ],
    });
    expect(await failureOf(() => requirePrivileges(session, { createIn: ["shop"] }))).toMatchObject(
      {
        what: 'role "Deployer" lacks a privilege that the pending work needs',
        why: "the role was made for an application that only reads and writes rows",
        next: [
          'as "app_owner": GRANT CREATE ON SCHEMA "shop" TO "Deployer"',
          'or run Lockstep as "app_owner"',
        ],
      },
    );
    await tearDown(session);
  });
});
