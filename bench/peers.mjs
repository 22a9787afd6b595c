/**
 * The peers of the benchmarks of runner and check, installed from npm into a folder of their own for the run: nothing of them is
 * part of Lockstep.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const packages = [
  "node-pg-migrate@9.0.0",
  "graphile-migrate@1.4.1",
  "kysely@0.28.18",
  "kysely-ctl@0.20.0",
  "umzug@3.8.3",
  "sequelize@6.37.8",
  "sequelize-cli@6.6.5",
  "knex@3.3.0",
  "typeorm@1.1.1",
  "reflect-metadata@0.2.2",
  "@mikro-orm/core@6.6.16",
  "@mikro-orm/postgresql@6.6.16",
  "@mikro-orm/migrations@6.6.16",
  "@mikro-orm/cli@6.6.16",
  "drizzle-kit@0.31.11",
  "drizzle-orm@0.45.4",
  "pg@8.23.1",
];

const linters = ["squawk-cli@2.66.0", "@flvmnt/pgfence@0.1.5"];

export function installPeers(folder) {
  install(folder, packages);
}

/** Installs the linters; gives squawk's native program, without the script that npm puts before it, and pgfence's script. */
export function installLinters(folder) {
  install(folder, linters);
  const modules = join(folder, "node_modules");
  const native = `${process.platform}-${process.arch}`;
  const program = process.platform === "win32" ? "squawk.exe" : "squawk";
  return {
    squawk: join(modules, "@squawk-cli", native, "bin", program),
    pgfence: join(modules, "@flvmnt", "pgfence", "dist", "index.js"),
  };
}

function install(folder, names) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, type: "module" }));
  execFileSync("npm", ["install", "--silent", "--no-audit", "--no-fund", ...names], {
    cwd: folder,
    stdio: "inherit",
  });
}

/** Writes each peer's folder for the same statements and gives how it is started. */
export function writePeers(folder, statements) {
  const name = (index) => String(index + 1).padStart(6, "0");
  const write = (path, text) => {
    mkdirSync(join(folder, path, ".."), { recursive: true });
    writeFileSync(join(folder, path), text);
  };
  statements.forEach((sql, index) => {
    const millis = 1_700_000_000_000 + index * 1_000;
    const text = JSON.stringify(sql);
    write(`npm/${millis}_m${name(index)}.sql`, `-- Up Migration\n${sql};\n`);
    const module = `import { sql } from "kysely";\nexport async function up(db) { await sql.raw(${text}).execute(db); }\n`;
    write(`kysely/${name(index)}_m.ts`, module);
    write(
      `umzug/${name(index)}_m.mjs`,
      `export const up = ({ context }) => context.query(${text});\n`,
    );
    write(
      `knex/${name(index)}_m.cjs`,
      `exports.up = (knex) => knex.raw(${text});\nexports.down = () => {};\n`,
    );
    write(
      `sequelize/${name(index)}-m.cjs`,
      `module.exports = { up: (context) => context.sequelize.query(${text}), down: async () => {} };\n`,
    );
    write(
      `typeorm/${millis}-M.mjs`,
      `export class M${millis} { async up(runner) { await runner.query(${text}); } async down() {} }\n`,
    );
    write(
      `mikro/Migration${millis}.mjs`,
      `import { Migration } from "@mikro-orm/migrations"; export class Migration${millis} extends Migration { async up() { this.addSql(${text}); } }\n`,
    );
  });
  write(
    "knexfile.cjs",
    `module.exports = { client: "pg", connection: process.env.DATABASE_URL, migrations: { directory: "knex", loadExtensions: [".cjs"] } };\n`,
  );
  write(
    ".sequelizerc",
    `module.exports = { config: "sequelize.config.cjs", "migrations-path": "sequelize" };\n`,
  );
  write(
    "sequelize.config.cjs",
    `module.exports = { development: { use_env_variable: "DATABASE_URL", dialect: "postgres", logging: false } };\n`,
  );
  write(
    "data-source.mjs",
    `import { DataSource } from "typeorm";
export default new DataSource({ type: "postgres", url: process.env.DATABASE_URL, migrations: ["typeorm/*.mjs"], migrationsTransactionMode: "each" });\n`,
  );
  write(
    "mikro-orm.config.mjs",
    `import { Migrator } from "@mikro-orm/migrations"; import { defineConfig } from "@mikro-orm/postgresql";
export default defineConfig({ clientUrl: process.env.DATABASE_URL, entities: [], discovery: { warnWhenNoEntities: false }, extensions: [Migrator],
  migrations: { path: "mikro", glob: "Migration*.mjs", allOrNothing: false, snapshot: false } });\n`,
  );
  write(
    "drizzle.config.mjs",
    `export default { dialect: "postgresql", out: "drizzle", dbCredentials: { url: process.env.DATABASE_URL } };\n`,
  );
  write(
    "kysely.config.mjs",
    `import pg from "pg"; import { PostgresDialect } from "kysely"; import { defineConfig } from "kysely-ctl";
export default defineConfig({ dialect: new PostgresDialect({ pool: new pg.Pool({ connectionString: process.env.DATABASE_URL }) }), migrations: { migrationFolder: "kysely" } });\n`,
  );
  write(
    "umzug.mjs",
    `import { Sequelize } from "sequelize"; import { Umzug, SequelizeStorage } from "umzug";
const sequelize = new Sequelize(process.env.DATABASE_URL, { logging: false });
await new Umzug({ migrations: { glob: "umzug/*.mjs", resolve: ({ name, path, context }) => ({ name, up: async () => (await import("file://" + path)).up({ context }) }) }, context: sequelize, storage: new SequelizeStorage({ sequelize }), logger: undefined }).up();
await sequelize.close();\n`,
  );
  write(".gmrc", "{}");
  writeGraphile(write, statements, name);
  const bin = (tool) => join(folder, "node_modules", ".bin", tool);
  return {
    "node-pg-migrate": [
      bin("node-pg-migrate"),
      ["up", "-m", "npm", "--no-verbose", "--no-single-transaction"],
    ],
    "kysely-ctl": [bin("kysely"), ["migrate:latest", "--no-outdated-check"]],
    "graphile-migrate": [bin("graphile-migrate"), ["migrate"]],
    umzug: [process.execPath, ["umzug.mjs"]],
    knex: [bin("knex"), ["migrate:latest", "--knexfile", "knexfile.cjs"]],
    "sequelize-cli": [bin("sequelize"), ["db:migrate"]],
    typeorm: [bin("typeorm"), ["migration:run", "-d", "data-source.mjs"]],
    "mikro-orm": [bin("mikro-orm"), ["migration:up", "--config", "mikro-orm.config.mjs"]],
    "drizzle-kit": [bin("drizzle-kit"), ["migrate", "--config", "drizzle.config.mjs"]],
  };
}

function writeGraphile(write, statements, name) {
  // The hash chain that graphile-migrate checks: sha1 of "<previous hash>\n<body>\n".
  let previous = null;
  statements.forEach((sql, index) => {
    const body = `${sql};`;
    const hash = `sha1:${sha1(`${previous ?? ""}\n${body}`.trim() + "\n")}`;
    write(
      `migrations/committed/${name(index)}.sql`,
      `--! Previous: ${previous ?? "-"}\n--! Hash: ${hash}\n\n${body}\n`,
    );
    previous = hash;
  });
  write("migrations/current.sql", "");
}

function sha1(text) {
  return createHash("sha1").update(text).digest("hex");
}
