import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startScratch, type Scratch } from "../../src/scratch/index.ts";
import { confirmed, Product, shop, v1, v2 } from "../deploy/product.ts";
import { ndjson } from "./run-cli.ts";

let scratch: Scratch;
beforeAll(async () => {
  scratch = await startScratch();
});
afterAll(() => scratch.close());

/** Times and durations are another story each time. */
function timeless(text: string): string {
  return text
    .replaceAll(/\d{4}-\d\d-\d\d \d\d:\d\d UTC/g, "2026-11-21 10:00 UTC")
    .replaceAll(/\b\d+(\.\d+)? m?s\b/g, "7 ms")
    .replaceAll(/postgres@127\.0\.0\.1:\d+\/\w+/g, "postgres@127.0.0.1:5432/shop")
    .replaceAll(/^(last verified .* by ).*$/gm, "$1ci");
}

describe("the gate", () => {
  it("as text, 80 columns wide: the first line of each difference can be searched for", async () => {
    await using product = await Product.withV1(scratch);
    product.write({ migrations: { "0002_confirmed.sql": confirmed }, contract: v2 });
    const { exitCode, stdout, stderr } = await product.run(["gate"]);
    expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: "" });
    expect(stdout).toMatchInlineSnapshot(`
      "error[missing-column]: public.orders.confirmed_at
        expected  timestamp with time zone
        found     no such column
        effect    every statement that lists the columns of public.orders fails
                  (42703): the code names them all
        from      contract.json:8
        why       0002_confirmed (migrations/0002_confirmed.sql:1), which makes it,
                  has never run here
        next      lockstep migrate

      gate closed: release v2 would fail in production: 1 difference
      "
    `);
  });

  it("as JSON, with the members that scripts read", async () => {
    await using product = await Product.withV1(scratch);
    product.write({ migrations: { "0002_confirmed.sql": confirmed }, contract: v2 });
    const { exitCode, stdout } = await product.run(["gate", "--format", "json"]);
    expect(exitCode).toBe(1);
    const gate = JSON.parse(stdout) as Record<string, unknown>;
    expect(Object.keys(gate).toSorted()).toEqual([
      "differences",
      "environment",
      "open",
      "release",
      "version",
    ]);
    expect(gate).toEqual({
      version: 1,
      open: false,
      release: "v2",
      environment: "production",
      differences: [
        {
          severity: "error",
          object: "public.orders.confirmed_at",
          kind: "missing-column",
          expected: "timestamp with time zone",
          found: "no such column",
          from: "contract.json:8",
          effect: expect.any(String),
          cause: expect.stringContaining("0002_confirmed"),
          next: "lockstep migrate",
        },
      ],
    });
    expect((await product.run(["gate", "--json"])).stdout).toBe(stdout);
    const [line, ...more] = ndjson((await product.run(["gate", "--format=ndjson"])).stdout);
    expect({ line, more }).toEqual({ line: { type: "result", ...gate }, more: [] });

    await product.run(["migrate"]);
    expect(await product.run(["gate", "--json"])).toEqual({
      exitCode: 0,
      stdout: `${JSON.stringify({ version: 1, open: true, release: "v2", environment: "production", differences: [] }, null, 2)}\n`,
      stderr: "",
    });
  });

  it("names what another environment has had for days", async () => {
    await using product = await Product.make(scratch);
    await using staging = await Product.make(scratch);
    await staging.run(["migrate"]);
    await staging.ask("UPDATE lockstep.migration SET applied_at = now() - interval '21 days'");
    product.folder.write(
      "lockstep.config.json",
      JSON.stringify({
        migrations: { folder: "migrations" },
        contract: { file: "contract.json" },
        environments: {
          production: { urlEnv: "DATABASE_URL" },
          staging: { urlEnv: "STAGING_URL" },
          elsewhere: { url: "postgres://nobody@127.0.0.1:1/nowhere" },
        },
      }),
    );
    const argv = ["gate", "--env", "production", "--json"];
    const { stdout } = await product.run(argv, { env: { STAGING_URL: staging.url } });
    const { differences } = JSON.parse(stdout) as { differences: readonly { cause: string }[] };
    expect(differences[0]!.cause).toMatch(
      /has never run here; it has been in staging for 21 days$/,
    );
  });

  it("with --drift names what was changed by hand, and stays open for it", async () => {
    await using product = await Product.withV1(scratch);
    await product.ask(`
      ALTER TABLE orders ALTER COLUMN note SET DEFAULT 'none';
      CREATE INDEX by_hand ON orders (note);
      CREATE TABLE backup_20261101 AS SELECT * FROM orders`);
    const { exitCode, stdout } = await product.run(["gate", "--drift", "--release", "v1"]);
    expect(exitCode).toBe(0);
    expect(stdout).toMatchInlineSnapshot(`
      "3 objects changed by hand

      drift: table public.backup_20261101
        expected  no migration makes it
        found     with id, total, note

      drift: default of column public.orders.note
        expected  none
        found     'none'::text

      drift: index public.by_hand
        expected  no migration makes it
        found     CREATE INDEX by_hand ON public.orders USING btree (note)

      gate open: release v1 fits production
      "
    `);
    const { drift } = JSON.parse((await product.run(["gate", "--drift", "--json"])).stdout) as {
      drift: readonly object[];
    };
    expect(drift[0]).toEqual({
      object: "public.backup_20261101",
      kind: "extra-table",
      what: "table",
      expected: "no migration makes it",
      found: "with id, total, note",
    });
  });
});

