import type { Tool } from "../../src/tools/index.ts";

/** A small project of a tool's: two migrations that make a table, write a row and add a column. */
export interface ToolProject {
  readonly tool: Tool;
  readonly version: string;
  /** The command that is found out; the one that is configured where none can be. */
  readonly command: string | readonly string[];
  readonly isConfigured?: true;
  readonly files: Readonly<Record<string, string>>;
  readonly ids: readonly [string, string];
  /** A third migration, which is sent without transaction where the tool knows that. */
  readonly third: { readonly id: string; readonly file: string; readonly text: string };
}

const knexfile = `module.exports = {
  client: "pg", connection: process.env.DATABASE_URL, migrations: { directory: "./m" },
};
`;

const kyselyRun = `import { promises as fs } from "node:fs";
import path from "node:path";
import * as kysely from "kysely";
import pg from "pg";
const { Kysely, PostgresDialect } = kysely;
// From 0.29 on they have a place of their own.
const { FileMigrationProvider, Migrator } = kysely.Migrator ? kysely : await import("kysely/migration");
const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL });
const db = new Kysely({ dialect: new PostgresDialect({ pool }) });
const provider = new FileMigrationProvider({ fs, path, migrationFolder: path.resolve("m") });
const { error } = await new Migrator({ db, provider }).migrateToLatest();
await db.destroy();
if (error) { console.error(error); process.exit(1); }
`;

const mikroConfig = `const { EntitySchema } = require("@mikro-orm/core");
const { Migrator } = require("@mikro-orm/migrations");
const { defineConfig } = require("@mikro-orm/postgresql");
const entity = new EntitySchema({ name: "User", properties: { id: { type: "number", primary: true } } });
module.exports = defineConfig({
  clientUrl: process.env.DATABASE_URL, entities: [entity], extensions: [Migrator], migrations: { path: "m", snapshot: false },
});
`;

/** Makes `sequelize` and `umzug`; before its third version Umzug took other options, and gave migrations what is in `params`. */
export const umzugMaker = `const loaded = require("umzug");
const { Sequelize } = require("sequelize");
const sequelize = new Sequelize(process.env.DATABASE_URL, { dialect: "postgres", logging: false });
const context = sequelize.getQueryInterface();
const umzug = loaded.Umzug
  ? new loaded.Umzug({ migrations: { glob: "m/*.js" }, context, storage: new loaded.SequelizeStorage({ sequelize }), logger: undefined })
  : new loaded({ migrations: { path: "m", params: [{ context }] }, storage: "sequelize", storageOptions: { sequelize } });
`;

const umzugRun = `${umzugMaker}umzug.up().then(() => sequelize.close(), (error) => { console.error(error); process.exit(1); });
`;

