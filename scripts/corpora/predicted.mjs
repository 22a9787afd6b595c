/**
 * Compares what Lockstep predicts with what it observes, on the histories of real products.
 *
 *   node scripts/corpora/predicted.mjs CORPORA OUT [--major 15] [--only PRODUCT] [--world fold|read] [--rows 50]
 *
 * CORPORA is what `load.mjs` wrote. The catalog before each statement is folded from the first statement on, or read from
 * the database. OUT gets every difference, grouped by the shape of the statement. Tables are empty but for what the
 * migrations put in, or filled before each file.
 *
 * What triggers and foreign keys of a changed table do hangs on the rows that a query finds. For queries and programs the
 * prediction says what may happen: they are equal when they agree to the letter, and `within` when no more is observed than
 * is predicted, and no less than what is predicted without triggers and foreign keys.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { createJiti } from "jiti";
import { isRetyping } from "./facts.mjs";
import { effectText, shapeOf } from "./shapes.mjs";

const jiti = createJiti(import.meta.url);
const { startScratch } = await jiti.import("../../src/scratch/index.ts");
const { Session } = await jiti.import("../../src/pg/index.ts");
const { parseSql } = await jiti.import("../../src/sql/index.ts");
const effects = await jiti.import("../../src/effects/index.ts");

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    major: { type: "string", multiple: true, default: ["15", "18"] },
    only: { type: "string", multiple: true },
    world: { type: "string", default: "fold" },
    rows: { type: "string", default: "0" },
  },
});
const queries = ["InsertStmt", "UpdateStmt", "DeleteStmt", "MergeStmt", "SelectStmt"];
const programs = [...queries, "DoStmt", "CallStmt"];
const [corpora, out] = positionals;
const here = dirname(fileURLToPath(import.meta.url));
const vector = await parseSql(readFileSync(join(here, "vector.sql"), "utf8"), "vector.sql");
const products =
  values.only ??
  readdirSync(corpora, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);
const differences = [];

for (const major of values.major.map(Number)) {
  const scratch = await startScratch({ major });
  for (const product of products) {
    const database = await scratch.createDatabase();
    const counts = await replay(product, major, database.url);
    const text = Object.entries(counts).map(([name, count]) => `${count} ${name}`);
    process.stdout.write(`${product} on ${major}, ${values.world}: ${text.join(", ")}\n`);
    await database.drop();
  }
  await scratch.close();
}
writeReport();

async function replay(product, major, url) {
  const folder = join(corpora, product);
  const counts = { statements: 0, equal: 0, within: 0, different: 0, unknown: 0, crashed: 0 };
  const catalog = await Session.open({ url, applicationName: "corpora" });
  const observer = await effects.openObserver({ url, rows: Number(values.rows) });
  const predict = effects.startPredicting();
  let world = effects.createWorld({ major, complete: true });
  const advance = async (statement) => {
    if (values.world === "read") return;
    try {
      effects.fold(statement, world);
    } catch (error) {
      counts.crashed++;
      differences.push({
        shape: `fold crashes: ${error.message}`,
        product,
        major,
        sql: short(statement.sql),
      });
    }
  };
  for (const step of JSON.parse(readFileSync(join(folder, "order.json"), "utf8"))) {
    const statements = await parseSql(readFileSync(join(folder, `${step}.sql`), "utf8"), step);
    const session = new effects.SimulatedSession({
      transaction: "statement",
      // That of scratch servers.
      defaults: new Map([["timezone", "UTC"]]),
    });
    session.startFile(step, statements);
    await observer.startFile({ file: step, statements, transaction: "statement" });
    if (values.world === "read") world = await effects.readWorld(catalog);
    const existing = new Set([...world.relations.values()].map(({ id }) => id));
    let last;
    for (const statement of statements) {
      counts.statements++;
      if (statement.node.CreateExtensionStmt?.extname === "vector") {
        for (const each of vector) {
          await catalog.query(each.sql);
          await advance(each);
        }
        continue;
      }
      if (values.world === "read") {
        const before = world;
        world = await effects.readWorld(catalog);
        if (last !== undefined && isRetyping(last)) addRemade(existing, before, world);
      }
      last = statement;
      const state = session.before(statement);
      let predicted, certain;
      try {
        predicted = predict({ statement, world, existing, session: state });
        if (programs.includes(statement.kind))
          certain = queries.includes(statement.kind)
            ? {
                ...predict({ statement, world: unattended(world), existing, session: state }),
                failures: [],
              }
            : effects.noEffect;
      } catch (error) {
        counts.crashed++;
        differences.push({
          shape: `predict crashes: ${error.message}`,
          product,
          major,
          step,
          sql: short(statement.sql),
        });
      }
      const { effect: observed, error } = await observer.run(statement);
      session.after(statement, observed);
      // What fails on generated rows was done without them.
      const isDone = observed.failures.every(({ when }) => when === "on-rows");
      if (error === undefined || isDone) await advance(statement);
      if (predicted === undefined) continue;
      compare({ product, major, step, statement, predicted, certain, observed, counts });
    }
    await observer.endFile();
  }
  await observer.close();
  await catalog.close();
  return counts;
}

/** Indexes that were made again under their names are not new ones. */
function addRemade(existing, before, after) {
  for (const [name, { id }] of before.relations)
    if (existing.has(id) && after.relations.has(name)) existing.add(after.relations.get(name).id);
}

