import { createServer } from "node:net";
import { chmodSync } from "node:fs";
import { join } from "node:path";
import { inspect } from "node:util";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { describeTarget, parseTarget, redact, Session } from "../../src/pg/index.ts";
import { isLockstepError } from "../../src/errors/index.ts";
import { startScratch, type Scratch } from "../../src/scratch/index.ts";
import { temporaryFolder, type TemporaryFolder } from "../support/folder.ts";

/** Everything that means something in a URL, in SQL or in a shell. */
const canary = `cana/ry?#%&:@'"\\$ü 7`;
const secrets = [canary, encodeURIComponent(canary), "cana/ry", "cana%2Fry"];

let scratch: Scratch;
let folder: TemporaryFolder;

beforeAll(async () => {
  folder = temporaryFolder({
    "pg_hba.conf": [
      "host all postgres 127.0.0.1/32 scram-sha-256",
      "hostssl all needs_tls 127.0.0.1/32 scram-sha-256",
      "host all rejected 127.0.0.1/32 reject",
      "host all wrong_password,limited 127.0.0.1/32 scram-sha-256",
      "",
    ].join("\n"),
  });
  chmodSync(folder.path, 0o755);
  scratch = await startScratch({ settings: { hba_file: join(folder.path, "pg_hba.conf") } });
  await using session = await Session.open({ url: scratch.url, applicationName: "test" });
  const password = `'${canary.replaceAll("'", "''")}'`;
  await session.batch(
    `CREATE ROLE needs_tls LOGIN;
     CREATE ROLE wrong_password LOGIN PASSWORD 'another';
     CREATE ROLE limited LOGIN CONNECTION LIMIT 1 PASSWORD ${password}`,
  );
});

afterAll(async () => {
  await scratch.close();
  folder[Symbol.dispose]();
});

afterEach(() => {
  delete process.env["PGPASSWORD"];
});

const urlFor = (changes: Partial<URL>, password = canary) => {
  const url = new URL(scratch.url);
  url.password = encodeURIComponent(password);
  return Object.assign(url, changes).toString();
};

/** All slots of the failure; nothing of it, nor of its stack and cause, may hold the password. */
const failureOf = async (url: string, connectTimeoutMs = 2_000) => {
  const error: unknown = await Session.open({
    url,
    applicationName: "test",
    connectTimeoutMs,
  }).then(
    async (session) => {
      await session.close();
      return new Error("it connected");
    },
    (failure: unknown) => failure,
  );
  if (!isLockstepError(error)) throw error;
  const everything = `${JSON.stringify(error.explanation)} ${inspect(error, { depth: 8, showHidden: true })}`;
  for (const secret of secrets) expect(everything).not.toContain(secret);
  return { code: error.code, exitCode: error.exitCode, ...error.explanation };
};

const where = (user: string, database = "postgres", host = "127.0.0.1") =>
  `${user}@${host}:${new URL(scratch.url).port}/${database}`;

