import { expect, it } from "vitest";
import { ledgerOf, readHistory, readMigrations, typesOfLedger } from "../../src/tools/index.ts";
import { temporaryFolder } from "../support/folder.ts";

it("names what else a tool has made for itself beside its ledger", async () => {
  using project = temporaryFolder({
    "package.json": '{ "dependencies": { "knex": "3.1.0" } }',
    "knexfile.js":
      'module.exports = { client: "pg", migrations: { tableName: "auth_migrations" } };',
    "migrations/20240101000000_one.js": "exports.up = (knex) => knex.raw('SELECT 1');",
  });
  const folder = await readMigrations({ folder: "migrations", cwd: project.path });
  expect(ledgerOf(folder)).toEqual([
    { schema: "public", table: "auth_migrations" },
    { schema: "public", table: "auth_migrations_lock" },
  ]);
});

it("names what graphile-migrate makes with its ledger", async () => {
  using project = temporaryFolder({
    "migrations/committed/000001.sql":
      "--! Previous: -\n--! Hash: sha1:x\n--! AllowInvalidHash\n\nSELECT 1;\n",
  });
  const folder = await readMigrations({ folder: "migrations", cwd: project.path });
  expect(ledgerOf(folder)).toEqual([
    { schema: "graphile_migrate", table: "migrations" },
    { schema: "graphile_migrate", table: "current" },
  ]);
});

it("names the ledger of a folder that is only looked at", async () => {
  using project = temporaryFolder({
    "go.mod": "require github.com/jackc/tern/v2 v2.3.0\n",
    "migrations/001_one.sql": "CREATE TABLE t (id int);",
  });
  const folder = await readHistory({ folder: "migrations", cwd: project.path });
  expect(ledgerOf(folder)).toEqual([{ schema: "public", table: "schema_version" }]);
  expect(typesOfLedger(folder).size).toBe(0);
  const prairielearn = { ...folder, tool: "prairielearn" };
  expect(typesOfLedger(prairielearn)).toContain("public.enum_batched_migration_status");
  expect(ledgerOf(undefined)).toEqual([]);
});
