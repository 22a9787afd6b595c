import { mkdtempSync, rmSync, writeFileSync, mkdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startScratch, type Scratch } from "../../src/scratch/index.ts";
import { Session } from "../../src/pg/index.ts";
import { runCli } from "./run-cli.ts";

let scratch: Scratch;
let cwd: string;
let env: Record<string, string>;
const run = (...argv: readonly string[]) => runCli(argv, { cwd, env });

beforeAll(async () => {
  scratch = await startScratch();
  cwd = mkdtempSync(join(tmpdir(), "lockstep-status-all-"));
  env = {
    STAGING_URL: (await scratch.createDatabase()).url,
    PRODUCTION_URL: (await scratch.createDatabase()).url,
  };
  mkdirSync(join(cwd, "migrations"));
  writeFileSync(join(cwd, "migrations/0001_one.sql"), "CREATE TABLE one (id int);");
  config({ staging: { urlEnv: "STAGING_URL" }, production: { urlEnv: "PRODUCTION_URL" } });
});
afterAll(async () => {
  rmSync(cwd, { recursive: true, force: true });
  await scratch.close();
});

function config(environments: object): void {
  const value = { migrations: { folder: "migrations" }, environments };
  writeFileSync(join(cwd, "lockstep.config.json"), JSON.stringify(value));
}

it("shows every environment, and what has been in one for weeks and is not in the next", async () => {
  for (const name of ["staging", "production"])
    expect((await run("migrate", "--env", name)).exitCode).toBe(0);
  const calm = await run("status", "--all");
  expect(calm.stdout).toContain("the environments agree");
  expect(calm.exitCode).toBe(0);

  writeFileSync(join(cwd, "migrations/0002_two.sql"), "ALTER TABLE one ADD COLUMN name text;");
  await run("migrate", "--env", "staging");
  expect((await run("status", "--all", "--no-drift")).exitCode).toBe(0);
  await using session = await Session.open({ url: env["STAGING_URL"]!, applicationName: "test" });
  await session.query(
    "UPDATE lockstep.migration SET applied_at = applied_at - interval '21 days' WHERE id = '0002_two'",
  );
  await session.query("ALTER TABLE one ADD COLUMN by_hand int");
  const { exitCode, stdout } = await run("status", "--all");
  expect(exitCode).toBe(1);
  expect(stdout).toMatch(/^ {2}0002_two +\d{4}-\d\d-\d\d +pending *$/m);
  expect(stdout).toMatch(/^ {2}changed by hand +1 +0 *$/m);
  expect(stdout).toContain(
    "finding: 0002_two has been in staging for 21 days, and is not in production",
  );
  expect(stdout).toContain("finding: 1 object changed by hand in staging");
});

it("takes the status of an environment that cannot be reached from the file it was exported to", async () => {
  const exported = await run("status", "--env", "staging", "--json");
  writeFileSync(join(cwd, "staging.json"), exported.stdout);
  config({
    staging: { urlEnv: "NOT_SET", statusFile: "staging.json" },
    production: { urlEnv: "PRODUCTION_URL" },
  });
  const { stdout } = await run("status", "--all", "--json", "--no-drift");
  const { environments, findings } = JSON.parse(stdout) as {
    environments: { name: string; from: string; reached: { drift?: number } }[];
    findings: { kind: string }[];
  };
  expect(environments[0]).toMatchObject({ name: "staging", from: "staging.json" });
  expect(environments[0]!.reached.drift).toBe(1);
  expect(findings.map(({ kind }) => kind)).toEqual(["not-carried-on", "drifted"]);
});

it("compares the others where one cannot be asked, and ends with 2 when nothing else is wrong", async () => {
  config({ staging: { urlEnv: "NOT_SET" }, production: { urlEnv: "PRODUCTION_URL" } });
  env["LOCKSTEP_DATABASE_URL"] = env["PRODUCTION_URL"]!;
  const { exitCode, stdout } = await run("status", "--all", "--no-drift");
  delete env["LOCKSTEP_DATABASE_URL"];
  expect(exitCode).toBe(2);
  expect(stdout).toContain("finding: staging could not be asked");
  expect(stdout).toMatch(/^ {2}0002_two +\? +pending *$/m);

  writeFileSync(join(cwd, "staging.json"), '{"version":1,"takenAt":"2026-01-01T00:00:00Z"}');
  config({ staging: { statusFile: "staging.json" }, production: { urlEnv: "PRODUCTION_URL" } });
  const broken = await run("status", "--all", "--no-drift");
  expect(broken.exitCode).toBe(2);
  expect(broken.stdout).toContain("staging.json is not what lockstep status wrote");
});

it.each([
  [["--env", "staging"], "--all looks at every environment"],
  [["--url", "postgres://localhost/x"], "--all looks at every environment"],
])("refuses %j beside --all", async (argv, message) => {
  const { exitCode, stderr } = await run("status", "--all", ...argv);
  expect(exitCode).toBe(2);
  expect(stderr).toContain(message);
});