export const projects: readonly ToolProject[] = [
  {
    tool: "knex",
    version: "3.3.0",
    command: ["npx", "knex", "migrate:latest"],
    files: {
      "knexfile.js": knexfile,
      "m/1_users.js": `exports.up = async (knex) => {
  await knex.schema.createTable("users", (t) => { t.bigIncrements("id"); t.text("email"); });
  await knex("users").insert({ email: "it's" });
};
exports.down = async (knex) => knex.schema.dropTable("users");
`,
      "m/2_nick.js": `exports.up = async (knex) => {
  await knex.schema.alterTable("users", (t) => { t.text("nick"); });
};
exports.down = async () => {};
`,
    },
    ids: ["1_users.js", "2_nick.js"],
    third: {
      id: "3_index.js",
      file: "m/3_index.js",
      text: `exports.config = { transaction: false };
exports.up = async (knex) => knex.raw("CREATE INDEX CONCURRENTLY users_nick ON users (nick)");
exports.down = async () => {};
`,
    },
  },
  {
    tool: "typeorm",
    version: "1.1.1",
    command: ["npx", "typeorm", "migration:run", "-d", "data-source.js"],
    files: {
      "data-source.js": `const { DataSource } = require("typeorm");
module.exports = new DataSource({
  type: "postgres", url: process.env.DATABASE_URL, migrations: ["m/*.js"], migrationsTransactionMode: "each",
});
`,
      "m/1700000000000-Users.js": `module.exports = class Users1700000000000 {
  async up(queryRunner) {
    await queryRunner.query('CREATE TABLE "users" ("id" bigserial PRIMARY KEY, "email" text)');
    await queryRunner.query("INSERT INTO users (email) VALUES ($1)", ["it's"]);
  }
  async down() {}
};
`,
      "m/1700000000001-Nick.js": `const { TableColumn } = require("typeorm");
module.exports = class Nick1700000000001 {
  async up(queryRunner) {
    await queryRunner.addColumn("users", new TableColumn({ name: "nick", type: "text", isNullable: true }));
  }
  async down() {}
};
`,
    },
    ids: ["Users1700000000000", "Nick1700000000001"],
    third: {
      id: "Index1700000000002",
      file: "m/1700000000002-Index.js",
      text: `module.exports = class Index1700000000002 {
  transaction = false;
  async up(queryRunner) {
    await queryRunner.query("CREATE INDEX CONCURRENTLY users_nick ON users (nick)");
  }
  async down() {}
};
`,
    },
  },
  {
    tool: "kysely",
    version: "0.28.18",
    command: "node migrate.mjs",
    isConfigured: true,
    files: {
      "migrate.mjs": kyselyRun,
      "m/1_users.mjs": `/** @param {import("kysely").Kysely<any>} db */
export async function up(db) {
  await db.schema.createTable("users").addColumn("id", "bigserial", (c) => c.primaryKey()).addColumn("email", "text").execute();
  await db.insertInto("users").values({ email: "it's" }).execute();
}
`,
      "m/2_nick.mjs": `export async function up(db) {
  await db.schema.alterTable("users").addColumn("nick", "text").execute();
}
`,
    },
    ids: ["1_users", "2_nick"],
    third: {
      id: "3_index",
      file: "m/3_index.mjs",
      text: `export async function up(db) {
  await db.schema.createIndex("users_nick").on("users").column("nick").execute();
}
`,
    },
  },
  {
    tool: "mikro-orm",
    version: "6.6.16",
    command: ["npx", "mikro-orm", "migration:up"],
    files: {
      "package.json": '{ "dependencies": { "@mikro-orm/cli": "6.6.16" } }',
      "mikro-orm.config.js": mikroConfig,
      "m/Migration20240101000000.js": `const { Migration } = require("@mikro-orm/migrations");
module.exports.Migration20240101000000 = class extends Migration {
  async up() {
    this.addSql('create table "users" ("id" bigserial primary key, "email" text)');
    this.addSql("insert into users (email) values ('it''s')");
  }
};
`,
      "m/Migration20240201000000.js": `const { Migration } = require("@mikro-orm/migrations");
module.exports.Migration20240201000000 = class extends Migration {
  async up() {
    this.addSql('alter table "users" add column "nick" text');
  }
};
`,
    },
    ids: ["Migration20240101000000", "Migration20240201000000"],
    third: {
      id: "Migration20240301000000",
      file: "m/Migration20240301000000.js",
      text: `const { Migration } = require("@mikro-orm/migrations");
module.exports.Migration20240301000000 = class extends Migration {
  async up() {
    this.addSql("create index users_nick on users (nick)");
  }
};
`,
    },
  },
  {
    tool: "sequelize",
    version: "6.6.5",
    command: ["npx", "sequelize-cli", "db:migrate"],
    files: {
      ".sequelizerc":
        'module.exports = { config: require("path").resolve("config.js"), "migrations-path": require("path").resolve("m") };\n',
      "config.js":
        'module.exports = { development: { use_env_variable: "DATABASE_URL", dialect: "postgres" } };\n',
      "m/1-users.js": `module.exports = {
  async up(queryInterface, Sequelize) {
    await queryInterface.createTable("users", {
      id: { type: Sequelize.BIGINT, primaryKey: true, autoIncrement: true }, email: Sequelize.TEXT,
    });
    await queryInterface.bulkInsert("users", [{ email: "it's" }]);
  },
};
`,
      "m/2-nick.js": `module.exports = {
  async up(queryInterface, Sequelize) {
    await queryInterface.sequelize.transaction(async (transaction) => {
      await queryInterface.addColumn("users", "nick", { type: Sequelize.TEXT }, { transaction });
    });
  },
};
`,
    },
    ids: ["1-users.js", "2-nick.js"],
    third: {
      id: "3-index.js",
      file: "m/3-index.js",
      text: `module.exports = {
  up: (queryInterface) => queryInterface.addIndex("users", ["nick"], { name: "users_nick", concurrently: true }),
};
`,
    },
  },
  {
    tool: "umzug",
    version: "3.8.3",
    command: "node migrate.js",
    isConfigured: true,
    files: {
      "migrate.js": umzugRun,
      "m/1-users.js": `exports.up = async ({ context }) => {
  await context.createTable("users", { id: "bigserial primary key", email: "text" });
  await context.bulkInsert("users", [{ email: "it's" }]);
};
`,
      "m/2-nick.js": `exports.up = async ({ context }) => context.addColumn("users", "nick", "text");
`,
    },
    ids: ["1-users.js", "2-nick.js"],
    third: {
      id: "3-index.js",
      file: "m/3-index.js",
      text: 'exports.up = async ({ context }) => context.addIndex("users", ["nick"], { name: "users_nick" });\n',
    },
  },
  {
    tool: "node-pg-migrate",
    version: "9.0.0",
    command: ["npx", "node-pg-migrate", "up", "-m", "m"],
    files: {
      "package.json": '{ "type": "module" }',
      "m/1_users.js": `export const up = (pgm) => {
  pgm.createTable("users", { id: { type: "bigserial", primaryKey: true }, email: "text" });
  pgm.sql("INSERT INTO users (email) VALUES ('it''s')");
};
`,
      "m/2_nick.sql":
        "-- Up Migration\nALTER TABLE users ADD COLUMN nick text;\n-- Down Migration\nALTER TABLE users DROP COLUMN nick;\n",
    },
    ids: ["1_users", "2_nick"],
    third: {
      id: "3_index",
      file: "m/3_index.js",
      text: `export const up = (pgm) => {
  pgm.noTransaction();
  pgm.createIndex("users", "nick", { name: "users_nick", concurrently: true });
};
`,
    },
  },
];
