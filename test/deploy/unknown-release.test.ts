import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startScratch, type Scratch } from "../../src/scratch/index.ts";
import { confirmed, Product, shop, v1, v2 } from "./product.ts";

let scratch: Scratch;
beforeAll(async () => {
  scratch = await startScratch();
});
afterAll(() => scratch.close());

/** A database that was migrated before Lockstep deployed anything: which release runs is not known. */
async function migratedOnly(): Promise<Product> {
  const product = await Product.make(scratch, {
    migrations: { "0001_shop.sql": shop },
    contract: v1,
  });
  expect((await product.run(["migrate"])).exitCode).toBe(0);
  return product;
}

describe("when nothing is known of what runs", () => {
  it("stops before something is taken away that a release may need", async () => {
    await using product = await migratedOnly();
    const { note: _, ...columns } = v1.tables.orders.columns;
    product.write({
      migrations: { "0002_drop.sql": "ALTER TABLE orders DROP COLUMN note;" },
      contract: { tables: { orders: { columns, primaryKey: ["id"] } } },
    });
    const { exitCode, stderr } = await product.deploy();
    expect(exitCode).toBe(1);
    expect(stderr).toContain("error[running-release-breaks]: which release runs is not known");
    expect(stderr).toContain("public.orders.note: text before, no such column after");
    expect(await product.columns()).toContain("note");
    expect(product.service).toEqual([]);

    const allowed = await product.run(["deploy", "--allow-breaking", "the shop is closed"]);
    expect(allowed.exitCode).toBe(0);
    expect(await product.columns()).not.toContain("note");
  });

  it("goes on with additions", async () => {
    await using product = await migratedOnly();
    product.write({ migrations: { "0002_confirmed.sql": confirmed }, contract: v2 });
    const { exitCode, stderr } = await product.deploy();
    expect(exitCode).toBe(0);
    expect(stderr).toContain("nothing that one may need is taken away");
  });
});
