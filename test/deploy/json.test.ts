import { afterAll, beforeAll, expect, it } from "vitest";
import { startScratch, type Scratch } from "../../src/scratch/index.ts";
import { ndjson } from "../cli/run-cli.ts";
import { Product, v2 } from "./product.ts";

let scratch: Scratch;
beforeAll(async () => {
  scratch = await startScratch();
});
afterAll(() => scratch.close());

it("a deploy that the gate stops tells a script how far it came, and every difference", async () => {
  await using product = await Product.withV1(scratch);
  product.write({ contract: v2 });
  const { exitCode, stdout, stderr } = await product.run([
    "deploy",
    "--release",
    "v2",
    "--format",
    "json",
  ]);
  expect(exitCode).toBe(1);
  expect(stderr).toBe("");
  const end = JSON.parse(stdout);
  expect(end).toMatchObject({
    version: 1,
    error: { code: "gate-closed", exitCode: 1 },
    environment: "production",
    release: "v2",
    stage: "gate",
    applied: [],
    gate: { version: 1, open: false, release: "v2" },
  });
  const gate = await product.run(["gate", "--release", "v2", "--format", "json"]);
  const { differences } = JSON.parse(gate.stdout);
  expect(end.gate.differences).toEqual(differences);
  const lines = ndjson(
    (await product.run(["deploy", "--release", "v2", "--format", "ndjson"])).stdout,
  );
  expect(lines.at(-1)).toMatchObject({ type: "error", stage: "gate", gate: { open: false } });
});

it("a deploy that stops before it tells the stage, and no gate", async () => {
  await using product = await Product.make(scratch, {
    migrations: { "0002_confirmed.sql": "ALTER TABLE nowhere ADD x int;" },
  });
  const { exitCode, stdout } = await product.run(["deploy", "--json"]);
  expect(exitCode).toBe(2);
  const end = JSON.parse(stdout);
  expect(end).toMatchObject({
    error: { code: "scratch-run-failed" },
    stage: "compatibility",
    applied: [],
  });
  expect(end).not.toHaveProperty("gate");
});
