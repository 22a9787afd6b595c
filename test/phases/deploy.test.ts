import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startScratch, type Scratch } from "../../src/scratch/index.ts";
import { Product } from "../deploy/product.ts";
import { ask } from "./support.ts";

let scratch: Scratch;
beforeAll(async () => {
  scratch = await startScratch({ major: 18 });
});
afterAll(() => scratch.close());

const v2 = {
  tables: {
    orders: {
      columns: { id: "integer", total: "numeric", remark: "text" },
      primaryKey: ["id"],
    },
  },
};

it("a renamed column: planned, deployed while the old release runs, finished when it is gone", async () => {
  await using product = await Product.withV1(scratch);
  await ask(product.url, "INSERT INTO orders VALUES (1, 10, 'fragile')");
  product.write({
    migrations: { "0002_remark.sql": "ALTER TABLE orders RENAME COLUMN note TO remark;" },
    contract: v2,
  });
  const naive = await product.run(["deploy", "--release", "v2"]);
  expect([naive.exitCode, naive.stderr]).toEqual([
    1,
    expect.stringContaining("break release v1, which is running"),
  ]);

  const plan = await product.run(["plan", "migrations/0002_remark.sql", "--pg", "18"]);
  expect([plan.exitCode, plan.stderr]).toEqual([0, ""]);
  // A proof is of one major version and of the files as they were.
  const folder = join(product.folder.path, "lockstep/plans/0002_remark");
  const manifest = () => JSON.parse(readFileSync(join(folder, "plan.json"), "utf8"));
  writeFileSync(join(folder, "plan.json"), JSON.stringify({ ...manifest(), major: 17 }));
  appendFileSync(join(folder, "contract.sql"), "-- read by Ada\n");
  const prove = ["plan", "--prove", "lockstep/plans/0002_remark"];
  const on17 = await product.run(prove);
  expect([on17.exitCode, on17.stderr]).toEqual([2, expect.stringContaining("18, not 17")]);
  expect((await product.run([...prove, "--pg", "18"])).exitCode).toBe(0);
  expect(manifest()).toMatchObject({ major: 18, start: { serverMajor: 18 } });
  const anew = await product.run(["plan", "migrations/0002_remark.sql"]);
  expect([anew.exitCode, anew.stderr]).toEqual([2, expect.stringContaining("was edited since")]);
  const deployed = await product.run(["deploy", "--release", "v2"]);
  expect([deployed.exitCode, deployed.stderr]).toEqual([
    0,
    expect.stringContaining("plan 0002_remark carried up to its contract phase"),
  ]);
  expect(await ask(product.url, "SELECT note, remark FROM orders")).toEqual([
    { note: "fragile", remark: "fragile" },
  ]);

  const between = await product.run(["status"]);
  expect(between.stdout).toContain(
    "plan 0002_remark of 0002_remark is in flight: both releases can run",
  );
  expect(between.stdout).not.toContain("changed by hand");
  expect(between.exitCode).toBe(0);

  const early = await product.run(["migrate", "--phase", "contract", "--quiet-for", "10"]);
  expect([early.exitCode, early.stderr]).toEqual([
    1,
    expect.stringContaining("plan 0002_remark: the old release may still run"),
  ]);
  const consent = ["--consent", "Ada: v1 was shut down at noon"];
  const finished = await product.run(["migrate", "--phase", "contract", ...consent]);
  expect([finished.exitCode, finished.stdout]).toEqual([
    0,
    expect.stringContaining("at the word of Ada: v1 was shut down at noon"),
  ]);
  expect(await ask(product.url, "SELECT * FROM orders")).toEqual([
    { id: 1, total: "10", remark: "fragile" },
  ]);
  const after = await product.run(["status"]);
  expect(after.stdout).not.toContain("in flight");
  expect(after.exitCode).toBe(0);
  const late = await product.run(["rollback", "0002_remark"]);
  expect([late.exitCode, late.stderr]).toEqual([
    1,
    expect.stringContaining("cannot be taken back any more"),
  ]);
}, 240_000);

it("required columns: renamed and widened under their names, deployed while the old release runs", async () => {
  await using product = await Product.withV1(scratch);
  await ask(product.url, "INSERT INTO orders VALUES (1, 10, 'fragile')");
  product.write({
    migrations: {
      "0002_amount.sql":
        "ALTER TABLE orders RENAME COLUMN total TO amount;\nALTER TABLE orders ALTER COLUMN id TYPE bigint;",
    },
    contract: {
      tables: {
        orders: {
          columns: { id: "bigint", amount: "numeric", note: "text" },
          primaryKey: ["id"],
        },
      },
    },
  });
  const plan = await product.run(["plan", "migrations/0002_amount.sql", "--pg", "18"]);
  expect([plan.exitCode, plan.stderr]).toEqual([0, ""]);
  const deployed = await product.run(["deploy", "--release", "v2"]);
  expect([deployed.exitCode, deployed.stderr]).toEqual([
    0,
    expect.stringContaining("plan 0002_amount carried up to its contract phase"),
  ]);
  // Each release leaves out what only the other one knows.
  await ask(product.url, "INSERT INTO orders (id, total) VALUES (2, 20)");
  await ask(product.url, "INSERT INTO orders (id, amount) VALUES (3, 30)");
  expect(await ask(product.url, "SELECT id::int, total, amount FROM orders ORDER BY 1")).toEqual([
    { id: 1, total: "10", amount: "10" },
    { id: 2, total: "20", amount: "20" },
    { id: 3, total: "30", amount: "30" },
  ]);
}, 240_000);

it("a row that cannot be filled: the deploy stops before its command, and goes on when it was put right", async () => {
  await using product = await Product.withV1(scratch);
  await ask(product.url, "INSERT INTO orders VALUES (1, 10, 'a'), (2, 1e20, 'b'), (3, 30, 'c')");
  product.write({
    migrations: {
      "0002_cents.sql":
        "ALTER TABLE orders ADD COLUMN cents integer;\nUPDATE orders SET cents = (total * 100)::integer;",
    },
    contract: {
      tables: {
        orders: {
          columns: { id: "integer", total: "numeric", note: "text", cents: "integer" },
          primaryKey: ["id"],
        },
      },
    },
  });
  const plan = await product.run(["plan", "migrations/0002_cents.sql", "--pg", "18"]);
  expect([plan.exitCode, plan.stderr]).toEqual([0, ""]);
  const stopped = await product.run(["deploy", "--release", "v2"]);
  expect([stopped.exitCode, stopped.stderr]).toEqual([
    3,
    expect.stringContaining("error[backfill-incomplete]"),
  ]);
  expect(stopped.stderr).toContain("key 2: integer out of range (22003)");
  expect(stopped.stderr).toContain("release v1 still fits the database as it is now");
  expect(product.service).toEqual(["deployed v1 in production"]);
  const filled = "SELECT id, cents FROM orders ORDER BY 1";
  expect(await ask(product.url, filled)).toEqual([
    { id: 1, cents: 1_000 },
    { id: 2, cents: null },
    { id: 3, cents: 3_000 },
  ]);
  await ask(product.url, "UPDATE orders SET total = 20 WHERE id = 2");
  const again = ["backfill", "run", "0002_cents/1", "--retry-rejected"];
  expect((await product.run(again)).exitCode).toBe(0);
  expect((await product.run(["deploy", "--release", "v2"])).exitCode).toBe(0);
  expect(await ask(product.url, filled)).toContainEqual({ id: 2, cents: 2_000 });
  expect(product.service.at(-1)).toBe("deployed v2 in production");
}, 240_000);
