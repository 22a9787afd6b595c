import { createHash } from "node:crypto";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { readPlan, writeManifest, writePlan, type Proof, type Step } from "../../src/plan/index.ts";
import { startScratch, type Scratch } from "../../src/scratch/index.ts";
import { runCli } from "../cli/run-cli.ts";
import { planWith } from "../plan/bare-plan.ts";
import { temporaryFolder, type TemporaryFolder } from "../support/folder.ts";
import { checked, type Report } from "./checked.ts";

let server: Scratch;
beforeAll(async () => {
  server = await startScratch();
});
afterAll(() => server.close());

const project = {
  "lockstep.config.json":
    '{ "migrations": { "folder": "migrations" }, "contract": { "queries": "lockstep.queries.sql" } }',
  "migrations/0001_init.sql": `CREATE TYPE state AS ENUM ('new', 'paid');
CREATE TABLE customers (id serial PRIMARY KEY, email text NOT NULL, name text);
CREATE UNIQUE INDEX customers_email ON customers (email);
CREATE TABLE orders (id bigserial PRIMARY KEY, customer integer NOT NULL REFERENCES customers, state state NOT NULL, total integer NOT NULL, spare text);
CREATE FUNCTION spent(c integer) RETURNS bigint LANGUAGE sql STABLE AS $$ SELECT sum(total) FROM orders WHERE customer = c $$;
`,
  "lockstep.queries.sql": `-- from: src/customers.js:3
SELECT * FROM customers WHERE id = $1;

-- from: src/customers.js:9
INSERT INTO customers (email) VALUES ($1) ON CONFLICT (email) DO NOTHING;

-- from: src/orders.js:4
SELECT o.id, name FROM orders o JOIN customers c ON c.id = o.customer;

-- from: src/orders.js:12
UPDATE orders SET state = 'paid' WHERE id = $1;

-- from: src/orders.js:20
SELECT spent(id) FROM customers;

-- from: src/orders.js:30
SELECT total FROM orders;
`,
};

const statements = ({ findings }: Report) =>
  findings.flatMap(({ rule, severity, file, line, message }) =>
    rule === "breaks-statement" ? [`${severity} ${file}:${line} ${message}`] : [],
  );

it("names the statement that a migration breaks, who sends it, and the line that breaks it", async () => {
  using folder = temporaryFolder(project);
  const harmless = [
    "ALTER TABLE orders DROP COLUMN spare",
    "ALTER TABLE customers ADD COLUMN note text",
  ];
  const breaking = [
    "SELECT 1;\nALTER TABLE customers RENAME COLUMN email TO mail",
    "DROP INDEX customers_email",
    // Which of two names is meant is not clear any more.
    "ALTER TABLE orders ADD COLUMN name text",
    "ALTER TYPE state RENAME VALUE 'paid' TO 'settled'",
    "DROP FUNCTION spent",
    "ALTER TABLE orders ALTER COLUMN total TYPE bigint",
    "ALTER TABLE customers ADD COLUMN tenant int NOT NULL",
  ];
  for (const [at, sql] of [...harmless, ...breaking].entries())
    folder.write(`migrations/${at + 1001}.sql`, `${sql};\n`);
  const { exitCode, report } = await checked(
    folder,
    "--scratch-url",
    server.url,
    "migrations/1*.sql",
  );
  expect(exitCode).toBe(1);
  expect(statements(report)).toMatchInlineSnapshot(`
    [
      "error migrations/1003.sql:2 src/customers.js:3 and 1 more send statements that migrations/1003.sql:2 breaks: of public.customers.email the code expects text NOT NULL, and would find no such column; the statements that name it fail (42703).",
      "error migrations/1003.sql:2 src/customers.js:9 sends a statement that migrations/1003.sql:2 breaks: of public.customers.mail the code expects no such column, or one that may stay empty or has a default, and would find text NOT NULL, which the code does not know; every INSERT of the code into public.customers fails (23502): it gives the column no value.",
      "error migrations/1003.sql:2 src/customers.js:3 and 3 more send statements that migrations/1003.sql:2 breaks: of public.customers.customers_email the code expects UNIQUE (email), and would find nothing unique over these columns; ON CONFLICT (email) fails (42P10), and duplicates are no longer refused.",
      "error migrations/1005.sql:1 src/orders.js:4 sends a statement that migrations/1005.sql:1 breaks: column reference "name" is ambiguous; the statement fails (42702).",
      "error migrations/1006.sql:1 src/orders.js:12 sends a statement that migrations/1006.sql:1 breaks: of public.state.paid the code expects value 'paid' of enum public.state, and would find only 'new', 'settled'; a statement that writes or compares 'paid' fails (22P02).",
      "error migrations/1007.sql:1 src/orders.js:20 sends a statement that migrations/1007.sql:1 breaks: function spent(integer) does not exist; the statement fails (42883).",
      "error migrations/1008.sql:1 src/orders.js:30 sends a statement that migrations/1008.sql:1 breaks: of public.orders.total the code expects integer, and would find bigint; node-postgres and postgres.js give bigint as a string, not as a number.",
      "error migrations/1009.sql:1 src/customers.js:9 sends a statement that migrations/1009.sql:1 breaks: of public.customers.tenant the code expects no such column, or one that may stay empty or has a default, and would find integer NOT NULL, which the code does not know; every INSERT of the code into public.customers fails (23502): it gives the column no value.",
    ]
  `);
});

