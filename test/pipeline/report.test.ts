import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { expect, test } from "vitest";
import { checkPipeline } from "../../src/pipeline/index.ts";
import { reportOn } from "./repository.ts";

const bad = join(import.meta.dirname, "fixtures", "pipeline-ignores-migration-failure", "bad");

const filesOf = (root: string): string[] =>
  readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((each) => each.isFile())
    .map((each) => relative(root, join(each.parentPath, each.name)));

test("a checkout with CRLF reads like the commit", async () => {
  const crlf = filesOf(bad).map((path) => [
    path,
    readFileSync(join(bad, path), "utf8").replaceAll("\n", "\r\n"),
  ]);
  const report = await reportOn(Object.fromEntries(crlf));
  expect(report).toEqual(await checkPipeline({ root: bad }));
});

test("given files are the repository, whatever else is in the folder", async () => {
  const files = ["scripts/deploy.sh", ".github/workflows/deploy.yml"];
  const { read, findings } = await checkPipeline({ root: bad, files });
  expect(read).toEqual([
    { file: ".github/workflows/deploy.yml", what: "workflow" },
    { file: "scripts/deploy.sh", what: "script" },
  ]);
  expect(new Set(findings.map(({ file }) => file))).toEqual(new Set(files));
});

test("what was read and understood is said for each step", async () => {
  const report = await reportOn({
    ".github/workflows/deploy.yml":
      "on:\n  push:\n    branches: [main]\nconcurrency: deploy\njobs:\n  ship:\n    steps:\n      - run: npx prisma migrate deploy\n      - run: flyctl deploy --app shop-staging\n      - run: flyctl deploy\n",
  });
  expect(report.steps).toEqual([
    {
      kind: "migrate",
      tool: "prisma migrate deploy",
      file: ".github/workflows/deploy.yml",
      line: 8,
      environment: "production",
      because: "it runs on push to main, and nothing names another environment",
    },
    {
      kind: "deploy",
      tool: "fly deploy",
      file: ".github/workflows/deploy.yml",
      line: 9,
      environment: "lower",
      because: 'option "shop-staging"',
    },
    {
      kind: "deploy",
      tool: "fly deploy",
      file: ".github/workflows/deploy.yml",
      line: 10,
      environment: "production",
      because: "it runs on push to main, and nothing names another environment",
    },
  ]);
});

test("an empty repository, and one that is not there, say nothing", async () => {
  expect(await reportOn({})).toEqual({ findings: [], read: [], steps: [], notes: [] });
  const gone = await checkPipeline({ root: join(bad, "not-there") });
  expect(gone).toEqual({ findings: [], read: [], steps: [], notes: [] });
});

test("a folder that is a template of repositories is passed over", async () => {
  const { read } = await reportOn({
    "boilerplate/{{ slug }}/compose.yml": "services: {{ x }}: [\n",
  });
  expect(read).toEqual([]);
});
