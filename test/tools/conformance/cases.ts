import { createHash } from "node:crypto";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { ConformanceCase } from "./case.ts";
import { sameMigrations } from "./numbered.ts";

const times = {
  good: ["20240101000000", "20240103000000", "20240104000000"],
  fourth: "20240105000000",
  late: "20240102000000",
} as const;

/** The numbers that Drizzle's journal lists when a migration was just added. */
const journals: Readonly<Record<string, readonly string[]>> = {
  "0000": ["0000_things"],
  "0002": ["0000_things", "0002_counted"],
  "0003": ["0000_things", "0002_counted", "0003_indexed"],
  "0001": ["0000_things", "0001_late", "0002_counted"],
};

function journal(tags: readonly string[]): string {
  const entries = tags.map((tag, idx) => {
    const when = 1_700_000_000_000 + Number(tag.slice(0, 4));
    return { idx, version: "7", when, tag, breakpoints: true };
  });
  return JSON.stringify({ version: "7", dialect: "postgresql", entries });
}

const drizzle: ConformanceCase = {
  tool: "drizzle",
  version: "0.31.11",
  shown: "drizzle-kit migrate",
  folder: "drizzle",
  project: {
    "drizzle.config.js":
      'module.exports = { dialect: "postgresql", out: "./drizzle", dbCredentials: { url: process.env.DATABASE_URL } };\n',
  },
  beside: { "drizzle/meta/0000_snapshot.json": "{}\n" },
  ...sameMigrations(
    (number, name, sql) => {
      const id = `${number}_${name}`;
      const text = sql.trim().replaceAll(";\n", ";\n--> statement-breakpoint\n");
      const listed = journal(journals[number] ?? ["0000_things", id]);
      return {
        id,
        files: { [`drizzle/${id}.sql`]: text, "drizzle/meta/_journal.json": listed },
      };
    },
    { good: ["0000", "0002", "0003"], fourth: "0010", late: "0001" },
  ),
  tells: { failed: false, failedHalves: false },
  checksum: "ledger",
  ledger: { schema: "drizzle", table: "__drizzle_migrations", varying: {}, order: "id" },
  command: ({ tools }) => ({
    file: process.execPath,
    args: [
      join(dirname(createRequire(join(tools, "package.json")).resolve("drizzle-kit")), "bin.cjs"),
      "migrate",
      "--config=drizzle.config.js",
    ],
  }),
};

const prisma: ConformanceCase = {
  tool: "prisma",
  version: "7.10.1 (its schema engine, as WebAssembly)",
  shown: "prisma migrate deploy",
  folder: "prisma/migrations",
  project: { "prisma/migrations/migration_lock.toml": 'provider = "postgresql"\n' },
  beside: { "prisma/migrations/notes.sql": "SELECT 1;\n" },
  ...sameMigrations((number, name, sql) => {
    const id = `${number}_${name}`;
    return { id, files: { [`prisma/migrations/${id}/migration.sql`]: sql } };
  }, times),
  tells: { failed: true, failedHalves: true },
  checksum: "ledger",
  ledger: {
    schema: "public",
    table: "_prisma_migrations",
    varying: { id: "uuid", started_at: "time", finished_at: "time", logs: "text" },
    order: "started_at",
  },
  command: ({ tools }) => ({
    file: process.execPath,
    args: [join(import.meta.dirname, "prisma-deploy.mjs"), tools, "prisma/migrations"],
  }),
};

const golangMigrate: ConformanceCase = {
  tool: "golang-migrate",
  version: "4.20.1",
  shown: "migrate -path migrations -database $DATABASE_URL up",
  folder: "migrations",
  project: { "go.mod": "module shop\n\nrequire github.com/golang-migrate/migrate/v4 v4.20.1\n" },
  beside: { "migrations/README.md": "" },
  ...sameMigrations(
    (number, name, sql) => ({
      id: `${number}_${name}`,
      files: {
        [`migrations/${number}_${name}.up.sql`]: sql,
        [`migrations/${number}_${name}.down.sql`]: "SELECT 1;\n",
      },
    }),
    { good: ["000001", "000003", "4"], fourth: "000010", late: "000002" },
  ),
  tells: { failed: true, failedHalves: true },
  checksum: "nowhere",
  ledger: { schema: "public", table: "schema_migrations", varying: {}, order: "version" },
  command: ({ tools, url }) => ({
    file: join(tools, "bin", "migrate"),
    args: ["-path", "migrations", "-database", `${url}?sslmode=disable`, "up"],
  }),
};