it("sets the statements beside migrations and database, and says what no migration makes", async () => {
  using folder = temporaryFolder(project);
  const { url } = await server.createDatabase();
  const at = ["--url", url, "--scratch-url", server.url];
  expect(await runCli(["migrate", "--url", url], { cwd: folder.path })).toMatchObject({
    exitCode: 0,
  });
  const agreed = await checked(folder, ...at);
  expect(agreed.exitCode).toBe(0);
  expect(agreed.report).toMatchObject({
    agreement: { sides: { code: "lockstep.queries.sql" }, rows: [] },
  });
  folder.write("migrations/0002_total.sql", "ALTER TABLE orders DROP COLUMN total;\n");
  folder.write(
    "lockstep.queries.sql",
    `${project["lockstep.queries.sql"]}\n-- from: src/orders.js:40\nSELECT weight FROM orders;\n`,
  );
  const { exitCode, report } = await checked(folder, ...at);
  expect(exitCode).toBe(1);
  expect(report).toMatchObject({
    agreement: {
      sides: { code: "lockstep.queries.sql", migrations: "migrations" },
      rows: [
        {
          object: "public.orders.total",
          severity: "error",
          code: "integer (src/orders.js:30)",
          migrations: null,
          database: "integer NOT NULL",
          migrationFrom: "migrations/0002_total.sql:1",
          disagreements: [{ cause: "statement-broken" }],
        },
        // Through the function that it calls.
        { object: "src/orders.js:20", severity: "error", what: "statement" },
        {
          object: "src/orders.js:40",
          severity: "error",
          migrations: 'column "weight" does not exist',
          disagreements: [{ cause: "statement-unmade" }],
        },
      ],
    },
  });
  expect(report.findings).toContainEqual(
    expect.objectContaining({
      rule: "schema-without-migration",
      severity: "error",
      file: "src/orders.js",
      line: 40,
    }),
  );
  const { stdout } = await runCli(["check", ...at, "--no-pipeline"], { cwd: folder.path });
  expect(stdout).toContain("src/orders.js:30 sends a statement that migrations/0002_total.sql:1");
});

it("says that it is not known where nothing could be run", async () => {
  using folder = temporaryFolder({
    ...project,
    "migrations/0000_ours.sql": "CREATE EXTENSION of_ours;\n",
  });
  const args = ["--scratch-url", server.url, "migrations/0001_init.sql"];
  expect(statements((await checked(folder, ...args)).report)).toEqual([
    expect.stringMatching(/^warning lockstep\.queries\.sql:1 .* is not known/),
  ]);
  const { report } = await checked(folder, "--static", "migrations/0001_init.sql");
  expect(statements(report)).toEqual([]);
  expect(report.notes).toContainEqual(
    expect.objectContaining({
      kind: "not-observed",
      message: expect.stringContaining("is not known") as string,
    }),
  );
});

const naive =
  "ALTER TABLE users RENAME COLUMN email TO mail;\nALTER TABLE users ADD COLUMN seen date;\n";

const change = (statement: string): Step => ({
  kind: "transaction",
  title: statement,
  statements: [statement],
  undo: [],
});

