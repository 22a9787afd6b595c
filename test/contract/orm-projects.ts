import { createRequire } from "node:module";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ContractSource } from "../../src/contract/index.ts";
import type { Session } from "../../src/pg/index.ts";
import { readMigrations } from "../../src/tools/index.ts";

/** A project of an ORM's user, with the migrations that the ORM itself has written for it. */
export interface OrmProject {
  readonly title: string;
  readonly root: string;
  readonly source: Extract<
    ContractSource,
    { readonly kind: "typeorm" | "sequelize" | "mikro-orm" | "kysely" | "drizzle" }
  >;
  /** Makes in an empty database what the project's migrations make. */
  readonly migrate: (session: Session) => Promise<void>;
}

const fixtures = fileURLToPath(new URL("fixtures/orm", import.meta.url));
const require = createRequire(import.meta.url);

/** 45 entities, with a migration that `typeorm migration:generate` 1.1.1 has written from their compiled files. */
const typeormProject: OrmProject = {
  title: "TypeORM",
  root: join(fixtures, "typeorm"),
  source: { kind: "typeorm", files: ["src/data-source.ts"] },
  migrate: async (session) => {
    // What TypeORM makes when it connects, and what others make: `synchronize: false`, schemas.
    await session.batch(`CREATE EXTENSION citext; CREATE EXTENSION hstore; CREATE EXTENSION "uuid-ossp";
      CREATE SCHEMA billing; CREATE SCHEMA "Odd Schema";
      CREATE TABLE legacy (code varchar PRIMARY KEY, remark varchar);
      CREATE TABLE typeorm_metadata (type varchar NOT NULL, database varchar, schema varchar, "table" varchar,
        name varchar, value text)`);
    const folder = join(fixtures, "typeorm", "migrations");
    for (const name of readdirSync(folder).sort()) {
      const Migration = require(join(folder, name)) as new () => {
        up(runner: { query(sql: string, values?: readonly unknown[]): Promise<unknown> }): unknown;
      };
      await new Migration().up({
        query: async (sql, values = []) => (await session.query(sql, [...values])).rows,
      });
    }
  },
};

/** 44 models, with what `sync` of Sequelize 6.37.8 was seen to send: it writes no migrations from models. */
const sequelizeProject: OrmProject = {
  title: "Sequelize",
  root: join(fixtures, "sequelize"),
  source: { kind: "sequelize", files: ["models/index.js"] },
  migrate: async (session) => {
    await session.batch(
      'CREATE EXTENSION citext; CREATE SCHEMA billing; CREATE SCHEMA "Odd Schema"',
    );
    await session.batch(
      readFileSync(join(fixtures, "sequelize", "migrations", "sync.sql"), "utf8"),
    );
  },
};

/** 43 entities, with a migration that the Migrator of MikroORM 6.6.16 has written from their compiled files. */
const mikroOrmProject: OrmProject = {
  title: "MikroORM",
  root: join(fixtures, "mikro-orm"),
  source: { kind: "mikro-orm", files: ["src/mikro-orm.config.ts"] },
  migrate: async (session) => {
    // What others make: an extension, and the table in `skipTables`.
    await session.batch(`CREATE EXTENSION citext;
      CREATE TABLE legacy (code varchar(255) PRIMARY KEY, remark varchar(255))`);
    const folder = join(fixtures, "mikro-orm", "migrations");
    for (const name of readdirSync(folder).sort()) {
      const [Migration] = Object.values(
        require(join(folder, name)) as Record<
          string,
          new (driver: object, config: object) => { up(): Promise<void>; getQueries(): string[] }
        >,
      );
      const one = new Migration!({}, {});
      await one.up();
      await session.batch(one.getQueries().join(";\n"));
    }
  },
};

/** 48 tables and views, with the types that kysely-codegen 0.20.0 has written from the database that the migration makes. */
export async function kyselyProject(): Promise<OrmProject> {
  const root = fileURLToPath(new URL("fixtures/kysely", import.meta.url));
  const folder = await readMigrations({ folder: "migrations", cwd: root });
  return {
    title: "Kysely",
    root,
    source: { kind: "kysely", files: ["db.d.ts"], folder },
    migrate: async (session) => {
      for (const { sql } of folder.migrations) await session.batch(sql);
    },
  };
}

/** 44 tables and two views, with the migration that `drizzle-kit generate` 0.31.11 has written from their modules. */
export const drizzleProject: OrmProject = {
  title: "Drizzle",
  root: fileURLToPath(new URL("fixtures/drizzle", import.meta.url)),
  source: { kind: "drizzle", files: ["schema/index.ts"] },
  migrate: async (session) => {
    await session.batch("CREATE EXTENSION citext; CREATE EXTENSION hstore");
    const file = new URL("fixtures/drizzle/migrations/0000_initial.sql", import.meta.url);
    await session.batch(readFileSync(file, "utf8"));
  },
};

export const ormProjects: readonly OrmProject[] = [
  typeormProject,
  sequelizeProject,
  mikroOrmProject,
];