function compare({ product, major, step, statement, predicted, certain, observed, counts }) {
  const [found, expected] = [effectText(predicted), effectText(observed)];
  const missing = expected.filter((line) => !found.includes(line));
  const extra = found.filter((line) => !expected.includes(line));
  const { unknown } = predicted;
  const isEqual = missing.length + extra.length === 0;
  const verdict = () => {
    if (unknown.length > 0) return "unknown";
    if (isEqual) return "equal";
    if (certain === undefined) return "different";
    return isWithin(certain, observed) && isWithin(observed, predicted) ? "within" : "different";
  };
  const judged = verdict();
  counts[judged]++;
  if (isEqual && unknown.length === 0) return;
  const place = `${step} ${statement.index + 1}`;
  differences.push({
    shape: shapeOf(statement),
    product,
    major,
    place: judged === "within" ? `${place} (within)` : place,
    sql: short(statement.sql),
    missing,
    extra,
    unknown,
  });
}

/** A catalog in which rows that are changed do nothing else and need no default, and functions are not looked into. */
function unattended(world) {
  const relations = [...world.relations].map(([name, relation]) => [
    name,
    {
      ...relation,
      triggers: [],
      columns: relation.columns.map((column) => ({
        ...column,
        default: undefined,
        identity: undefined,
      })),
      constraints: relation.constraints.filter(({ kind }) => kind !== "foreign-key"),
    },
  ]);
  return { ...world, relations: new Map(relations), routines: new Map() };
}

/** All that the first effect does is done by the second, under locks at least as strong. */
function isWithin(less, more) {
  const { lockModes } = effects;
  const isCovered = less.locks.every(({ relation, mode }) =>
    more.locks.some(
      (lock) =>
        lock.relation === relation && lockModes.indexOf(lock.mode) >= lockModes.indexOf(mode),
    ),
  );
  const isWork = (line) => !line.includes(" on ");
  const done = effectText(more).filter(isWork);
  return (
    isCovered &&
    effectText(less)
      .filter(isWork)
      .every((line) => done.includes(line))
  );
}

function writeReport() {
  const shapes = new Map();
  for (const difference of differences) {
    const group = shapes.get(difference.shape) ?? [];
    group.push(difference);
    shapes.set(difference.shape, group);
  }
  const ordered = [...shapes].sort(([, a], [, b]) => b.length - a.length);
  const lines = ordered.flatMap(([shape, group]) => [
    `## ${shape}: ${group.length}`,
    ...group
      .slice(0, 12)
      .flatMap(({ product, major, place, sql, missing = [], extra = [], unknown = [] }) => [
        `${product} ${major} ${place}: ${sql}`,
        ...missing.map((line) => `    not predicted: ${line}`),
        ...extra.map((line) => `    only predicted: ${line}`),
        ...unknown.map((line) => `    unknown: ${line}`),
      ]),
    "",
  ]);
  writeFileSync(out, `${lines.join("\n")}\n`);
  for (const [shape, group] of ordered) process.stdout.write(`${group.length} ${shape}\n`);
}

function short(sql) {
  return sql.replace(/\s+/g, " ").slice(0, 220);
}
