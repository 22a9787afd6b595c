import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Session } from "../../src/pg/index.ts";

/** A project with 47 models and views over three schemas, and the migrations that Prisma Migrate 7.10 has written for it. */
export const prismaProject = fileURLToPath(new URL("fixtures/prisma", import.meta.url));

/** Name and text of each schema file. */
export function prismaFiles(): readonly (readonly [name: string, text: string])[] {
  return readdirSync(join(prismaProject, "schema"))
    .sort()
    .map((name) => [`schema/${name}`, readFileSync(join(prismaProject, "schema", name), "utf8")]);
}

/** Sends each migration whole, as Prisma's own engine does. The extension is not declared in the schema. */
export async function migratePrismaProject(session: Session): Promise<void> {
  await session.batch("CREATE EXTENSION citext");
  const folder = join(prismaProject, "migrations");
  for (const name of readdirSync(folder).sort())
    await session.batch(readFileSync(join(folder, name, "migration.sql"), "utf8"));
}