describe("a connection that cannot be had is explained:", () => {
  it("a host without an address", async () => {
    expect(await failureOf(urlFor({ hostname: "db.invalid" }))).toEqual({
      code: "connection-refused",
      exitCode: 2,
      what: `cannot reach the database at ${where("postgres", "postgres", "db.invalid")}`,
      expected: "a Postgres server that accepts connections there",
      found: "the host name has no address",
      why: "the host or port is wrong, the server is down, or a firewall or VPN is in between",
      next: ["check host and port of the URL", "pg_isready -h HOST -p PORT"],
    });
  });

  it.each(["127.0.0.1", "localhost"])("a wrong port of %s", async (hostname) => {
    expect(await failureOf(urlFor({ hostname, port: "1" }))).toMatchObject({
      code: "connection-refused",
      what: `cannot reach the database at postgres@${hostname}:1/postgres`,
      found: expect.stringContaining("connect ECONNREFUSED 127.0.0.1:1"),
    });
  });

  it("a host that lets packets vanish", async () => {
    const server = createServer();
    await new Promise<void>((resolve) => {
      server.listen(0, "127.0.0.1", resolve);
    });
    const { port } = server.address() as { port: number };
    const started = performance.now();
    expect(await failureOf(urlFor({ port: String(port) }), 300)).toEqual({
      code: "connection-timeout",
      exitCode: 2,
      what: `no answer from the database at postgres@127.0.0.1:${port}/postgres`,
      expected: "a connection within the time limit",
      found: "timeout expired",
      why: "a firewall drops the packets, or the server has no free connection",
      next: ["check the network path and max_connections, then run the command again"],
    });
    expect(performance.now() - started).toBeLessThan(8_000);
    server.close();
  });

  it("a wrong password", async () => {
    expect(await failureOf(urlFor({ username: "wrong_password" }))).toEqual({
      code: "authentication-failed",
      exitCode: 2,
      what: `the database refuses the login ${where("wrong_password")}`,
      expected: "a user and password it accepts",
      found: 'password authentication failed for user "wrong_password"',
      why: "the password was rotated, belongs to another environment, or holds characters that must be percent-encoded in a URL",
      next: ["check which secret the URL is made from; try it with psql"],
    });
  });

  it("no password at all", async () => {
    expect(await failureOf(urlFor({ username: "wrong_password", password: "" }))).toEqual({
      code: "authentication-failed",
      exitCode: 2,
      what: `the database at ${where("wrong_password")} asks for a password`,
      expected: "a password in the URL, or in PGPASSWORD",
      found: "none",
      why: "the URL was made from a secret that is unset here",
      next: ["set the secret that the URL is made from; try it with psql"],
    });
  });

  it("a password that is wrong and comes from PGPASSWORD", async () => {
    process.env["PGPASSWORD"] = canary;
    const failure = await failureOf(urlFor({ username: "wrong_password", password: "" }));
    expect(failure.code).toBe("authentication-failed");
  });

  it("a role that must use TLS", async () => {
    expect(await failureOf(urlFor({ username: "needs_tls" }))).toEqual({
      code: "tls-required",
      exitCode: 2,
      what: `the database at ${where("needs_tls")} refuses unencrypted connections`,
      expected: "a TLS connection",
      found:
        'no pg_hba.conf entry for host "127.0.0.1", user "needs_tls", database "postgres", no encryption',
      why: "the URL does not ask for TLS; or, if TLS does not help, this machine's address is not admitted",
      next: ["add ?sslmode=require (or verify-full with sslrootcert) to the URL"],
    });
  });

  it("TLS asked of a server that has none", async () => {
    expect(await failureOf(urlFor({ search: "?sslmode=require" }))).toEqual({
      code: "tls-required",
      exitCode: 2,
      what: `TLS with ${where("postgres")} could not be agreed`,
      expected: "a server that offers TLS, as the URL's sslmode demands",
      found: "The server does not support SSL connections",
      why: "TLS is off at this server, or something in between does not pass it on",
      next: ["turn TLS on at the server; inside a network you trust: ?sslmode=disable"],
    });
  });

  it("a database that does not exist", async () => {
    const password = new URL(scratch.url).password;
    expect(await failureOf(urlFor({ pathname: "/shpo" }, password))).toEqual({
      code: "database-missing",
      exitCode: 2,
      what: `there is no database of that name at ${where("postgres", "shpo")}`,
      expected: "an existing database (Lockstep never creates the target)",
      found: 'database "shpo" does not exist',
      why: "the last part of the URL is misspelt, or points at another server",
      next: ["list them: psql -l"],
    });
  });

  it("no free connection; and a password of all kinds of characters works", async () => {
    const url = urlFor({ username: "limited" });
    await using _held = await Session.open({ url, applicationName: "test" });
    expect(await failureOf(url)).toEqual({
      code: "connection-refused",
      exitCode: 2,
      what: `the server at ${where("limited")} takes no connections now`,
      expected: "a server that is ready and has a free connection",
      found: 'too many connections for role "limited"',
      why: "all connections are in use",
      next: ["wait or free connections, then run the command again"],
    });
  });

  it("a server that shuts down or starts up", async () => {
    await using own = await startScratch();
    await using session = await Session.open({ url: own.url, applicationName: "test" });
    const { rows } = await session.query<{ file: string }>(
      "SELECT pg_read_file('postmaster.pid') AS file",
    );
    // SIGTERM is the smart shutdown: open sessions go on, new ones are turned away (manual 19.5).
    process.kill(Number.parseInt(rows[0]!.file, 10), "SIGTERM");
    await expect
      .poll(async () => {
        const failure = await failureOf(own.url).catch(() => undefined);
        return failure?.found;
      })
      .toBe("the database system is shutting down");
    expect(await failureOf(own.url)).toMatchObject({
      code: "connection-refused",
      what: `the server at ${describeTarget(own.url)} takes no connections now`,
      why: "it is starting up, shutting down or recovering",
      next: ["wait or free connections, then run the command again"],
    });
  });

  it("a user who is not admitted from here", async () => {
    expect(await failureOf(urlFor({ username: "rejected" }))).toEqual({
      code: "authentication-failed",
      exitCode: 2,
      what: `the database admits no login ${where("rejected")} from here`,
      expected:
        "a line of pg_hba.conf (or an entry of the provider's allow list) for user, database and address",
      found:
        'pg_hba.conf rejects connection for host "127.0.0.1", user "rejected", database "postgres", no encryption',
      why: "this machine's address is not on the list, or user and database do not belong together",
      next: ["add this machine's address, or run the command where the application runs"],
    });
  });
});

describe("a URL", () => {
  it.each([
    ["", "an empty text"],
    ["mysql://a:secret@db/shop", "a text of another form (not shown: it may hold a password)"],
    [
      "postgres://me:12/secret@db/shop",
      "a text of another form (not shown: it may hold a password)",
    ],
    [
      "postgres://me:12#secret@db/shop",
      "a text of another form (not shown: it may hold a password)",
    ],
    [
      "postgres://me:12?secret@db/shop",
      "a text of another form (not shown: it may hold a password)",
    ],
    [
      "postgres://me:secret/x@db/shop",
      "a text of another form (not shown: it may hold a password)",
    ],
  ])("that cannot be read is not repeated: %s", (url, found) => {
    expect(() => parseTarget(url)).toThrow(
      expect.objectContaining({
        code: "usage",
        explanation: {
          what: "the database URL cannot be read",
          expected: "postgres://user:password@host:5432/database",
          found,
          why: "an environment variable is unset, or a password holds @ : / ? # without percent-encoding",
          next: ["percent-encode the password (encodeURIComponent) and set the URL again"],
        },
      }),
    );
  });

  it("is shown without its password, whatever that is made of", () => {
    expect(describeTarget("postgres://me:p@ss@db:6432/shop?password=other")).toBe(
      "me@db:6432/shop",
    );
  });

  it("inside other text loses its password", () => {
    expect(redact("see postgres://me:p@s:s@db/shop and postgresql://a:b@c/d")).toBe(
      "see postgres://me:***@db/shop and postgresql://a:***@c/d",
    );
    const url = `postgres://me:${encodeURIComponent(canary)}@db/shop?sslpassword=keypass`;
    expect(redact(`<${canary}> <${encodeURIComponent(canary)}> keypass`, url)).toBe(
      "<***> <***> ***",
    );
  });
});
