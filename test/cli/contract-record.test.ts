import { createRequire } from "node:module";
import { existsSync, readFileSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { Session } from "../../src/pg/index.ts";
import { startScratch, type Scratch } from "../../src/scratch/index.ts";
import { temporaryFolder } from "../support/folder.ts";
import { runCli } from "./run-cli.ts";

let scratch: Scratch;
beforeAll(async () => {
  scratch = await startScratch();
});
afterAll(() => scratch.close());

const packages = dirname(dirname(createRequire(import.meta.url).resolve("pg/package.json")));

const migration = `CREATE TABLE customers (id serial PRIMARY KEY, email text NOT NULL UNIQUE);
CREATE TABLE orders (id bigserial PRIMARY KEY, customer integer NOT NULL REFERENCES customers, total numeric(12,2) NOT NULL);
CREATE FUNCTION spent(c integer) RETURNS numeric LANGUAGE sql STABLE AS $$ SELECT sum(total) FROM orders WHERE customer = c $$;
`;

const app = {
  "migrations/0001_init.sql": migration,
  "lockstep.config.json": JSON.stringify({
    migrations: { folder: "migrations" },
    contract: { queries: "lockstep.queries.sql" },
  }),
  "db.mjs": `import pg from "pg";
export const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL });
`,
  "orders.mjs": `import { pool } from "./db.mjs";
export const register = (email) =>
  pool.query(
    "INSERT INTO customers (email) VALUES ($1) ON CONFLICT (email) DO NOTHING RETURNING id",
    [email],
  );
export const order = (customer) =>
  pool.query("INSERT INTO orders (customer, total) VALUES ($1, 12.50)", [customer]);
export const spent = (email) => pool.query("SELECT spent(id) FROM customers WHERE email = $1", [email]);
`,
  "test.mjs": `import { register, order, spent } from "./orders.mjs";
import { pool } from "./db.mjs";
const { rows } = await register("someone@example.org");
await order(rows[0].id);
await spent("someone@example.org");
await pool.end();
`,
};

const recorded = `-- What the code asks of its database: every statement that \`${process.execPath} test.mjs\` sent, without values.
-- Written by \`lockstep contract record\`; docs/contract.md explains it.

-- from: orders.mjs:3
INSERT INTO customers (email) VALUES ($1) ON CONFLICT (email) DO NOTHING RETURNING id;

-- from: orders.mjs:8
-- types: ?, numeric
INSERT INTO orders (customer, total) VALUES ($1, $2);

-- from: orders.mjs:9
SELECT spent(id) FROM customers WHERE email = $1;
`;

it("records what the code's tests send; the gate tells which statement of which file fails", async () => {
  using folder = temporaryFolder(app);
  symlinkSync(packages, join(folder.path, "node_modules"));
  const where = { cwd: folder.path, env: {} };
  const common = ["--scratch-url", scratch.url];
  const record = ["contract", "record", ...common, "--", process.execPath, "test.mjs"];
  const first = await runCli(record, where);
  expect(first.exitCode, first.stderr).toBe(0);
  expect(readFileSync(join(folder.path, "lockstep.queries.sql"), "utf8")).toBe(recorded);
  expect((await runCli(record, where)).stdout).toContain("as before");

  const database = await scratch.createDatabase();
  await using session = await Session.open({ url: database.url, applicationName: "test" });
  await session.batch(migration);
  const gate = async () => {
    const { stdout } = await runCli(["gate", "--json", "--url", database.url, ...common], where);
    const { open, differences } = JSON.parse(stdout) as {
      open: boolean;
      differences: readonly Readonly<Record<string, string>>[];
    };
    return [
      open,
      ...differences.map(({ severity, kind, object, from }) =>
        [severity, kind, object, from].join(" "),
      ),
    ];
  };
  expect(await gate()).toEqual([true]);
  await session.batch("DROP FUNCTION spent; ALTER TABLE orders RENAME total TO amount");
  await session.batch("ALTER TABLE customers DROP CONSTRAINT customers_email_key");
  expect(await gate()).toEqual([
    false,
    "error missing-unique public.customers.customers_email_key orders.mjs:3",
    "error missing-column public.orders.total orders.mjs:8",
    "error extra-required-column public.orders.amount orders.mjs:8",
    "error refused-query orders.mjs:9 orders.mjs:9",
  ]);
}, 120_000);

it.each([
  [["node", "-e", "process.exit(3)"], "exit code 3"],
  [["node", "-e", "0"], "did not connect to the database"],
  [[], "nothing was named that sends statements"],
])("writes nothing when the command is %j", async (command, says) => {
  using folder = temporaryFolder(app);
  const { exitCode, stderr } = await runCli(
    ["contract", "record", "--scratch-url", scratch.url, "--", ...command],
    { cwd: folder.path, env: { PATH: process.env["PATH"] } },
  );
  expect(exitCode).toBe(2);
  expect(stderr.replaceAll(/\s+/g, " ")).toContain(says);
  expect(existsSync(join(folder.path, "lockstep.queries.sql"))).toBe(false);
});
