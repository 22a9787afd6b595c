import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createJiti } from "jiti";

const jiti = createJiti(import.meta.url);
const { startScratch } = await jiti.import("../../src/scratch/index.ts");
const { loadParser, quoteLiteral } = await jiti.import("../../src/sql/index.ts");

/** What one of these migrations reads: it puts them in a row. */
const environment = {
  OPERATOR_TENANT_ID: "00000000-0000-0000-0000-000000000001",
  ADMIN_API_SECRET: "secret",
};

/**
 * The SQL of migrations that are code: knex runs them on an empty scratch database, one after the other, and what reaches the
 * driver between a step's BEGIN and COMMIT is kept, parameters written as literals. Knex's own ledger is left out.
 *
 * `files` are the migrations, path and text; `modules` is a folder in which `knex` and `pg` are installed.
 */
export async function captureKnex(files, modules) {
  const require = createRequire(join(modules, "package.json"));
  const directory = mkdtempSync(join(tmpdir(), "lockstep-knex-"));
  const scratch = await startScratch();
  const sent = [];
  const { Client } = require("pg");
  const driver = Client.prototype;
  const query = Object.getOwnPropertyDescriptor(driver, "query");
  driver.query = function (first, ...rest) {
    const { text = first, values = [] } = typeof first === "object" ? first : {};
    sent.push({ text, values });
    return query.value.call(this, first, ...rest);
  };
  Object.assign(process.env, environment);
  try {
    mkdirSync(join(directory, "migrations"));
    for (const { path, sql } of files) writeFileSync(join(directory, "migrations", path), sql);
    const database = await scratch.createDatabase();
    const knex = require("knex")({
      client: "pg",
      connection: database.url,
      migrations: { directory: join(directory, "migrations") },
    });
    const steps = [];
    for (const { path } of files) {
      sent.length = 0;
      await knex.migrate.up();
      steps.push({ step: path.replace(/\.[^.]+$/, ""), sql: await inTransaction(sent) });
    }
    // The way back of each, the last one first: `knex migrate:down` as a person would run it.
    for (const step of steps.toReversed()) {
      sent.length = 0;
      await knex.migrate.down();
      step.down = await inTransaction(sent);
    }
    await knex.destroy();
    return steps;
  } finally {
    Object.defineProperty(driver, "query", query);
    await scratch.close();
    rmSync(directory, { recursive: true, force: true });
  }
}

/** What a step did itself, without knex's look at its ledger and the row it adds there. */
async function inTransaction(sent) {
  const begin = sent.findLastIndex(({ text }) => /^begin/i.test(text));
  const end = sent.findLastIndex(({ text }) => /^commit/i.test(text));
  const statements = [];
  for (const each of sent.slice(begin + 1, end)) statements.push(await literal(each));
  return statements
    .filter((sql) => !sql.includes("knex_migrations"))
    .map((sql) => `${sql};\n`)
    .join("");
}

/** A query with its parameters in it, found by Postgres' own scanner. */
async function literal({ text, values }) {
  const { scanSync } = await loadParser();
  const sql = Buffer.from(text);
  let at = 0;
  const parts = [];
  for (const { start, end, tokenName } of scanSync(text).tokens) {
    if (tokenName !== "PARAM") continue;
    const value = values[Number(sql.subarray(start + 1, end).toString()) - 1];
    parts.push(
      sql.subarray(at, start).toString(),
      value === null ? "NULL" : quoteLiteral(String(value)),
    );
    at = end;
  }
  return [...parts, sql.subarray(at).toString()].join("").trim().replace(/;$/, "");
}