const dbmate: ConformanceCase = {
  tool: "dbmate",
  version: "2.36.0",
  shown: "dbmate migrate",
  folder: "db/migrations",
  project: {},
  beside: { "db/migrations/README.md": "" },
  ...sameMigrations(
    (number, name, sql, { alone } = {}) => ({
      id: `${number}_${name}`,
      files: {
        [`db/migrations/${number}_${name}.sql`]: `-- migrate:up${alone === true ? " transaction:false" : ""}\n${sql}\n-- migrate:down\nSELECT 1 / 0;\n`,
      },
    }),
    { good: ["01", "03", "1"], fourth: "2", late: "02" },
  ),
  tells: { failed: false, failedHalves: false },
  checksum: "nowhere",
  ledger: { schema: "public", table: "schema_migrations", varying: {}, order: "version" },
  command: ({ tools, url }) => ({
    file: join(tools, "node_modules", "@dbmate", "linux-x64", "bin", "dbmate"),
    args: ["--url", `${url}?sslmode=disable`, "--no-dump-schema", "migrate"],
  }),
};

const goose: ConformanceCase = {
  tool: "goose",
  version: "3.29.0",
  shown: "goose -dir migrations postgres $DATABASE_URL up",
  folder: "migrations",
  project: {},
  beside: { "migrations/README.md": "" },
  ...sameMigrations(
    (number, name, sql, { alone } = {}) => ({
      id: `${number}_${name}`,
      files: {
        [`migrations/${number}_${name}.sql`]: `${alone === true ? "-- +goose NO TRANSACTION\n" : ""}-- +goose Up\n${sql}\n-- +goose Down\nSELECT 1 / 0;\n`,
      },
    }),
    { good: ["00001", "00003", "00004"], fourth: "00010", late: "00002" },
  ),
  tells: { failed: false, failedHalves: false },
  checksum: "nowhere",
  ledger: {
    schema: "public",
    table: "goose_db_version",
    varying: { tstamp: "time" },
    order: "id",
  },
  command: ({ tools, url }) => ({
    file: join(tools, "bin", "goose"),
    args: ["-dir", "migrations", "postgres", `${url}?sslmode=disable`, "up"],
  }),
};

const sqlx: ConformanceCase = {
  tool: "sqlx",
  version: "0.9.0",
  shown: "sqlx migrate run",
  folder: "migrations",
  project: { "Cargo.toml": '[dependencies]\nsqlx = "0.9"\n' },
  beside: { "migrations/README.md": "" },
  ...sameMigrations(
    (number, name, sql, { alone } = {}) => ({
      id: `${number}_${name}`,
      files: {
        [`migrations/${number}_${name}.up.sql`]: `${alone === true ? "-- no-transaction\n" : ""}${sql}`,
        [`migrations/${number}_${name}.down.sql`]: "SELECT 1;\n",
      },
    }),
    times,
  ),
  tells: { failed: false, failedHalves: false },
  checksum: "ledger",
  ledger: {
    schema: "public",
    table: "_sqlx_migrations",
    varying: { installed_on: "time", execution_time: "duration" },
    order: "version",
  },
  command: ({ tools }) => ({ file: join(tools, "bin", "sqlx"), args: ["migrate", "run"] }),
};

const diesel: ConformanceCase = {
  tool: "diesel",
  version: "2.3.14",
  shown: "diesel migration run",
  folder: "migrations",
  project: { "diesel.toml": "" },
  beside: { "migrations/data.sql": "SELECT 1 / 0;\n", "migrations/.keep/a.sql": "" },
  ...sameMigrations(
    (number, name, sql, { alone } = {}) => {
      const id = `${number}_${name}`;
      const metadata = { [`migrations/${id}/metadata.toml`]: "run_in_transaction = false\n" };
      return {
        id,
        files: {
          [`migrations/${id}/up.sql`]: sql,
          [`migrations/${id}/down.sql`]: "SELECT 1 / 0;\n",
          ...(alone === true ? metadata : {}),
        },
      };
    },
    {
      good: ["00000000000000", "2024-01-03-000000", "20240104000000"],
      fourth: "2024-01-05-000000-0000",
      late: "2024-01-02-000000",
    },
  ),
  tells: { failed: false, failedHalves: false },
  checksum: "nowhere",
  ledger: {
    schema: "public",
    table: "__diesel_schema_migrations",
    varying: { run_on: "time" },
    order: "version",
  },
  command: ({ tools }) => ({ file: join(tools, "bin", "diesel"), args: ["migration", "run"] }),
};

