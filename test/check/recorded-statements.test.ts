import { afterAll, beforeAll, expect, it } from "vitest";
import { startScratch, type Scratch } from "../../src/scratch/index.ts";
import { runCli } from "../cli/run-cli.ts";
import { temporaryFolder } from "../support/folder.ts";
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
