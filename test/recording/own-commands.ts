import { umzugMaker, type ToolProject } from "./projects.ts";

/** What a tool itself has beside the command that applies what is pending. */
export interface OwnCommands {
  /** A migration that consists of these statements, by its place in the order, and what its way back sends. */
  readonly program: (
    sql: string,
    number?: number,
    back?: string,
  ) => { readonly file: string; readonly text: string };
  /** Prints what is pending. */
  readonly status: readonly string[];
  /** True for what it prints when nothing is. */
  readonly isClean: (printed: string) => boolean;
  /** Takes the last migration back; undefined for a tool without such a command. */
  readonly down: readonly string[] | undefined;
  /** Files that the two need. */
  readonly files?: Readonly<Record<string, string>>;
}

const kyselyMigrator = `import { promises as fs } from "node:fs";
import path from "node:path";
import * as kysely from "kysely";
import pg from "pg";
const { Kysely, PostgresDialect } = kysely;
// From 0.29 on they have a place of their own.
const { FileMigrationProvider, Migrator } = kysely.Migrator ? kysely : await import("kysely/migration");
export const db = new Kysely({ dialect: new PostgresDialect({ pool: new pg.Pool({ connectionString: process.env.DATABASE_URL }) }) });
const provider = new FileMigrationProvider({ fs, path, migrationFolder: path.resolve("m") });
export const migrator = new Migrator({ db, provider });
`;

const umzugMigrator = `${umzugMaker}module.exports = { sequelize, umzug };
`;

export const ownCommands: Readonly<Partial<Record<ToolProject["tool"], OwnCommands>>> = {
  knex: {
    program: (sql, number = 3, back = "SELECT 1") => ({
      file: `m/${number}_more.js`,
      text: `exports.up = async (knex) => knex.raw(${JSON.stringify(sql)});\nexports.down = async (knex) => knex.raw(${JSON.stringify(back)});\n`,
    }),
    status: ["npx", "knex", "migrate:status"],
    isClean: (printed) => printed.includes("No Pending Migration files Found"),
    down: ["npx", "knex", "migrate:down"],
  },
  typeorm: {
    program: (sql, number = 3, back = "SELECT 1") => ({
      file: `m/170000000000${number - 1}-More.js`,
      text: `module.exports = class More170000000000${number - 1} {
  async up(queryRunner) { await queryRunner.query(${JSON.stringify(sql)}); }
  async down(queryRunner) { await queryRunner.query(${JSON.stringify(back)}); }
};\n`,
    }),
    status: ["npx", "typeorm", "migration:show", "-d", "data-source.js"],
    isClean: (printed) => printed.includes("[X]") && !printed.includes("[ ]"),
    down: ["npx", "typeorm", "migration:revert", "-d", "data-source.js"],
  },
  kysely: {
    program: (sql, number = 3, back = "SELECT 1") => ({
      file: `m/${number}_more.mjs`,
      text: `import { sql } from "kysely";
export const up = async (db) => { await sql.raw(${JSON.stringify(sql)}).execute(db); };
export const down = async (db) => { await sql.raw(${JSON.stringify(back)}).execute(db); };\n`,
    }),
    status: ["node", "status.mjs"],
    isClean: (printed) => printed.trim() === "pending: 0",
    down: ["node", "down.mjs"],
    files: {
      "migrator.mjs": kyselyMigrator,
      "status.mjs": `import { db, migrator } from "./migrator.mjs";
const all = await migrator.getMigrations();
console.log("pending: " + all.filter((one) => one.executedAt === undefined).length);
await db.destroy();
`,
      "down.mjs": `import { db, migrator } from "./migrator.mjs";
const { error } = await migrator.migrateDown();
await db.destroy();
if (error) { console.error(error); process.exit(1); }
`,
    },
  },
  "mikro-orm": {
    program: (sql, number = 3, back = "SELECT 1") => ({
      file: `m/Migration20240${number}01000000.js`,
      text: `const { Migration } = require("@mikro-orm/migrations");
module.exports.Migration20240${number}01000000 = class extends Migration {
  async up() { this.addSql(${JSON.stringify(sql)}); }
  async down() { this.addSql(${JSON.stringify(back)}); }
};\n`,
    }),
    status: ["npx", "mikro-orm", "migration:pending"],
    isClean: (printed) => !printed.includes("Migration2024"),
    down: ["npx", "mikro-orm", "migration:down"],
  },
  sequelize: {
    program: (sql, number = 3, back = "SELECT 1") => ({
      file: `m/${number}-more.js`,
      text: `module.exports = {
  up: (queryInterface) => queryInterface.sequelize.query(${JSON.stringify(sql)}),
  down: (queryInterface) => queryInterface.sequelize.query(${JSON.stringify(back)}),
};\n`,
    }),
    status: ["npx", "sequelize-cli", "db:migrate:status"],
    isClean: (printed) => /^up /m.test(printed) && !/^down /m.test(printed),
    down: ["npx", "sequelize-cli", "db:migrate:undo"],
  },
  umzug: {
    program: (sql, number = 3, back = "SELECT 1") => ({
      file: `m/${number}-more.js`,
      text: `exports.up = async ({ context }) => context.sequelize.query(${JSON.stringify(sql)});
exports.down = async ({ context }) => context.sequelize.query(${JSON.stringify(back)});\n`,
    }),
    status: ["node", "status.js"],
    isClean: (printed) => printed.trim() === "pending: 0",
    down: ["node", "down.js"],
    files: {
      "migrator.js": umzugMigrator,
      "status.js": `const { sequelize, umzug } = require("./migrator.js");
umzug.pending().then((all) => { console.log("pending: " + all.length); return sequelize.close(); });
`,
      "down.js": `const { sequelize, umzug } = require("./migrator.js");
umzug.down().then(() => sequelize.close(), (error) => { console.error(error); process.exit(1); });
`,
    },
  },
  "node-pg-migrate": {
    program: (sql, number = 3, back = "SELECT 1") => ({
      file: `m/${number}_more.js`,
      text: `export const up = (pgm) => { pgm.sql(${JSON.stringify(sql)}); };\nexport const down = (pgm) => { pgm.sql(${JSON.stringify(back)}); };\n`,
    }),
    status: ["npx", "node-pg-migrate", "up", "-m", "m", "--dry-run"],
    isClean: (printed) => printed.includes("No migrations to run"),
    down: ["npx", "node-pg-migrate", "down", "-m", "m"],
  },
};
