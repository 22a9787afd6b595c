import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import { startScratch, type Scratch } from "../../src/scratch/index.ts";
import { ndjson } from "../cli/run-cli.ts";
import { spawnTypescript } from "../support/run-typescript.ts";
import { Product, unwrapped } from "./product.ts";

let scratch: Scratch;
beforeAll(async () => {
  scratch = await startScratch();
});
afterAll(() => scratch.close());

it("two deploys at once: one waits, says for whom, and finds nothing to do", async () => {
  await using product = await Product.make(scratch, {
    deploy: { command: "sleep 1.2; echo up $LOCKSTEP_RELEASE >> service.log" },
  });
  const deploy = async (release: string) =>
    product.run(["deploy", "--release", release, "--format", "ndjson"]);
  const both = await Promise.all([deploy("a"), deploy("b")]);
  expect(both.map(({ exitCode }) => exitCode)).toEqual([0, 0]);
  const events = both.map(({ stdout }) => ndjson(stdout));
  const waited = events.findIndex((list) => list.some(({ type }) => type === "run.waiting"));
  const [second, first] = [events[waited]!, events[1 - waited]!];
  expect(second.find(({ type }) => type === "run.waiting")!["holder"]).toMatch(
    /^lockstep\/deploy [ab] \(pid \d+, postgres from 127\.0\.0\.1\)$/,
  );
  expect(first.at(-1)).toMatchObject({ applied: ["0001_shop", "0002_confirmed"] });
  expect(second.at(-1)).toMatchObject({ applied: [] });
  // One after the other, in the order of the lock.
  const order = [first, second].map((list) => String(list.at(-1)!["release"]));
  expect(product.service).toEqual(order.map((release) => `up ${release}`));
  expect((await product.record()).verified).toEqual(order);
});

it("a deploy that waits too long, or is stopped while it waits, has changed nothing", async () => {
  await using product = await Product.make(scratch, { runner: { waitForRunnerMs: 300 } });
  await using holder = await product.hold("SELECT pg_advisory_lock(1280, 3)");
  const late = await product.deploy();
  expect(late.exitCode).toBe(2);
  expect(late.stderr).toContain(
    "error[ledger-lock-timeout]: another deploy of this database is under way",
  );
  expect(unwrapped(late.stderr)).toContain("waiting for holder (pid");

  product.write({ runner: { waitForRunnerMs: 60_000 } });
  const controller = new AbortController();
  const stopped = await product.deploy({
    signal: controller.signal,
    onOutput: (text) => {
      if (text.includes("waiting for")) controller.abort();
    },
  });
  expect(stopped.exitCode).toBe(3);
  expect(stopped.stderr).toContain(
    "error[run-cancelled]: the deploy was stopped on request, at preflight",
  );
  expect(await product.columns()).toEqual([]);
  expect(product.service).toEqual([]);
  await holder.close();
  expect((await product.deploy()).exitCode).toBe(0);
});

it("a deploy that is killed inside its command is told by status, and marked lost by the next", async () => {
  await using product = await Product.make(scratch, {
    deploy: { command: "echo $$ >> service.log; exec sleep 600" },
  });
  const killed = spawnTypescript(
    join(import.meta.dirname, "../cli/lockstep-process.ts"),
    [
      "deploy",
      "--release",
      "killed",
      "--scratch-url",
      scratch.url,
      "--config",
      join(product.folder.path, "lockstep.config.json"),
    ],
    { DATABASE_URL: product.url },
  );
  onTestFinished(() => void killed.kill("SIGKILL"));
  const shown = "SELECT FROM lockstep.process WHERE doing->'stage'->>'name' = 'deploy command'";
  const isThere = async (sql: string) => (await product.ask(sql).catch(() => [])).length > 0;
  while (!(await isThere(shown))) await sleep(50);
  const command = Number(product.service[0]);
  onTestFinished(() => void process.kill(command, "SIGKILL"));
  killed.kill("SIGKILL");
  await once(killed, "exit");
  // Until the server has noticed that its connections are gone.
  while (
    await isThere(
      "SELECT FROM pg_stat_activity WHERE datname = current_database() AND application_name ~ '^lockstep/'",
    )
  )
    await sleep(20);
  // What it had begun goes on without it.
  expect(process.kill(command, 0)).toBe(true);
  const { exitCode, stdout } = await product.run(["status", "--no-drift"]);
  expect(exitCode).toBe(1);
  expect(stdout).not.toContain("running now");
  expect(unwrapped(stdout)).toMatch(
    /ended without a word: deploy, run .* applied 0001_shop, 0002_confirmed stage deploy command, .* look which release serves/,
  );
  const { live } = JSON.parse((await product.run(["status", "--no-drift", "--json"])).stdout);
  expect(live).toMatchObject({ runs: [], lost: [{ command: "deploy" }] });

  product.write({});
  expect((await product.deploy()).exitCode).toBe(0);
  expect((await product.run(["status", "--no-drift"])).stdout).not.toContain("without a word");
  expect((await product.record()).runs).toEqual(["deploy killed lost", "deploy v2 succeeded"]);
});
