// What `prisma migrate deploy` does, by Prisma's own schema engine as it is published for npm (WebAssembly): the
// engine of Prisma's command line is a binary that has to be downloaded.
//
// node prisma-deploy.mjs MODULES FOLDER, with DATABASE_URL; MODULES is a folder with node_modules in it.
import { readFileSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";

const [modules, folder] = process.argv.slice(2);
const require = createRequire(join(modules, "package.json"));
const enginePath = require.resolve("@prisma/schema-engine-wasm/schema_engine_bg");
const engine = await import(pathToFileURL(enginePath).href);
const wasm = new WebAssembly.Module(
  readFileSync(join(dirname(enginePath), "schema_engine_bg.wasm")),
);
const instance = new WebAssembly.Instance(wasm, { "./schema_engine_bg.js": engine });
engine.__wbg_set_wasm(instance.exports);
instance.exports.__wbindgen_start();

const { PrismaPg } = require("@prisma/adapter-pg");
const { bindMigrationAwareSqlAdapterFactory } = require("@prisma/driver-adapter-utils");
const factory = new PrismaPg({ connectionString: process.env.DATABASE_URL });
const connect = factory.connect.bind(factory);
factory.connect = async () => {
  const connection = await connect();
  // The published adapter cuts a script at each semicolon; the engine's own driver sends it as one query.
  connection.executeScript = async (script) => {
    try {
      await connection.underlyingDriver().query(script);
    } catch (error) {
      connection.onError(error);
    }
  };
  return connection;
};

const textOf = (path) => {
  try {
    return { tag: "ok", value: readFileSync(path, "utf8") };
  } catch (error) {
    return { tag: "error", value: error.message };
  }
};
const migrationDirectories = readdirSync(folder, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name)
  .sort((a, b) => a.localeCompare(b))
  .map((path) => ({
    path,
    migrationFile: { path: "migration.sql", content: textOf(join(folder, path, "migration.sql")) },
  }));
const lock = textOf(join(folder, "migration_lock.toml"));
const lockfile = { path: "migration_lock.toml", content: lock.tag === "ok" ? lock.value : null };
const migrationsList = { baseDir: folder, lockfile, migrationDirectories, shadowDbInitScript: "" };
const schema = 'datasource db {\n  provider = "postgresql"\n}\n';
try {
  const prisma = await engine.SchemaEngine.new(
    { datamodels: [["schema.prisma", schema]] },
    () => {},
    bindMigrationAwareSqlAdapterFactory(factory),
  );
  const filters = { externalTables: [], externalEnums: [] };
  const { appliedMigrationNames } = await prisma.applyMigrations({ migrationsList, filters });
  console.log(
    appliedMigrationNames.length === 0
      ? "No pending migrations to apply."
      : `applied ${appliedMigrationNames.join(", ")}`,
  );
  process.exit(0);
} catch (error) {
  const lines = error.message.split("\n").filter((line) => !/^\s*$|^external connector/.test(line));
  console.error(lines[0] ?? String(error));
  process.exit(1);
}