describe("a run", () => {
  it("as ndjson: one event a line, with its time and run, and the result at the end", async () => {
    await using product = await Product.make(scratch);
    const { exitCode, stdout, stderr } = await product.run(["migrate", "--format", "ndjson"]);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    const lines = ndjson(stdout);
    const migrated = ["migration.started", "step.started", "step.finished", "migration.finished"];
    expect(lines.map(({ type }) => type)).toEqual([
      "run.started",
      ...migrated,
      ...migrated,
      "run.finished",
      "result",
    ]);
    const [{ run }] = lines as [Record<string, unknown>];
    expect(run).toMatch(/^[0-9a-f-]{36}$/);
    for (const line of lines.slice(0, -1))
      expect(line).toMatchObject({ run, at: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) });
    expect(lines.at(-1)).toMatchObject({ version: 1, environment: "production", run });
  });

  it("that fails, as ndjson: the error is the last line", async () => {
    await using product = await Product.make(scratch, {
      migrations: { "0001_x.sql": "SELECT 1/0;" },
    });
    const { exitCode, stdout, stderr } = await product.run(["migrate", "--format", "ndjson"]);
    expect({ exitCode, stderr }).toEqual({ exitCode: 3, stderr: "" });
    expect(ndjson(stdout).at(-1)).toMatchObject({
      type: "error",
      version: 1,
      error: { code: "migration-failed", exitCode: 3, next: expect.any(Array) },
    });
  });

  it("as text: progress on stderr, the result on stdout", async () => {
    await using product = await Product.make(scratch);
    const first = await product.run(["migrate"]);
    expect(timeless(first.stderr)).toMatchInlineSnapshot(`
      "migrate postgres@127.0.0.1:5432/shop: 2 pending migrations
        ✓ 0001_shop 7 ms
        ✓ 0002_confirmed 7 ms
      "
    `);
    expect(timeless(first.stdout)).toMatchInlineSnapshot(`
      "2 migrations applied in 7 ms
      "
    `);
    expect(await product.run(["migrate"])).toEqual({
      exitCode: 0,
      stdout: "nothing to do: every migration is applied\n",
      stderr: "",
    });
  });
});

describe("status", () => {
  it("shows migrations, what failed, who runs, drift, the last verified success and the last runs", async () => {
    await using product = await Product.withV1(scratch);
    product.write({
      migrations: {
        "0002_confirmed.sql": confirmed,
        "0003_broken.sql": "SELECT 1 / 0;",
        "0004_later.sql": "SELECT 1;",
      },
    });
    await product.run(["migrate"]);
    await product.ask(
      "SELECT lockstep.beat('web-1', hash, 'v1'), lockstep.beat('web-2', hash, 'v1') FROM lockstep.contract",
    );
    await product.ask("SELECT lockstep.beat('batch-1', repeat('ab', 32), 'v0')");
    await product.ask("ALTER TABLE orders DROP COLUMN note");
    const { exitCode, stdout, stderr } = await product.run(["status"]);
    expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: "" });
    expect(timeless(stdout)).toMatchInlineSnapshot(`
      "production  postgres@127.0.0.1:5432/shop  sql migrations

        applied  0001_shop       2026-11-21 10:00 UTC
        applied  0002_confirmed  2026-11-21 10:00 UTC
        failed   0003_broken     nothing of it applied
        pending  0004_later

      0003_broken failed at line 1
        sql       SELECT $1 / $2
        error     division by zero (22012)
        remained  nothing
        next      lockstep migrate goes on there; lockstep resolve settles it by hand

      1 object changed by hand

      drift: column public.orders.note
        expected  text
        found     it is not there

      running: release v0, 1 instance, what it expects is not known here
      running: release v1, 2 instances
      last verified success: release v1, 2026-11-21 10:00 UTC, by ci
      last runs
        2026-11-21 10:00 UTC  failed     migrate
          migration-failed: migrations/0003_broken.sql:1: division by zero
        2026-11-21 10:00 UTC  succeeded  deploy release v1
      "
    `);

    const json = JSON.parse((await product.run(["status", "--json"])).stdout) as object;
    expect(json).toMatchObject({
      version: 1,
      environment: "production",
      folder: {
        tool: "sql",
        migrations: [
          { state: "applied" },
          { state: "applied" },
          { state: "failed" },
          { state: "pending" },
        ],
      },
      lastVerified: { release: "v1" },
      running: [
        { release: "v0", instances: 1, contractKnown: false },
        { release: "v1", instances: 2, contractKnown: true },
      ],
      runs: [
        { command: "migrate", outcome: "failed" },
        { command: "deploy", outcome: "succeeded" },
      ],
      drift: [{ object: "public.orders.note", kind: "missing-column" }],
    });
  });

  it("of a database that nothing was done to yet, without drift", async () => {
    await using product = await Product.make(scratch, {
      contract: v1,
      migrations: { "0001_shop.sql": shop },
    });
    const { exitCode, stdout } = await product.run(["status", "--no-drift"]);
    expect(exitCode).toBe(0);
    expect(timeless(stdout)).toMatchInlineSnapshot(`
      "production  postgres@127.0.0.1:5432/shop  sql migrations

        pending  0001_shop

      no deploy has been verified here yet
      "
    `);
  });

  it("counts old migrations instead of listing them all", async () => {
    const names = Array.from(
      { length: 40 },
      (_, index) => `${String(index + 1).padStart(4, "0")}_step`,
    );
    await using product = await Product.make(scratch, {
      migrations: Object.fromEntries(names.map((name) => [`${name}.sql`, "SELECT 1;"])),
    });
    await product.run(["migrate"]);
    const { stdout } = await product.run(["status", "--no-drift"]);
    expect(stdout).toContain("  30 older ones are applied\n  applied  0031_step");
  });
});
