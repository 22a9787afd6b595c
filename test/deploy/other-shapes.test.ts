import { cpSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startScratch, type Scratch } from "../../src/scratch/index.ts";
import { Product, unwrapped, v1, v2 } from "./product.ts";

const root = join(import.meta.dirname, "../..");

let scratch: Scratch;
beforeAll(async () => {
  scratch = await startScratch();
});
afterAll(() => scratch.close());

it("a Drizzle folder: both ledgers are true, Drizzle's own schema is nobody's business", async () => {
  await using product = await Product.make(scratch, {
    contract: {
      tables: {
        orders: { columns: { id: "uuid", confirmed_at: "timestamptz" }, access: ["select"] },
      },
    },
    probes: `[{ name: "nothing", touches: ["public"], run() {} }]`,
  });
  cpSync(join(root, "examples/storefront/migrations"), join(product.folder.path, "drizzle"), {
    recursive: true,
  });
  const { exitCode, stderr } = await product.run(["deploy", "--folder", "drizzle"]);
  expect(exitCode).toBe(0);
  expect(stderr).not.toMatch(/(changes|touches)[^\n]*\bdrizzle\b/);
  expect(
    await product.ask(
      "SELECT (SELECT count(*)::int FROM drizzle.__drizzle_migrations) AS theirs, (SELECT count(*)::int FROM lockstep.migration) AS ours",
    ),
  ).toEqual([{ theirs: 3, ours: 3 }]);
  const status = await product.run(["status", "--folder", "drizzle"]);
  expect(status).toMatchObject({ exitCode: 0, stderr: "" });
  expect(status.stdout).toContain("no drift: the catalog is what the applied migrations make");
});

it("no folder: something else applies the migrations, the gate still decides", async () => {
  await using product = await Product.make(scratch, { contract: v1 });
  product.folder.write(
    "lockstep.config.json",
    JSON.stringify({
      contract: { file: "contract.json" },
      environments: { production: { urlEnv: "DATABASE_URL" } },
      deploy: { command: "echo up >> service.log" },
    }),
  );
  const closed = await product.deploy();
  expect(closed.exitCode).toBe(1);
  expect(closed.stderr).toContain("error[gate-closed]");
  expect(product.service).toEqual([]);
  await product.ask("CREATE TABLE orders (id int PRIMARY KEY, total numeric, note text)");
  expect((await product.deploy()).exitCode).toBe(0);
  expect(product.service).toEqual(["up"]);
});

it("a contract that was built with the release: its name is the release's", async () => {
  await using product = await Product.make(scratch, { contract: v2 });
  const build = await product.run([
    "contract",
    "build",
    "--release",
    "2026.11",
    "-o",
    "dist/c.json",
  ]);
  expect(build.stdout).toMatch(
    /^dist\/c\.json: release 2026\.11 expects 1 table with 4 columns \([0-9a-f]{12}\)\n$/,
  );
  const { exitCode, stdout } = await product.run(["deploy", "--contract", "dist/c.json"]);
  expect(exitCode).toBe(0);
  expect(stdout).toContain("deployed: release 2026.11 in production");
  expect((await product.record()).verified).toEqual(["2026.11"]);
});

it("a history that grants to a role of the server, makes another itself, and is applied out of order", async () => {
  await using product = await Product.withV1(scratch);
  await product.ask("CREATE ROLE reporting");
  // Roles belong to a server: this needs another one than the target's.
  product.scratchUrl = undefined;
  product.write({
    migrations: {
      "0003_roles.sql":
        "CREATE ROLE shop_worker; GRANT SELECT ON orders TO reporting, shop_worker;",
    },
  });
  expect((await product.deploy()).exitCode).toBe(0);
  product.write({
    migrations: { "0002_late.sql": "ALTER TABLE orders ADD COLUMN late int;" },
    runner: { allowOutOfOrder: true },
  });
  const { exitCode, stderr } = await product.deploy();
  expect(unwrapped(stderr)).toContain("changes public.orders.late");
  expect(exitCode).toBe(0);
});
