import { createRequire } from "node:module";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { readContract } from "../../src/contract/index.ts";
import { startScratch, type Scratch } from "../../src/scratch/index.ts";
import { temporaryFolder, type TemporaryFolder } from "../support/folder.ts";
import { runCli } from "./run-cli.ts";

let scratch: Scratch;
beforeAll(async () => {
  scratch = await startScratch();
});
afterAll(() => scratch.close());

/** A migration tool of its own kind: it takes its database from DATABASE_URL and keeps a ledger. */
const tool = `
const pg = require(${JSON.stringify(createRequire(import.meta.url).resolve("pg"))});
const client = new pg.Client(process.env.DATABASE_URL);
client.connect()
  .then(() => client.query("CREATE TABLE _prisma_migrations (id text); CREATE TABLE orders (id int PRIMARY KEY, note text)"))
  .then(() => client.end());
`;

async function build(folder: TemporaryFolder, command: string) {
  folder.write("lockstep.config.json", JSON.stringify({ contract: { command } }));
  return runCli(["contract", "build", "--release", "r1", "--scratch-url", scratch.url], {
    cwd: folder.path,
    env: { PATH: process.env["PATH"] },
  });
}

it("captures what a tool's own command makes of an empty database, without the tool's ledger", async () => {
  using folder = temporaryFolder({ "tool.cjs": tool });
  const { exitCode, stderr } = await build(folder, `"${process.execPath}" tool.cjs`);
  expect(stderr).toBe("");
  expect(exitCode).toBe(0);
  const { tables } = readContract(join(folder.path, "lockstep.contract.json"));
  expect(tables.map(({ name }) => name)).toEqual(["orders"]);
});

it.each([
  ["true", "it ended well and made no table"],
  ["echo cannot >&2; exit 3", "exit code 3"],
])("does not believe %j", async (command, reason) => {
  using folder = temporaryFolder();
  const { exitCode, stderr } = await build(folder, command);
  expect(exitCode).toBe(2);
  expect(stderr).toContain("error[contract-source]");
  expect(stderr).toContain(reason);
});
