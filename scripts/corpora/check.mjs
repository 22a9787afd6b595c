/**
 * Compares what Lockstep observes on the histories of real products with facts measured elsewhere.
 *
 *   node scripts/corpora/check.mjs CORPORA FACTS [--major 15] [--only PRODUCT] [--out FILE]
 *
 * CORPORA is what `load.mjs` wrote. Each statement runs in its own transaction on empty tables, as the facts were measured.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { createJiti } from "jiti";
import { asFacts, FactConventions, readFacts } from "./facts.mjs";

const jiti = createJiti(import.meta.url);
const { startScratch } = await jiti.import("../../src/scratch/index.ts");
const { Session } = await jiti.import("../../src/pg/index.ts");
const { parseSql } = await jiti.import("../../src/sql/index.ts");
const { Observer } = await jiti.import("../../src/effects/observe/index.ts");

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    major: { type: "string", multiple: true },
    only: { type: "string", multiple: true },
    out: { type: "string" },
  },
});
const [corpora, facts] = positionals;
const here = dirname(fileURLToPath(import.meta.url));
const products =
  values.only ?? Object.keys(JSON.parse(readFileSync(join(facts, "sources.json"), "utf8")));
const differences = [];

for (const major of (values.major ?? ["15", "18"]).map(Number)) {
  const scratch = await startScratch({ major });
  for (const product of products) {
    const database = await scratch.createDatabase();
    const admin = await Session.open({ url: database.url, applicationName: "corpora" });
    const counts = await replay(product, major, database.url, admin);
    process.stdout.write(
      `${product} on ${major}: ${Object.entries(counts)
        .map(([k, v]) => `${v} ${k}`)
        .join(", ")}\n`,
    );
    await admin.close();
    await database.drop();
  }
  await scratch.close();
}
for (const difference of differences) process.stdout.write(`${JSON.stringify(difference)}\n`);
if (values.out !== undefined)
  writeFileSync(values.out, `${differences.map((each) => JSON.stringify(each)).join("\n")}\n`);

async function replay(product, major, url, admin) {
  const folder = join(corpora, product);
  const order = orderOf(folder);
  const counts = { statements: 0, compared: 0, equal: 0, different: 0, failed: 0 };
  if (order === undefined) return counts;
  const measured = readFacts(facts, product, major);
  const conventions = new FactConventions();
  const observer = await Observer.open({ url, rows: 0 });
  for (const step of order) {
    const sql = readFileSync(join(folder, `${step}.sql`), "utf8");
    const statements = await parseSql(sql, step);
    conventions.startFile();
    await observer.startFile({ file: step, statements, transaction: "statement" });
    for (const statement of statements) {
      counts.statements++;
      if (isVector(statement)) {
        await admin.query(readFileSync(join(here, "vector.sql"), "utf8"));
        continue;
      }
      const { effect, error } = await observer.run(statement);
      const fact = measured.get(step)?.get(statement.index + 1);
      if (error !== undefined) {
        counts.failed++;
        if (fact !== undefined && fact.err === undefined)
          differences.push({
            product,
            major,
            step,
            i: statement.index + 1,
            sql: short(statement.sql),
            error: error.message,
          });
        continue;
      }
      if (fact === undefined || fact.mode === "autocommit") {
        conventions.follow(statement);
        continue;
      }
      counts.compared++;
      const found = conventions.apply(asFacts(effect), fact, statement);
      conventions.follow(statement);
      const expected = { locks: sorted(fact.locks), rewritten: fact.rewritten };
      if (JSON.stringify(found) === JSON.stringify(expected)) counts.equal++;
      else {
        counts.different++;
        differences.push({
          product,
          major,
          step,
          i: statement.index + 1,
          sql: short(statement.sql),
          found,
          expected,
        });
      }
    }
    await observer.endFile();
  }
  await observer.close();
  return counts;
}

function orderOf(folder) {
  try {
    return JSON.parse(readFileSync(join(folder, "order.json"), "utf8"));
  } catch (error) {
    if (error.code === "ENOENT") return undefined;
    throw error;
  }
}

function isVector({ node }) {
  return node.CreateExtensionStmt?.extname === "vector";
}

function sorted(record) {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function short(sql) {
  return sql.replace(/\s+/g, " ").slice(0, 160);
}
