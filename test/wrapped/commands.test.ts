import { symlinkSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startScratch, type Scratch } from "../../src/scratch/index.ts";
import { temporaryFolder } from "../support/folder.ts";
import { runCli } from "../cli/run-cli.ts";

let scratch: Scratch;

beforeAll(async () => {
  scratch = await startScratch();
});

afterAll(async () => {
  await scratch.close();
});

const config = `export default {
  migrations: { folder: "m", tool: "knex", command: ["node", ${JSON.stringify(resolve("test/wrapped/tool.cjs"))}] },
  contract: { migrations: true },
  environments: { production: { urlEnv: "SHOP_URL" } },
  deploy: { command: "echo in service" },
};
`;

it("check, migrate, status and deploy work with a folder of programs", async () => {
  using folder = temporaryFolder({
    "lockstep.config.mjs": config,
    "m/1_users.js": 'exports.sql = "CREATE TABLE users (id bigint PRIMARY KEY)";\n',
    "m/2_nick.js": `// The index is for search.
exports.sql = "CREATE INDEX users_nick ON users (id)";
`,
  });
  symlinkSync(resolve("node_modules"), join(folder.path, "node_modules"));
  const { url } = await scratch.createDatabase();
  const run = async (command: string, ...argv: readonly string[]) =>
    runCli([command, "--json", ...argv], {
      cwd: folder.path,
      env: { PATH: process.env["PATH"], SHOP_URL: url },
    });
  const json = async <Value = object>(...argv: [string, ...string[]]) =>
    JSON.parse((await run(...argv)).stdout) as Value;
  const ofServer = ["--scratch-url", scratch.url];

  const { findings } = await json<{ findings: { rule: string; file: string; line: number }[] }>(
    "check",
    "--all",
    "--no-pipeline",
    ...ofServer,
  );
  expect(findings.map(({ rule, file, line }) => `${rule} ${file}:${line}`)).toContain(
    "blocking-index-build m/2_nick.js:2",
  );
  expect(
    await json("migrate", "--", "node", resolve("test/wrapped/tool.cjs"), "exit-1"),
  ).toMatchObject({ applied: [{ id: "1_users.js" }, { id: "2_nick.js" }], ended: "exit code 1" });
  folder.write("m/3_more.js", 'exports.sql = "ALTER TABLE users ADD COLUMN more text";\n');
  expect(await json("status", ...ofServer)).toMatchObject({
    folder: {
      tool: "knex",
      migrations: [
        { state: "applied" },
        { state: "applied" },
        { id: "3_more.js", state: "pending" },
      ],
    },
    drift: [],
  });
  const deployed = await run("deploy", "--release", "r1", ...ofServer);
  expect(deployed.exitCode).toBe(0);
  expect(JSON.parse(deployed.stdout)).toMatchObject({ release: "r1", applied: ["3_more.js"] });
  expect(await json("migrate")).toMatchObject({ applied: [] });
}, 300_000);
