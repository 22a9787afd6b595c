import { symlinkSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { runCommand } from "../../src/processes/index.ts";
import { startScratch, type Scratch } from "../../src/scratch/index.ts";
import { runCli } from "../cli/run-cli.ts";
import { temporaryFolder } from "../support/folder.ts";

let scratch: Scratch;
beforeAll(async () => {
  scratch = await startScratch();
});
afterAll(() => scratch.close());

/** Objection's models over Knex, whose settings lie beside the migrations and are told apart by environment. */
const project = {
  "package.json": '{ "dependencies": { "knex": "3.3.0", "objection": "3.1.5" } }',
  "src/db/knexfile.js": `module.exports = {
  development: { client: "pg", connection: "postgres://localhost/nowhere" },
  production: { client: "pg", connection: process.env.SHOP_URL },
};`,
  "src/db/migrations/1_people.js": `exports.up = (knex) => knex.schema
  .createTable("people", (t) => { t.increments("id"); t.string("first_name").notNullable(); })
  .createTable("pets", (t) => { t.increments("id"); t.string("name"); t.integer("owner_id").references("people.id"); });
exports.down = (knex) => knex.schema.dropTable("pets").dropTable("people");
`,
  "src/db/migrations/2_species.js": `exports.up = (knex) => knex.schema.alterTable("pets", (t) => t.string("species"));
exports.down = (knex) => knex.schema.alterTable("pets", (t) => t.dropColumn("species"));
`,
  "src/serve.js": `const { Model, snakeCaseMappers } = require("objection");
class Pet extends Model { static tableName = "pets"; }
class Person extends Model {
  static tableName = "people";
  static columnNameMappers = snakeCaseMappers();
  static relationMappings = { pets: { relation: Model.HasManyRelation, modelClass: Pet, join: { from: "people.id", to: "pets.owner_id" } } };
}
const knex = require("knex")({ client: "pg", connection: process.env.SHOP_URL });
Model.knex(knex);
(async () => {
  await Person.query().insertGraph({ firstName: "Ann", pets: [{ name: "Tom", species: "cat" }] });
  await knex.destroy();
})().catch((error) => { console.error(error.message); process.exit(1); });
`,
  "lockstep.config.json": JSON.stringify({
    migrations: { folder: "src/db/migrations" },
    contract: { migrations: true },
    environments: { production: { urlEnv: "SHOP_URL" } },
    scratch: { urlEnv: "SCRATCH_URL" },
    deploy: { command: "node src/serve.js" },
  }),
};

it("deploys an application of Objection's, says by which command its migration is taken back, and what makes both ledgers true when the tool did it alone", async () => {
  using folder = temporaryFolder(project);
  symlinkSync(resolve("node_modules"), join(folder.path, "node_modules"));
  const { url } = await scratch.createDatabase();
  const env = { ...process.env, SHOP_URL: url, SCRATCH_URL: scratch.url };
  const lockstep = async (...args: readonly string[]) => {
    const { exitCode, stdout, stderr } = await runCli(args, { cwd: folder.path, env });
    const inOne = (text: string) => text.replaceAll(/\s+/g, " ");
    return { exitCode, stdout: inOne(stdout), stderr: inOne(stderr) };
  };
  const status = async () => {
    const { exitCode, stdout } = await lockstep("status", "--json");
    const { folder: read } = JSON.parse(stdout) as {
      folder: { migrations: readonly { id: string; state: string; unlisted?: true }[] };
    };
    const [, last] = read.migrations;
    return { exitCode, state: last!.state, unlisted: last!.unlisted };
  };
  expect(await lockstep("deploy", "--release", "r1")).toMatchObject({ exitCode: 0 });
  // The release that runs writes the column: its last word is asked for, and what it wrote is counted.
  const needed = await lockstep("rollback");
  expect(needed.exitCode).toBe(1);
  expect(needed.stderr).toContain("error[running-release-breaks]");
  const shown = await lockstep("rollback", "--dry-run", "--json", "--consent", "ann: a try");
  const looked = JSON.parse(shown.stdout) as { from: string; losses: unknown; isDone: boolean };
  expect(looked).toMatchObject({
    by: "command",
    isDone: false,
    losses: [{ name: "public.pets.species", rows: 1 }],
  });
  const command = looked.from;
  expect(command).toMatch(/^npx knex migrate:down /);
  expect(await status()).toEqual({ exitCode: 0, state: "applied", unlisted: undefined });

  const { ended } = await runCommand({
    command,
    cwd: folder.path,
    env,
    emit: () => {},
    redact: (line) => line,
  });
  expect(ended).toBe("exit code 0");
  expect(await status()).toEqual({ exitCode: 1, state: "applied", unlisted: true });
  expect((await lockstep("status")).stdout).toContain(
    "lockstep resolve 2_species.js --as rolled-back",
  );
  const again = await lockstep("rollback");
  expect(again.stderr).toContain("lockstep resolve 2_species.js --as rolled-back");

  // The catalog is asked: it is not so that it is applied.
  expect((await lockstep("resolve", "2_species.js", "--as", "applied")).exitCode).not.toBe(0);
  expect(await lockstep("resolve", "2_species.js", "--as", "rolled-back")).toMatchObject({
    exitCode: 0,
  });
  expect(await status()).toEqual({ exitCode: 0, state: "pending", unlisted: undefined });
  expect(await lockstep("deploy", "--release", "r1")).toMatchObject({ exitCode: 0 });
  expect(await status()).toEqual({ exitCode: 0, state: "applied", unlisted: undefined });
}, 300_000);