const flyway: ConformanceCase = {
  tool: "flyway",
  version: "11.8.2",
  shown: "flyway migrate",
  folder: "sql",
  project: {},
  beside: { "sql/U1__things.sql": "DROP TABLE things;\n" },
  ...sameMigrations(
    (number, name, sql, { alone } = {}) => {
      const id = `V${number}__${name}`;
      const conf = { [`sql/${id}.sql.conf`]: "executeInTransaction=false\n" };
      return { id, files: { [`sql/${id}.sql`]: sql, ...(alone === true ? conf : {}) } };
    },
    { good: ["1", "1_10", "02"], fourth: "10", late: "1.9" },
  ),
  tells: { failed: false, failedHalves: false },
  checksum: "ledger",
  ledger: {
    schema: "public",
    table: "flyway_schema_history",
    varying: { installed_on: "time", execution_time: "duration" },
    order: "installed_rank",
  },
  command: ({ tools }) => ({
    file: "java",
    args: [
      "-cp",
      join(tools, "flyway", "*"),
      join(import.meta.dirname, "FlywayMigrate.java"),
      "sql",
    ],
  }),
};

const nodePgMigrate: ConformanceCase = {
  tool: "node-pg-migrate",
  version: "9.0.0",
  shown: "node-pg-migrate up",
  folder: "migrations",
  project: {},
  beside: { "migrations/.keep": "" },
  ...sameMigrations(
    (number, name, sql) => {
      const id = `${number}_${name}`;
      const text = `-- Up Migration\n${sql}\n-- Down Migration\nSELECT 1 / 0;\n`;
      return { id, files: { [`migrations/${id}.sql`]: text } };
    },
    {
      good: ["1700000000000", "20240103000000000", "1800000000000"],
      fourth: "1900000000000",
      late: "1700000000001",
    },
  ),
  tells: { failed: false, failedHalves: false },
  checksum: "nowhere",
  ledger: {
    schema: "public",
    table: "pgmigrations",
    varying: { run_on: "time" },
    order: "id",
  },
  command: ({ tools }) => ({
    file: process.execPath,
    args: [join(tools, "node_modules", "node-pg-migrate", "bin", "node-pg-migrate.js"), "up"],
  }),
};

const supabase: ConformanceCase = {
  tool: "supabase",
  version: "3.1.0",
  shown: "supabase db push",
  folder: "supabase/migrations",
  project: { "supabase/config.toml": 'project_id = "shop"\n' },
  beside: { "supabase/migrations/README.md": "" },
  ...sameMigrations((number, name, sql) => {
    const id = `${number}_${name}`;
    const text = `;\n/* a; */ ${sql};\n-- the end; of it\n`;
    return { id, files: { [`supabase/migrations/${id}.sql`]: text } };
  }, times),
  tells: { failed: false, failedHalves: false },
  checksum: "nowhere",
  ledger: {
    schema: "supabase_migrations",
    table: "schema_migrations",
    varying: {},
    order: "version",
  },
  command: ({ tools, url }) => ({
    file: join(tools, "node_modules", "@supabase", "cli-linux-x64", "bin", "supabase"),
    args: ["db", "push", "--yes", `--remote=${url}?sslmode=disable`, "--workdir", "."],
    env: { SUPABASE_TELEMETRY_DISABLED: "1" },
  }),
};

/** Hashes of the files that were written, by their numbers. */
const committed = new Map<string, string>();

const graphileMigrate: ConformanceCase = {
  tool: "graphile-migrate",
  version: "1.4.1",
  shown: "graphile-migrate migrate",
  folder: "migrations",
  project: { ".gmrc": "{}\n" },
  beside: { "migrations/current.sql": "SELECT 1 / 0;\n" },
  ...sameMigrations(
    (number, name, sql, { alone } = {}) => {
      const previous = committed.get(
        { "000002": "000001", "000003": "000002" }[number] ?? "000001",
      );
      const body = `${alone === true ? "--! no-transaction\n" : ""}${sql}`;
      const original = body.replace("-- counted\n", "").trim();
      const chained = `${number === "000001" ? "" : previous}\n${original}`.trim();
      const own = `sha1:${createHash("sha1").update(`${chained}\n`).digest("hex")}`;
      if (!committed.has(number)) committed.set(number, own);
      const head = `--! Previous: ${number === "000001" ? "-" : previous}\n--! Hash: ${own}\n\n`;
      return { id: number, files: { [`migrations/committed/${number}-${name}.sql`]: head + body } };
    },
    { good: ["000001", "000002", "000003"], fourth: "000010", late: "0000011" },
  ),
  tells: { failed: false, failedHalves: false },
  checksum: "folder",
  ledger: {
    schema: "graphile_migrate",
    table: "migrations",
    varying: { date: "time" },
    order: "filename",
  },
  command: ({ tools }) => ({
    file: process.execPath,
    args: [join(tools, "node_modules", "graphile-migrate", "dist", "cli.js"), "migrate"],
  }),
};

export const cases: readonly ConformanceCase[] = [
  drizzle,
  prisma,
  golangMigrate,
  dbmate,
  goose,
  sqlx,
  diesel,
  flyway,
  nodePgMigrate,
  supabase,
  graphileMigrate,
];
