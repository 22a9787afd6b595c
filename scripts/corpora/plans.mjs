/**
 * Plans every migration of real products that is not harmless as it is, and proves the plans.
 *
 *   node scripts/corpora/plans.mjs CORPORA OUT [--major 18] [--only PRODUCT] [--step NAME]… [--every N] [--from N] [--count N] [--no-prove]
 *
 * CORPORA is what `load.mjs` wrote. Each migration is planned on the database that those before it leave. OUT gets one JSON
 * object a line more: the migration, what became of each statement, the plan, and what was proven or not. `--from` and
 * `--count` are numbers of hazardous migrations of a product, the first is 0: a long run is made in pieces with them;
 * `--step`: these migrations.
 */
import { appendFileSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { createJiti } from "jiti";

const jiti = createJiti(import.meta.url);
const { startScratch } = await jiti.import("../../src/scratch/index.ts");
const { Session } = await jiti.import("../../src/pg/index.ts");
const { parseSql } = await jiti.import("../../src/sql/index.ts");
const { fillSql, makePlan, planId, provePlan } = await jiti.import("../../src/plan/index.ts");
const { isHarmless } = await jiti.import("../../src/plan/harmless.ts");
const effects = await jiti.import("../../src/effects/index.ts");

const { values, positionals } = parseArgs({
  allowPositionals: true,
  allowNegative: true,
  options: {
    major: { type: "string", default: "18" },
    only: { type: "string", multiple: true },
    step: { type: "string", multiple: true },
    every: { type: "string", default: "1" },
    from: { type: "string", default: "0" },
    count: { type: "string", default: "Infinity" },
    prove: { type: "boolean", default: true },
  },
});
const [corpora, out] = positionals;
const major = Number(values.major);
const here = dirname(fileURLToPath(import.meta.url));
const vector = readFileSync(join(here, "vector.sql"), "utf8");
const products =
  values.only ??
  readdirSync(corpora, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);

const scratch = await startScratch({ major });
for (const product of products) {
  const counts = await planAll(product);
  const text = Object.entries(counts).map(([name, count]) => `${count} ${name}`);
  process.stdout.write(`${product} on ${major}: ${text.join(", ")}\n`);
}
await scratch.close();

async function planAll(product) {
  const folder = join(corpora, product);
  const database = await scratch.createDatabase();
  const counts = {
    migrations: 0,
    hazardous: 0,
    planned: 0,
    proven: 0,
    unproven: 0,
    refused: 0,
    crashed: 0,
  };
  const predict = effects.startPredicting();
  const world = effects.createWorld({ major, complete: true });
  await apply(database.url, "CREATE SCHEMA lockstep");
  for (const step of JSON.parse(readFileSync(join(folder, "order.json"), "utf8"))) {
    counts.migrations++;
    const text = readFileSync(join(folder, `${step}.sql`), "utf8");
    const sql = withStandIns(await parseSql(text, step), text);
    const statements = await parseSql(sql, step);
    if (isHazardous(statements, world, predict) && isAsked(counts.hazardous++, step)) {
      const { outcome, ...more } = await planOne(database.name, step, sql);
      counts[outcome]++;
      appendFileSync(out, `${JSON.stringify({ product, step, outcome, ...more })}\n`);
    }
    for (const { sql: one } of statements) await apply(database.url, one);
  }
  await database.drop();
  return counts;
}

function isAsked(number, step) {
  if (values.step !== undefined && !values.step.includes(step)) return false;
  const [every, from, count] = [values.every, values.from, values.count].map(Number);
  return number >= from && number < from + count && (number - from) % every === 0;
}

/** The type `vector` comes from an extension that scratch lacks. */
function withStandIns(statements, text) {
  const extension = statements.find(({ node }) => node.CreateExtensionStmt?.extname === "vector");
  return extension === undefined
    ? text
    : text.slice(0, extension.start) + vector.replace(/;\s*$/, "") + text.slice(extension.end);
}

function isHazardous(statements, world, predict) {
  const existing = new Set([...world.relations.values()].map(({ id }) => id));
  const session = new effects.SimulatedSession({ transaction: "statement", defaults: new Map() });
  session.startFile("plan", statements);
  let found = false;
  for (const statement of statements) {
    const before = effects.copyWorld(world);
    const effect = predict({ statement, world, existing, session: session.before(statement) });
    effects.fold(statement, world);
    const breaks = effects.breaksBetween(before, world, existing);
    found ||= !isHarmless({ ...effect, breaks });
    session.after(statement, effect);
  }
  return found;
}

async function planOne(template, step, sql) {
  const began = performance.now();
  const copy = await scratch.createDatabase({ template });
  try {
    const id = planId(step);
    const made = await makePlan({ id, url: copy.url, major, file: `${step}.sql`, sql });
    const parts = made.parts.map(({ kind, title, why }) => ({ kind, title, why }));
    const ms = () => Math.round(performance.now() - began);
    if (made.plan === undefined) return { outcome: "refused", ms: ms(), parts };
    const { notes, remains } = made.plan;
    const steps = ["expand", "backfill", "contract"].map((phase) =>
      made.plan[phase].map((step) => ({ title: step.title, sql: textOf(step) })),
    );
    if (!values.prove) return { outcome: "planned", ms: ms(), parts, steps, notes, remains };
    const { statements: naive, plan, searchPath } = made;
    const proof = await provePlan({ scratch, template, naive, plan, searchPath });
    const { failures, remarks, counted } = proof;
    const outcome = failures.length === 0 ? "proven" : "unproven";
    return { outcome, ms: ms(), parts, steps, notes, remains, failures, remarks, counted };
  } catch (error) {
    const { code, stack, explanation } = error;
    const ms = Math.round(performance.now() - began);
    return { outcome: "crashed", ms, code, stack, explanation };
  } finally {
    await copy.drop();
  }
}

function textOf(step) {
  if (step.kind === "fill") return [fillSql(step)];
  return step.kind === "outside" ? [step.statement] : step.statements;
}

async function apply(url, sql) {
  const session = await Session.open({ url, applicationName: "corpora" });
  try {
    await session.query(sql);
  } catch {
    // What the product itself could not run here is passed over, as in the measured facts.
  } finally {
    await session.close();
  }
}
