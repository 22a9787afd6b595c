import { afterAll, beforeAll, expect, it } from "vitest";
import { startScratch, type Scratch } from "../../src/scratch/index.ts";
import { ndjson } from "../cli/run-cli.ts";
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

it("a deploy that was killed is marked lost by the next", async () => {
  await using product = await Product.make(scratch);
  await product.deploy();
  await product.ask("UPDATE lockstep.run SET outcome = 'running', finished_at = NULL");
  await product.deploy();
  expect((await product.record()).runs).toEqual(["deploy v2 lost", "deploy v2 succeeded"]);
});
