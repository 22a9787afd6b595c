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
    write(`npm/${millis}_m${name(index)}.sql`, `-- Up Migration\n${sql};\n`);
    const module = `import { sql } from "kysely";\nexport async function up(db) { await sql.raw(${JSON.stringify(sql)}).execute(db); }\n`;
    write(`kysely/${name(index)}_m.ts`, module);
    write(
      `umzug/${name(index)}_m.mjs`,
      `export const up = ({ context }) => context.query(${JSON.stringify(sql)});\n`,
    );
  });
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
