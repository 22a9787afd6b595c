/** Repositories as they are in use: their files, and what `lockstep init` finds in them. */
export interface Layout {
  readonly name: string;
  readonly files: Readonly<Record<string, string>>;
  /** One line for each database: folder, tool, applied, contract, variable, config. */
  readonly databases: readonly string[];
  /** By which each is applied, where that is not looked at elsewhere. */
  readonly commands?: readonly string[];
  /** `contract.camelCase` of the only config. */
  readonly camelCase?: unknown;
  /** Id of the pipeline that is proposed. */
  readonly pipeline: string | undefined;
  /** Where one is not, though there is an example of its platform: how the reason begins. */
  readonly notProposed?: string;
}

const manifest = "{}";
const tsconfig = "{}";
const one = "CREATE TABLE one (id bigint PRIMARY KEY);";

const journal = (...tags: readonly string[]) =>
  JSON.stringify({
    version: "7",
    dialect: "postgresql",
    entries: tags.map((tag, idx) => ({
      idx,
      version: "7",
      when: 1_700_000_000_000 + idx,
      tag,
      breakpoints: true,
    })),
  });

const drizzleConfig = (variable: string, out = "./drizzle", schema = "./src/schema.ts") =>
  `import { defineConfig } from "drizzle-kit";
export default defineConfig({
  dialect: "postgresql",
  schema: ${JSON.stringify(schema)},
  out: ${JSON.stringify(out)},
  dbCredentials: { url: process.env.${variable}! },
});
`;

const prismaSchema = `datasource db {
  provider  = "postgresql"
  url       = env("POOLED_URL")
  directUrl = env("DIRECT_URL")
}
`;
const prismaLock = 'provider = "postgresql"\n';

