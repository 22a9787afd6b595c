import { readCommandFolder } from "./command.ts";
import { readKnexFolder } from "./knex.ts";
import { readKyselyFolder } from "./kysely.ts";
import { readMikroOrmFolder } from "./mikro-orm.ts";
import { readNodePgMigratePrograms } from "./node-pg-migrate.ts";
import type { ProgramReader } from "./program-reader.ts";
import { readSequelizeFolder, readUmzugFolder } from "./sequelize.ts";
import { readTypeormFolder } from "./typeorm.ts";

/** The tools whose migrations are programs, by the name that `migrations.tool` takes. */
export const programReaders = {
  knex: readKnexFolder,
  typeorm: readTypeormFolder,
  kysely: readKyselyFolder,
  "mikro-orm": readMikroOrmFolder,
  sequelize: readSequelizeFolder,
  umzug: readUmzugFolder,
  command: readCommandFolder,
} as const satisfies Readonly<Record<string, ProgramReader>>;

export type ProgramTool = keyof typeof programReaders;

/** node-pg-migrate reads files of SQL and programs. */
export const mixedReaders = { "node-pg-migrate": readNodePgMigratePrograms } as const;

/** What tells whose a program is, by its text. */
const signs: readonly (readonly [ProgramTool | "node-pg-migrate", RegExp])[] = [
  ["typeorm", /\bMigrationInterface\b|\bqueryRunner\b/],
  ["mikro-orm", /@mikro-orm\/migrations|\bextends\s+Migration\b/],
  ["sequelize", /\bqueryInterface\b/],
  ["node-pg-migrate", /\bpgm\b/],
  ["kysely", /\bKysely\b|from\s+["']kysely["']/],
  ["knex", /\bknex\b/i],
];

/** The tool that a migration is written for; undefined when its text does not say. */
export function toolOfProgram(text: string): ProgramTool | "node-pg-migrate" | undefined {
  return signs.find(([, sign]) => sign.test(text))?.[0];
}
