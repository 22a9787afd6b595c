import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startScratch, type Scratch } from "../../src/scratch/index.ts";
import { Product, shop, v1 } from "../deploy/product.ts";
import { spawnTypescript } from "../support/run-typescript.ts";
import { ndjson } from "./run-cli.ts";

let scratch: Scratch;
beforeAll(async () => {
  scratch = await startScratch();
});
afterAll(() => scratch.close());

/** Lockstep in a process of its own, in the folder of a product. */
function start(product: Product, argv: readonly string[]) {
  const tries = argv[0] === "migrate" ? [] : ["--scratch-url", scratch.url];
  const config = join(product.folder.path, "lockstep.config.json");
  const child = spawnTypescript(
    join(import.meta.dirname, "lockstep-process.ts"),
    [...argv, ...tries, "--config", config, "--format", "ndjson"],
    { DATABASE_URL: product.url, LOCKSTEP_RELEASE: "v1" },
  );
  let printed = "";
  child.stdout!.on("data", (chunk: Buffer) => (printed += chunk.toString()));
  return {
    child,
    seen: async (text: string) => {
      while (!printed.includes(text)) await once(child.stdout!, "data");
    },
    ended: async () => {
      await ended(child);
      return { exitCode: child.exitCode, lines: ndjson(printed) };
    },
  };
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, "close");
}

describe.each(["SIGINT", "SIGTERM"] as const)("%s", (signal) => {
  it("during a migration leaves a state that the next run resumes", async () => {
    await using product = await Product.make(scratch, {
      migrations: {
        "0001_shop.sql": shop,
        "0002_confirmed.sql": "SELECT pg_sleep(60); CREATE TABLE late (id int);",
      },
    });
    const { child, seen, ended: result } = start(product, ["migrate"]);
    await seen("pg_sleep");
    child.kill(signal);
    const { exitCode, lines } = await result();
    expect(exitCode).toBe(3);
    expect(lines.at(-1)).toMatchObject({ type: "error", error: { code: "run-cancelled" } });
    expect(await product.columns()).toEqual(["id", "total", "note"]);
    expect(await product.columns("late")).toEqual([]);

    product.write({ migrations: { "0002_confirmed.sql": "CREATE TABLE late (id int);" } });
    const { exitCode: again, stdout } = await product.run(["migrate", "--json"]);
    expect(again).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ applied: [{ id: "0002_confirmed" }] });
  });
});

it("Ctrl-C while the deploy command runs ends it and rolls back; the next deploy goes through", async () => {
  await using product = await Product.make(scratch, {
    migrations: { "0001_shop.sql": shop },
    contract: v1,
    deploy: { command: "echo begun; sleep 60; echo never >> service.log" },
  });
  const { child, seen, ended: result } = start(product, ["deploy"]);
  await seen('"line":"begun"');
  child.kill("SIGINT");
  const { exitCode, lines } = await result();
  expect(exitCode).toBe(3);
  expect(lines.at(-1)).toMatchObject({ error: { code: "run-cancelled" } });
  expect(product.service).toEqual(["rolled back"]);
  expect((await product.record()).runs).toEqual(["deploy v1 stopped run-cancelled"]);
  product.write({});
  expect((await product.run(["deploy", "--release", "v1"])).exitCode).toBe(0);
});

it("Ctrl-C ends what only reads at once", async () => {
  await using product = await Product.make(scratch, {
    contract: { ...v1, checks: [{ name: "slow", sql: "SELECT pg_sleep(60)::text", equals: "" }] },
  });
  await product.run(["migrate"]);
  const { child } = start(product, ["gate"]);
  const asking =
    "SELECT 1 FROM pg_stat_activity WHERE application_name = 'lockstep/gate' AND query LIKE '%pg_sleep(60)%'";
  await expect.poll(async () => product.ask(asking), { timeout: 20_000 }).toHaveLength(1);
  const killedAt = performance.now();
  child.kill("SIGINT");
  await ended(child);
  expect(child.exitCode).toBe(130);
  expect(performance.now() - killedAt).toBeLessThan(20_000);
});

it("goes on to the end when nobody reads its output any more", async () => {
  await using product = await Product.make(scratch, {
    migrations: { "0002_confirmed.sql": "SELECT pg_sleep(1); CREATE TABLE late (id int);" },
  });
  const { child, seen } = start(product, ["migrate"]);
  await seen("pg_sleep");
  child.stdout!.destroy();
  if (child.exitCode === null) await once(child, "exit");
  expect(child.exitCode).toBe(0);
  expect(await product.columns("late")).toEqual(["id"]);
});