export const layouts: readonly Layout[] = [
  {
    name: "plain SQL in a folder, deployed from GitHub",
    files: {
      "package.json": manifest,
      "tsconfig.json": tsconfig,
      "migrations/0001_one.sql": one,
      ".env.example": "# the shop\nSHOP_DATABASE=postgres://localhost/shop\n",
      ".github/workflows/ci.yml": "on: push\njobs: {}\n",
    },
    databases: [". migrations sql own migrations SHOP_DATABASE lockstep.config.ts"],
    pipeline: "github-actions",
  },
  {
    name: "Drizzle with its journal, on Vercel",
    files: {
      "package.json": manifest,
      "tsconfig.json": tsconfig,
      "drizzle.config.ts": drizzleConfig("POSTGRES_URL"),
      "src/schema.ts": "export {};",
      "drizzle/0000_one.sql": one,
      "drizzle/meta/_journal.json": journal("0000_one"),
      "vercel.json": "{}",
    },
    databases: [". drizzle drizzle adopted drizzle:src/schema.ts POSTGRES_URL lockstep.config.ts"],
    pipeline: "vercel",
  },
  {
    name: "Drizzle with a folder for each migration, whose config lies elsewhere and names a folder of modules",
    files: {
      "apps/web/package.json": manifest,
      "apps/web/db/drizzle.config.js": drizzleConfig("DATABASE_URL", "drizzle", "db/schema"),
      "apps/web/db/schema/a.ts": "export {};",
      "apps/web/drizzle/20260101000000_one/migration.sql": one,
      "apps/web/drizzle/20260101000000_one/snapshot.json": "{}",
    },
    databases: [
      "apps/web apps/web/drizzle drizzle adopted drizzle:db/schema/*.ts DATABASE_URL apps/web/lockstep.config.mjs",
    ],
    pipeline: undefined,
  },
  {
    name: "Prisma, whose migrations go past the pooler, on Fly",
    files: {
      "package.json": manifest,
      "tsconfig.json": tsconfig,
      "prisma/schema.prisma": prismaSchema,
      "prisma/migrations/migration_lock.toml": prismaLock,
      "prisma/migrations/20260101000000_one/migration.sql": one,
      "fly.toml": 'app = "shop"\n',
    },
    databases: [
      ". prisma/migrations prisma adopted prisma:prisma/schema.prisma DIRECT_URL lockstep.config.ts",
    ],
    pipeline: "fly",
  },
  {
    name: "Prisma in a package of a monorepo, with a folder of schemas",
    files: {
      "package.json": manifest,
      "packages/db/package.json": manifest,
      "packages/db/prisma.config.ts":
        'import { defineConfig, env } from "prisma/config";\nexport default defineConfig({ datasource: { url: env("DATABASE_URL") } });\n',
      "packages/db/prisma/schema/shop.prisma": "",
      "packages/db/prisma/schema/events.prisma": "",
      "packages/db/prisma/migrations/migration_lock.toml": prismaLock,
      "packages/db/prisma/migrations/20260101000000_one/migration.sql": one,
    },
    databases: [
      "packages/db packages/db/prisma/migrations prisma adopted prisma:prisma/schema DATABASE_URL packages/db/lockstep.config.mjs",
    ],
    pipeline: undefined,
  },
  {
    name: "a monorepo with two databases, one package each",
    files: {
      "package.json": manifest,
      "tsconfig.json": tsconfig,
      "packages/shop/package.json": manifest,
      "packages/shop/drizzle.config.ts": drizzleConfig("SHOP_URL"),
      "packages/shop/src/schema.ts": "export {};",
      "packages/shop/drizzle/0000_one.sql": one,
      "packages/shop/drizzle/0001_two.sql": one,
      "packages/shop/drizzle/meta/_journal.json": journal("0000_one", "0001_two"),
      "packages/events/package.json": manifest,
      "packages/events/migrations/0001_one.sql": one,
      "packages/events/.env.example": "EVENTS_DATABASE_URL=\n",
      ".gitlab-ci.yml": "stages: []\n",
    },
    databases: [
      "packages/shop packages/shop/drizzle drizzle adopted drizzle:src/schema.ts SHOP_URL packages/shop/lockstep.config.ts",
      "packages/events packages/events/migrations sql own migrations EVENTS_DATABASE_URL packages/events/lockstep.config.ts",
    ],
    pipeline: "gitlab-ci",
  },
  {
    name: "two databases in one package",
    files: {
      "package.json": manifest,
      "db/shop/migrations/0001_one.sql": one,
      "db/shop/migrations/0002_two.sql": one,
      "db/events/migrations/0001_one.sql": one,
    },
    databases: [
      ". db/shop/migrations sql own migrations DATABASE_URL lockstep.config.mjs",
      ". db/events/migrations sql own migrations DATABASE_URL lockstep.events.config.mjs",
    ],
    pipeline: undefined,
  },
  {
    name: "Supabase, on Render",
    files: {
      "package.json": manifest,
      "supabase/migrations/20260101000000_one.sql": one,
      "render.yaml": "services: []\n",
    },
    databases: [
      ". supabase/migrations supabase adopted migrations DATABASE_URL lockstep.config.mjs",
    ],
    pipeline: "render",
  },
  {
    name: "golang-migrate in Go, with a chart",
    files: {
      "server/go.mod": "module shop\n\nrequire github.com/golang-migrate/migrate/v4 v4.18.1\n",
      "server/migrations/000001_one.up.sql": one,
      "server/migrations/000001_one.down.sql": "DROP TABLE one;",
      "chart/Chart.yaml": "name: shop\n",
    },
    databases: [
      "server server/migrations golang-migrate adopted migrations DATABASE_URL server/lockstep.config.mjs",
    ],
    pipeline: undefined,
    notProposed: "nothing for Helm: the product is no program of Node's (server/go.mod)",
  },
  {
    name: "Flyway, with Compose",
    files: {
      "pom.xml": "<project/>",
      "src/main/resources/db/migration/V1__one.sql": one,
      "compose.yaml": "services: {}\n",
    },
    databases: [
      ". src/main/resources/db/migration flyway adopted migrations DATABASE_URL lockstep.config.mjs",
    ],
    pipeline: undefined,
    notProposed: "nothing for Docker Compose: the product is no program of Node's (pom.xml)",
  },
  {
    name: "a Procfile, and a database that is not Postgres beside the one that is",
    files: {
      "package.json": manifest,
      "migrations/0001_one.sql": one,
      "clickhouse/migrations/0001_one.sql": "CREATE TABLE one (id UInt64) ENGINE = MergeTree;",
      Procfile: "web: npm start\n",
    },
    databases: [". migrations sql own migrations DATABASE_URL lockstep.config.mjs"],
    pipeline: "heroku",
  },
  {
    name: "PM2, with a config that is there already",
    files: {
      "package.json": manifest,
      "lockstep.config.json": '{ "migrations": { "folder": "migrations" } }',
      "migrations/0001_one.sql": one,
      "ecosystem.config.cjs": "module.exports = {};",
    },
    databases: [". migrations sql own migrations DATABASE_URL lockstep.config.json"],
    pipeline: "pm2-over-ssh",
  },
  {
    name: "a service with Knex, and another with node-pg-migrate's programs",
    files: {
      "api/package.json": JSON.stringify({
        dependencies: { knex: "3" },
        scripts: { "db:migrate": "knex migrate:latest --knexfile db/knexfile.js" },
      }),
      "api/db/knexfile.js": "module.exports = { connection: process.env.SHOP_DATABASE_URL };",
      "api/db/migrations/20240101000000_one.js": "exports.up = (knex) => knex.raw('SELECT 1');",
      "worker/package.json": JSON.stringify({ dependencies: { "node-pg-migrate": "9" } }),
      "worker/migrations/1700000000000_one.js": "exports.up = (pgm) => pgm.sql('SELECT 1');",
    },
    databases: [
      "api api/db/migrations knex guarded migrations SHOP_DATABASE_URL api/lockstep.config.mjs",
      "worker worker/migrations node-pg-migrate guarded migrations DATABASE_URL worker/lockstep.config.mjs",
    ],
    pipeline: undefined,
  },
  {
    name: "Knex with its settings beside its migrations, and with a script that only names them",
    files: {
      "shop/package.json": '{ "dependencies": { "knex": "3", "objection": "3" } }',
      "shop/src/db/knexfile.js":
        "module.exports = { production: { client: 'pg', connection: process.env.SHOP_URL, migrations: { tableName: 'history' } } };",
      "shop/src/db/migrations/20240101000000_one.js":
        "exports.up = (knex) => knex.raw('SELECT 1');",
      "crm/package.json": '{ "scripts": { "knex": "knex --knexfile settings/knexfile.js" } }',
      "crm/settings/knexfile.js": "module.exports = { connection: process.env.CRM_URL };",
      "crm/migrations/20240101000000_one.js": "exports.up = (knex) => knex.raw('SELECT 1');",
    },
    databases: [
      "crm crm/migrations knex guarded migrations CRM_URL crm/lockstep.config.mjs",
      "shop shop/src/db/migrations knex guarded migrations SHOP_URL shop/lockstep.config.mjs",
    ],
    commands: [
      "npm run knex -- migrate:latest",
      "npx knex migrate:latest --knexfile src/db/knexfile.js --env production",
    ],
    pipeline: undefined,
  },
  {
    name: "TypeORM, whose migrations and entities its data source names",
    files: {
      "package.json": '{ "dependencies": { "typeorm": "1.1.1" } }',
      "tsconfig.json": tsconfig,
      "src/migrations/1700000000000-One.ts":
        'import type { MigrationInterface } from "typeorm";\nexport class One1700000000000 implements MigrationInterface {}\n',
      "src/data-source.ts": 'export default new DataSource({ type: "postgres" });\n',
      "src/other/data-source.ts": "export const none = 1;\n",
      ".env.example": "TYPEORM_URL=postgres://localhost/shop\n",
    },
    databases: [
      ". src/migrations typeorm guarded typeorm:src/data-source.ts TYPEORM_URL lockstep.config.ts",
    ],
    pipeline: undefined,
  },
  {
    name: "MikroORM",
    files: {
      "package.json": manifest,
      "tsconfig.json": tsconfig,
      "migrations/Migration20240101000000.ts":
        'import { Migration } from "@mikro-orm/migrations";\nexport class Migration20240101000000 extends Migration {}\n',
      "src/mikro-orm.config.ts": "export default {};\n",
    },
    databases: [
      ". migrations mikro-orm guarded mikroOrm:src/mikro-orm.config.ts DATABASE_URL lockstep.config.ts",
    ],
    pipeline: undefined,
  },
  {
    name: "Kysely with generated types",
    files: {
      "package.json": JSON.stringify({ name: "app", devDependencies: { "kysely-ctl": "0.20.0" } }),
      "tsconfig.json": tsconfig,
      "migrations/2024_01_01_one.ts":
        'import type { Kysely } from "kysely";\nexport async function up(db: Kysely<unknown>) {}\n',
      "src/db.d.ts":
        "export interface Orders { id: string }\nexport interface DB { orders: Orders }\n",
      "src/database.ts":
        "export const db = new Kysely<DB>({ dialect, plugins: [new CamelCasePlugin({ underscoreBeforeDigits: true })] });\n",
    },
    camelCase: { underscoreBeforeDigits: true },
    databases: [". migrations kysely guarded kysely:src/db.d.ts DATABASE_URL lockstep.config.ts"],
    pipeline: undefined,
  },
  {
    name: "Sequelize with its generated index of models",
    files: {
      "package.json": manifest,
      "tsconfig.json": tsconfig,
      "migrations/20240101000000-one.js":
        'module.exports = { up: (queryInterface) => queryInterface.sequelize.query("SELECT 1") };\n',
      "models/index.js": 'const Sequelize = require("sequelize");\n',
    },
    databases: [
      ". migrations sequelize guarded sequelize:models/index.js DATABASE_URL lockstep.config.ts",
    ],
    pipeline: undefined,
  },
];
