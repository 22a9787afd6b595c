import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Line } from "../../src/checklist/index.ts";
import { startScratch, type Scratch } from "../../src/scratch/index.ts";
import { Product, shop, v1, v2 } from "../deploy/product.ts";

describe("the checklists of articles 002 and 004", () => {
  let scratch: Scratch;
  beforeAll(async () => {
    scratch = await startScratch({
      settings: { shared_preload_libraries: "pg_stat_statements" },
    });
  });
  afterAll(() => scratch.close());

  const answers = async (product: Product, ...options: readonly string[]) => {
    const { exitCode, stdout, stderr } = await product.run(["checklist", "--json", ...options]);
    if (stdout === "") throw new Error(stderr);
    const { lines } = JSON.parse(stdout) as { lines: readonly Line[] };
    const all = Object.fromEntries(lines.map(({ id, answer }) => [id, answer]));
    const evidence = Object.fromEntries(lines.map((line) => [line.id, line.evidence]));
    return { exitCode, all, evidence, lines };
  };

  it("answer each line by what was looked at, before and after a deploy", async () => {
    const settings = {
      probes: `[{ name: "orders", run: async ({ sql }) => { await sql("SELECT total FROM orders"); } }]`,
      deploy: { watch: { everyMs: 1 }, snapshot: { by: "command", command: "echo tank" } },
    };
    await using product = await Product.make(scratch, {
      migrations: { "0001_shop.sql": shop },
      contract: v1,
      ...settings,
    });
    expect((await product.run(["deploy", "--release", "v1"])).exitCode).toBe(0);
    await product.ask(
      "CREATE EXTENSION pg_stat_statements; INSERT INTO orders SELECT n, n, 'x' FROM generate_series(1, 9) AS n",
    );
    product.write({
      ...settings,
      migrations: {
        "0002_index.sql":
          "CREATE INDEX orders_total ON orders (total); ALTER TABLE orders DROP COLUMN note;",
      },
    });
    const first = await answers(product);
    expect(first.exitCode).toBe(1);
    expect(first.all).toEqual({
      "way-back": "no",
      "production-sized": "not known",
      idempotent: "yes",
      "short-locks": "no",
      "backward-compatible": "no",
      "required-columns": "yes",
      "concurrent-indexes": "no",
      "lock-timeout": "yes",
      snapshot: "no",
      "point-in-time-recovery": "no",
      "quiet-hours": "not known",
      "old-schema": "yes",
      migrated: "no",
      deployed: "yes",
      watched: "no",
      flows: "yes",
      "slow-statements": "no",
    });
    expect(first.evidence["concurrent-indexes"]).toContain("0002_index.sql:1 blocking-index-build");
    expect(first.evidence["flows"]).toContain("orders");
    for (const { answer, next, evidence } of first.lines) {
      expect(evidence).not.toBe("");
      if (answer === "no") expect(next).toBeTypeOf("string");
    }

    product.folder.write("migrations/0002_index.down.sql", "DROP INDEX orders_total;");
    product.write({
      ...settings,
      deploy: { ...settings.deploy, window: ["quiet"] },
      migrations: { "0002_index.sql": "CREATE INDEX CONCURRENTLY orders_total ON orders (total);" },
    });
    await product.run(["snapshot", "create"]);
    const ready = await answers(product, "--stage", "before");
    expect(ready.all).toMatchObject({
      "way-back": "yes",
      "short-locks": "yes",
      "backward-compatible": "yes",
      "concurrent-indexes": "yes",
      snapshot: "yes",
      "quiet-hours": "yes",
    });
    product.write(settings);
    expect(ready.all).not.toHaveProperty("flows");

    // Code that the schema as it is does not carry is held back by lockstep deploy, and by nobody else.
    const newer = { ...settings, contract: v2 };
    product.write(newer);
    const held = await answers(product, "--stage", "deploy");
    expect([held.all["old-schema"], held.evidence["old-schema"]]).toEqual([
      "yes",
      expect.stringMatching(
        /^release v2 would fail on it: public\.orders\.confirmed_at.*migrates first/,
      ),
    ]);
    product.write({ ...newer, deploy: { ...settings.deploy, command: undefined } });
    const loose = await answers(product, "--stage", "deploy");
    expect(loose.all["old-schema"]).toBe("no");
    product.write({ ...settings, contract: v1 });

    expect((await product.run(["deploy", "--release", "v1"])).exitCode).toBe(0);
    expect((await product.run(["watch", "--for", "1"])).exitCode).toBe(0);
    const after = await answers(product, "--stage", "after");
    // A watch of a moment is no watch of a quarter of an hour.
    expect(after.all).toEqual({ watched: "no", flows: "yes", "slow-statements": "yes" });
    const text = await product.run(["checklist", "--stage", "deploy"]);
    expect(text.stdout.split("\n").every((line) => line.length <= 80)).toBe(true);
    expect([text.exitCode, text.stdout]).toEqual([
      0,
      expect.stringMatching(
        /^the deploy\n✓ yes: Does the code.*✓ yes: Are the migrations applied/s,
      ),
    ]);

    const recorded = async (path: string, value: string) =>
      product.ask(
        `UPDATE lockstep.run SET detail = jsonb_set(detail, '{watch,${path}}', '${value}') WHERE command = 'watch'`,
      );
    await recorded("ms", "900000");
    expect((await answers(product, "--stage", "after")).all["watched"]).toBe("yes");
    // Without a probe and an endpoint nobody has looked for errors.
    await recorded("watched", '{"probes": 0, "endpoints": 0}');
    expect((await answers(product, "--stage", "after")).all["watched"]).toBe("no");
    // What the watch could not see, and what failed in it since the deploy.
    await recorded("statementGaps", '["statements of other roles"]');
    await recorded("failures", '[{"subject": "probe orders", "found": "no order"}]');
    const doubtful = await answers(product, "--stage", "after");
    expect(doubtful.all).toMatchObject({ flows: "no", "slow-statements": "not known" });
    expect(doubtful.evidence["flows"]).toContain("probe orders: no order");
    // A migration by itself, after it: it was watched for something else.
    await recorded("watched", '{"probes": 1, "endpoints": 0}');
    product.folder.write("migrations/0003_more.sql", "ALTER TABLE orders ADD COLUMN more int;");
    expect((await product.run(["migrate"])).exitCode).toBe(0);
    expect((await answers(product, "--stage", "after")).all["watched"]).toBe("no");
  });
});
