/**
 * Writes the migrations of real products as plain SQL files, one a step, so that facts measured elsewhere can be compared
 * with what Lockstep observes and predicts. Nothing of these products is kept in this repository.
 *
 *   node scripts/corpora/load.mjs MIRRORS FACTS OUT
 *
 * MIRRORS holds bare clones named `owner+repository/repo`, FACTS a `sources.json` with repository, commit, folder and
 * tool of each product. OUT gets `<product>/<step>.sql` and `<product>/order.json`, the steps in the tool's order.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** How each tool names the file of a step, and orders the steps. */
const tools = {
  diesel: { step: /^([^/]+)\/up\.sql$/, order: byVersion },
  drizzle: { step: /^([^/]+)\.sql$/, order: byName, journal: "meta/_journal.json" },
  "golang-migrate": { step: /^([^/]+)\.up\.sql$/, order: byNumber },
  prisma: { step: /^([^/]+)\/migration\.sql$/, order: byName },
  "prairielearn SQL (+TS batched)": { step: /^([^/]+)\.sql$/, order: byName },
};

function byName(a, b) {
  return a < b ? -1 : Number(a > b);
}

/** Diesel compares what stands before the first underscore, without its dashes. */
function byVersion(a, b) {
  const version = (step) => step.split("_", 1)[0].replaceAll("-", "");
  return byName(version(a), version(b)) || byName(a, b);
}

function byNumber(a, b) {
  return Number.parseInt(a, 10) - Number.parseInt(b, 10);
}

/** The steps of one product in order, or undefined for a tool whose migrations are code. */
function readSteps({ repo, commit, dir, tool }, mirrors) {
  const kind = tools[tool];
  if (kind === undefined) return undefined;
  const home = join(mirrors, repo.replaceAll("(dot)", ".").replace("/", "+"), "repo");
  const git = (...args) =>
    execFileSync("git", ["-C", home, ...args], { encoding: "utf8", maxBuffer: 2 ** 28 });
  const show = (path) => git("show", `${commit}:${dir}/${path}`);
  const journal =
    kind.journal === undefined
      ? undefined
      : new Set(JSON.parse(show(kind.journal)).entries.map(({ tag }) => tag));
  return git("ls-tree", "-r", "-z", "--name-only", `${commit}:${dir}`)
    .split("\0")
    .flatMap((path) => {
      const step = kind.step.exec(path)?.[1];
      return step === undefined ? [] : [{ step, path }];
    })
    .filter(({ step }) => journal === undefined || journal.has(step))
    .sort((a, b) => kind.order(a.step, b.step))
    .map(({ step, path }) => ({ step, sql: show(path) }));
}

const [mirrors, facts, out] = process.argv.slice(2);
if (out === undefined) {
  process.stderr.write("usage: node scripts/corpora/load.mjs MIRRORS FACTS OUT\n");
  process.exit(2);
}
const sources = JSON.parse(readFileSync(join(facts, "sources.json"), "utf8"));
for (const source of Object.values(sources)) {
  const steps = readSteps(source, mirrors);
  if (steps === undefined) {
    process.stdout.write(`${source.name}: ${source.tool} keeps no SQL files, left out\n`);
    continue;
  }
  const folder = join(out, source.name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const { step, sql } of steps) writeFileSync(join(folder, `${step}.sql`), sql);
  const names = steps.map(({ step }) => step);
  writeFileSync(join(folder, "order.json"), `${JSON.stringify(names, null, 1)}\n`);
  process.stdout.write(`${source.name}: ${steps.length} steps\n`);
}
