import { expect, it } from "vitest";
import { startScratch } from "../../src/scratch/index.ts";
import { runCli } from "../cli/run-cli.ts";
import { temporaryFolder } from "../support/folder.ts";
import { checked } from "./checked.ts";

const change = { "a.sql": "SELECT 1;\n" };
const sizes = JSON.stringify({
  version: 1,
  takenAt: "2026-01-01T00:00:00Z",
  serverVersion: "15.4 (Debian)",
  relations: {},
});

it.each([
  ["nothing", {}, 18, "assumed; --pg says otherwise"],
  [
    "a service of Compose",
    { "compose.yaml": "services:\n  db:\n    image: postgres:16-alpine\n" },
    16,
  ],
  ["one with a default", { "docker-compose.yml": "    image: 'postgres:${PG:-15}'\n" }, 15],
  ["pgvector", { "docker-compose.yml": "    image: pgvector/pgvector:pg17 # vectors\n" }, 17],
  ["PostGIS", { "docker-compose.yml": "    image: postgis/postgis:14-3.4\n" }, 14],
  ["a job of GitHub", { ".github/workflows/test.yml": "        image: postgres:15.4\n" }, 15],
  ["a service of GitLab", { ".gitlab-ci.yml": "  services:\n    - postgres:17\n" }, 17],
  [
    "two that agree",
    { "compose.yaml": "image: postgres:16\n", "compose.dev.yaml": "image: postgres:16\n" },
    16,
  ],
  [
    "two that do not",
    { "compose.yaml": "image: postgres:15\n", ".gitlab-ci.yml": "- postgres:17\n" },
    18,
    "assumed; .gitlab-ci.yml has postgres:17, compose.yaml has postgres:15; --pg says otherwise",
  ],
  [
    "images of other things",
    {
      "compose.yaml":
        "image: redis:16\nimage: postgres-exporter:15\nimage: postgres:latest\nimage: postgres:9.6\n",
    },
    18,
  ],
  [
    "the exported sizes",
    {
      "sizes.json": sizes,
      "compose.yaml": "image: postgres:16\n",
      more: ["--sizes", "sizes.json"],
    },
    15,
    "by the exported sizes",
  ],
  ["what is asked", { "compose.yaml": "image: postgres:16\n", more: ["--pg", "17"] }, 17, null],
] as const)("%s", async (_, files, major, because?: string | null) => {
  const { more = [], ...texts } = files as Readonly<Record<string, string>> & {
    readonly more?: readonly string[];
  };
  using folder = temporaryFolder({ ...change, ...(texts as Readonly<Record<string, string>>) });
  const { report } = await checked(folder, "--static", "--no-pipeline", ...more, "a.sql");
  expect(report.server.major).toBe(major);
  if (because === null) expect(report.server).not.toHaveProperty("majorBecause");
  else if (because !== undefined) expect(report.server).toMatchObject({ majorBecause: because });
});

it("is said in the closing line", async () => {
  using folder = temporaryFolder({ ...change, "compose.yaml": "image: postgres:16\n" });
  const { stdout } = await runCli(["check", "--static", "a.sql"], { cwd: folder.path });
  expect(stdout.replaceAll(/\s+/g, " ")).toContain(
    "predicted for Postgres 16 (compose.yaml: postgres:16) from the parse trees",
  );
});

it("is that of a server that is given for scratch", async () => {
  await using server = await startScratch({ major: 16 });
  using folder = temporaryFolder({
    ...change,
    "compose.yaml": "image: postgres:15\n",
    "base.sql": "",
  });
  const { report } = await checked(
    folder,
    "--scratch-url",
    server.url,
    "--base",
    "base.sql",
    "a.sql",
  );
  expect(report.server).toMatchObject({
    major: 16,
    observed: true,
    majorBecause: "the scratch server's",
  });
});

it("timeouts that the history gave to all sessions count, and those of one role do not", async () => {
  const alter = "ALTER TABLE users ADD COLUMN a int;\n";
  const history = (set: string) => ({
    "migrations/1_users.sql": "CREATE TABLE users (id bigint PRIMARY KEY);\n",
    "migrations/2_set.sql": `${set}\n`,
    "migrations/3_add.sql": alter,
  });
  const rulesWith = async (set: string) => {
    using folder = temporaryFolder(history(set));
    const args = ["--static", "--no-pipeline", "--transaction", "file", "migrations/3_add.sql"];
    return (await checked(folder, ...args)).report.findings.map(({ rule }) => rule);
  };
  for (const set of [
    "ALTER DATABASE shop SET lock_timeout = '2s';",
    "ALTER ROLE ALL SET lock_timeout = 2000;",
  ])
    expect(await rulesWith(set)).toEqual([]);
  for (const set of [
    "ALTER ROLE reader SET lock_timeout = '2s';",
    "ALTER DATABASE shop SET lock_timeout = '2s';\nALTER DATABASE shop RESET lock_timeout;",
    "ALTER DATABASE shop SET lock_timeout = 0;",
    "SET lock_timeout = '2s';",
  ])
    expect(await rulesWith(set)).toEqual(["lock-without-timeout"]);
});
