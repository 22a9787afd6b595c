import type { SchemaSource } from "../contract/index.ts";
import type { LoadedConfig } from "../config/index.ts";
import type { MigrationFolder } from "../tools/index.ts";
import { filesNamed } from "./paths.ts";

/**
 * The schema files of the code that the config names, as a contract's source; undefined when it names none.
 * @param migrations the release's, for a source that leaves to them what types cannot tell
 * @throws LockstepError `config-invalid` when a name finds no file
 */
export async function schemaSource(
  { config, folder }: LoadedConfig,
  migrations: () => Promise<MigrationFolder | undefined> = async () => undefined,
): Promise<SchemaSource | undefined> {
  const { drizzle, casing, prisma, kysely, camelCase, defaultSchema, ...orms } =
    config.contract ?? {};
  if (drizzle !== undefined) {
    const files = await filesNamed(drizzle, folder, "contract.drizzle");
    return { kind: "drizzle", files, casing };
  }
  for (const [key, kind] of mappers) {
    const names = orms[key];
    if (names !== undefined)
      return { kind, files: await filesNamed(names, folder, `contract.${key}`) };
  }
  if (kysely !== undefined) {
    const files = await filesNamed(kysely, folder, "contract.kysely");
    return { kind: "kysely", files, camelCase, defaultSchema, folder: await migrations() };
  }
  if (prisma === undefined) return undefined;
  return { kind: "prisma", schema: prisma === true ? undefined : prisma, defaultSchema };
}

/** Keys of the config that name modules of an ORM. */
const mappers = [
  ["typeorm", "typeorm"],
  ["sequelize", "sequelize"],
  ["mikroOrm", "mikro-orm"],
] as const;