/** A plan that counts as proven for the migration of these bytes. */
async function plan(folder: TemporaryFolder, file: string): Promise<void> {
  const path = writePlan(
    folder.path,
    planWith({
      expand: [change("ALTER TABLE users ADD COLUMN mail text")],
      contract: [
        change("ALTER TABLE users DROP COLUMN email"),
        change("ALTER TABLE users ADD COLUMN seen date"),
      ],
    }),
    {
      version: 1,
      id: "p1",
      migration: { id: "2", file, checksum: createHash("sha256").update(naive).digest("hex") },
      major: 18,
      searchPath: ["public"],
      start: { serverMajor: 18, tables: {} },
      notes: [],
      remains: [],
    },
  );
  const { manifest, checksum } = await readPlan(join(folder.path, path), folder.path);
  const result = { failures: [] } as unknown as Proof;
  const proof = { files: checksum, at: new Date(0).toISOString(), result };
  writeManifest(join(folder.path, path), { ...manifest, proof });
}

it("speaks of what a proven plan makes, not of the migration that it carries", async () => {
  using folder = temporaryFolder({
    "lockstep.config.json": project["lockstep.config.json"],
    "migrations/0001_users.sql":
      "CREATE TABLE users (id bigint PRIMARY KEY, email text);\nCREATE TABLE kept (id bigint, email text);\n",
    "lockstep.queries.sql": [
      "-- from: src/old.js:1\nSELECT email FROM users;",
      "-- from: src/new.js:1\nSELECT mail FROM users;",
      "-- from: src/keep.js:1\nINSERT INTO kept SELECT * FROM users;",
      "-- from: src/seen.js:1\nSELECT seen FROM users;",
      "-- from: src/never.js:1\nSELECT phone FROM users;\n",
    ].join("\n\n"),
  });
  const { url } = await server.createDatabase();
  expect(await runCli(["migrate", "--url", url], { cwd: folder.path })).toMatchObject({
    exitCode: 0,
  });
  folder.write("migrations/0002_mail.sql", naive);
  await plan(folder, "migrations/0002_mail.sql");
  const { report } = await checked(folder, "--url", url, "--scratch-url", server.url);
  expect(statements(report)).toEqual([
    expect.stringMatching(
      /^error lockstep\/plans\/p1\/expand\.sql:1 src\/keep\.js:1 sends a statement that plan lockstep\/plans\/p1 breaks before its contract phase, while both releases run: INSERT has more expressions/,
    ),
    expect.stringMatching(
      /^error src\/seen\.js:1 src\/seen\.js:1 sends a statement that only the contract phase of plan lockstep\/plans\/p1 makes way for: column "seen" does not exist/,
    ),
  ]);
  expect(report.suppressed).toContainEqual(
    expect.objectContaining({
      rule: "breaks-statement",
      message: expect.stringMatching(
        /^src\/old\.js:1 .* on while plan lockstep\/plans\/p1 goes, until its contract phase: /,
      ) as string,
      reason: "it is run as the proven plan lockstep/plans/p1",
    }),
  );
  expect(report).toMatchObject({
    agreement: {
      rows: expect.arrayContaining([
        expect.objectContaining({ object: "src/never.js:1", severity: "error" }),
        expect.objectContaining({
          object: "public.users.email",
          severity: "info",
          disagreements: [
            expect.objectContaining({ next: [expect.stringContaining("--phase contract")] }),
          ],
        }),
      ]) as unknown,
    },
  });
});

it("asks once what migrations and statements that are as they were have answered", async () => {
  using folder = temporaryFolder(project);
  using home = temporaryFolder({});
  folder.write("migrations/0002_total.sql", "ALTER TABLE orders DROP COLUMN total;\n");
  const ask = async () =>
    runCli(["check", "migrations/0002_total.sql"], {
      cwd: folder.path,
      build: "one",
      env: { LOCKSTEP_SCRATCH_HOME: home.path },
    });
  const kept = () => {
    const [own] = readdirSync(home.path);
    return readdirSync(join(home.path, own!, "statements"));
  };
  const first = await ask();
  expect(first.stdout).toContain("src/orders.js:30 sends a statement");
  expect(kept()).toHaveLength(1);
  expect(await ask()).toEqual(first);
  // The file that is checked comes after what was asked.
  folder.write("migrations/0002_total.sql", "ALTER TABLE orders DROP COLUMN spare;\n");
  expect((await ask()).stdout).not.toContain("sends a statement");
  expect(kept()).toHaveLength(1);
  folder.write("migrations/0001_init.sql", `${project["migrations/0001_init.sql"]}\n`);
  await ask();
  expect(kept()).toHaveLength(2);
});
