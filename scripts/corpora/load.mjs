/**
 * Writes the migrations of real products as plain SQL files, one a step, so that facts measured elsewhere can be compared
 * with what Lockstep observes and predicts. Nothing of these products is kept in this repository.
 *
 *   node scripts/corpora/load.mjs MIRRORS FACTS OUT [--knex FOLDER]
 *
 * MIRRORS holds bare clones named `owner+repository/repo`, FACTS a `sources.json` with repository, commit, folder and
 * tool of each product. OUT gets `<product>/<step>.sql`, `<product>/<step>.down.sql` where the product has written a way back,
 * `<product>/order.json`, the steps in the tool's order, and
 * `<product>/transaction.json`: how the tool sends a file (a word of `lockstep check --transaction`), and the steps that it
 * sends outside a transaction, statement by statement. FOLDER has `knex` and `pg` installed, to run migrations that are code.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { captureKnex } from "./knex.mjs";

/** How each tool names the file of a step, orders the steps and sends them. */
const tools = {
  diesel: {
    step: /^([^/]+)\/up\.sql$/,
    down: (path) => path.replace(/up\.sql$/, "down.sql"),
    order: byVersion,
    transaction: "file",
    outside: ({ show, path }) =>
      /^run_in_transaction *= *false/m.test(show(path.replace(/up\.sql$/, "metadata.toml"))),
  },
  drizzle: {
    step: /^([^/]+)\.sql$/,
    order: byName,
    journal: "meta/_journal.json",
    transaction: "deploy",
  },
  "golang-migrate": {
    step: /^([^/]+)\.up\.sql$/,
    down: (path) => path.replace(/\.up\.sql$/, ".down.sql"),
    order: byNumber,
    transaction: "query",
  },
  "knex (captured SQL)": { step: /^(.+)\.js$/, order: byName, transaction: "file", isCode: true },
  prisma: { step: /^([^/]+)\/migration\.sql$/, order: byName, transaction: "query" },
  "prairielearn SQL (+TS batched)": {
    step: /^([^/]+)\.sql$/,
    order: byName,
    transaction: "file",
    outside: ({ sql }) => /^-- prairielearn:migrations NO TRANSACTION$/m.test(sql),
  },
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

/** The steps of one product in order. */
async function readSteps({ repo, commit, dir }, kind) {
  const home = join(mirrors, repo.replaceAll("(dot)", ".").replace("/", "+"), "repo");
  const git = (...args) =>
    execFileSync("git", ["-C", home, ...args], { encoding: "utf8", maxBuffer: 2 ** 28 });
  const paths = new Set(
    git("ls-tree", "-r", "-z", "--name-only", `${commit}:${dir}`).split("\0").filter(Boolean),
  );
  const show = (path) => (paths.has(path) ? git("show", `${commit}:${dir}/${path}`) : "");
  const journal =
    kind.journal === undefined
      ? undefined
      : new Set(JSON.parse(show(kind.journal)).entries.map(({ tag }) => tag));
  const files = [...paths]
    .flatMap((path) => {
      const step = kind.step.exec(path)?.[1];
      return step === undefined ? [] : [{ step, path }];
    })
    .filter(({ step }) => journal === undefined || journal.has(step))
    .sort((a, b) => kind.order(a.step, b.step))
    .map(({ step, path }) => ({
      step,
      path,
      sql: show(path),
      down: kind.down === undefined ? "" : show(kind.down(path)),
    }));
  const steps = kind.isCode ? await captureKnex(files, values.knex) : files;
  return steps.map((each) => ({ ...each, outside: kind.outside?.({ show, ...each }) ?? false }));
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { knex: { type: "string" } },
});
const [mirrors, facts, out] = positionals;
if (out === undefined) {
  process.stderr.write("usage: node scripts/corpora/load.mjs MIRRORS FACTS OUT [--knex FOLDER]\n");
  process.exit(2);
}
const sources = JSON.parse(readFileSync(join(facts, "sources.json"), "utf8"));
for (const source of Object.values(sources)) {
  const kind = tools[source.tool];
  if (kind.isCode && values.knex === undefined) {
    process.stdout.write(`${source.name}: its migrations are code, left out without --knex\n`);
    continue;
  }
  const steps = await readSteps(source, kind);
  const folder = join(out, source.name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const { step, sql, down } of steps) {
    writeFileSync(join(folder, `${step}.sql`), sql);
    if (down !== "") writeFileSync(join(folder, `${step}.down.sql`), down);
  }
  const json = (file, value) =>
    writeFileSync(join(folder, file), `${JSON.stringify(value, null, 1)}\n`);
  const names = (some) => some.map(({ step }) => step);
  json("order.json", names(steps));
  json("transaction.json", {
    mode: kind.transaction,
    outside: names(steps.filter(({ outside }) => outside)),
  });
  process.stdout.write(`${source.name}: ${steps.length} steps\n`);
}
