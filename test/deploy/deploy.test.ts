import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startScratch, type Scratch } from "../../src/scratch/index.ts";
import { ndjson } from "../cli/run-cli.ts";
import { confirmed, Product, shop, unwrapped, v1, v2 } from "./product.ts";

describe.each([14, 18])("a deploy on Postgres %i", (major) => {
  let scratch: Scratch;
  beforeAll(async () => {
    scratch = await startScratch({ major });
  });
  afterAll(() => scratch.close());

  it("carries two releases through every stage and records each as verified", async () => {
    await using product = await Product.make(scratch, {
      migrations: { "0001_shop.sql": shop },
      contract: v1,
      probes: `[{ name: "orders can be read", touches: ["public.orders"], run: async ({ sql }) => { await sql("SELECT id, total, note FROM orders") } }]`,
    });
    const first = await product.run(["deploy", "--release", "v1"]);
    expect(first).toMatchObject({
      exitCode: 0,
      stdout: "deployed and verified: release v1 in production, 1 probe passed\n",
    });
    expect(unwrapped(first.stderr)).toContain("no release is known to run here yet");

    product.write({ migrations: { "0002_confirmed.sql": confirmed }, contract: v2 });
    const second = await product.run(["deploy", "--release", "v2", "--format", "ndjson"]);
    expect(second.exitCode).toBe(0);
    const events = ndjson(second.stdout);
    expect(
      events
        .filter(({ type }) => type === "stage.finished")
        .map(({ stage, detail }) => [stage, detail]),
    ).toEqual([
      ["preflight", "ready; running: v1"],
      [
        "compatibility",
        "changes public.orders.confirmed_at; running release v1 keeps what it needs",
      ],
      ["migrate", "applied 0002_confirmed"],
      ["gate", "open: production has what release v2 expects"],
      ["deploy command", "release v2 is in service"],
      ["record", "release v2 is the last verified success of production"],
    ]);
    expect(events.at(-1)).toMatchObject({
      type: "result",
      version: 1,
      release: "v2",
      environment: "production",
      applied: ["0002_confirmed"],
      inService: true,
      gate: { open: true },
    });
    expect(new Set(events.slice(0, -1).map(({ run }) => run)).size).toBe(1);
    expect(product.service).toEqual(["deployed v1 in production", "deployed v2 in production"]);
    expect(await product.record()).toEqual({
      verified: ["v1", "v2"],
      runs: ["deploy v1 succeeded", "deploy v2 succeeded"],
    });
    // Instances of the new release start without comparing the catalog again.
    expect(
      await product.ask(
        "SELECT lockstep.is_verified(contract_hash, current_schemas(false)) AS fits FROM lockstep.deploy ORDER BY id",
      ),
    ).toEqual([{ fits: false }, { fits: true }]);
  });
});
