import { expect, it } from "vitest";
import { pipelineRules } from "../../src/pipeline/index.ts";
import { rules } from "../../src/rules/index.ts";
import { runCli } from "./run-cli.ts";

const options = { cwd: import.meta.dirname };

it("prints the page of every rule that a finding may name", async () => {
  for (const { id } of [...rules, ...pipelineRules]) {
    const { exitCode, stdout } = await runCli(["explain", id], options);
    expect([id, exitCode]).toEqual([id, 0]);
    expect(stdout.startsWith(`# ${id}\n`)).toBe(true);
  }
});

it("knows what was meant, and nothing outside of its pages", async () => {
  const misspelt = await runCli(["explain", "blocking-rewrites"], options);
  expect(misspelt.exitCode).toBe(2);
  expect(misspelt.stderr).toContain("lockstep explain blocking-rewrite");
  expect((await runCli(["explain", "../locks"], options)).exitCode).toBe(2);
  const { stdout } = await runCli(["explain", "no-char", "--json"], options);
  expect(JSON.parse(stdout)).toMatchObject({ version: 1, rule: "no-char" });
});
