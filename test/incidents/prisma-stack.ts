import { execFile } from "node:child_process";
import { copyFileSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { storefrontMigrations } from "../../examples/incidents/drizzle-stack.ts";
import { root } from "../../examples/incidents/places.ts";
import type { Stack } from "../../examples/incidents/stack.ts";

const schemas = join(import.meta.dirname, "prisma");
const deploy = join(root, "test", "tools", "conformance", "prisma-deploy.mjs");

function write(folder: string, name: string, sql: string): void {
  mkdirSync(join(folder, name), { recursive: true });
  writeFileSync(join(folder, name, "migration.sql"), sql);
}

/** The same SQL as Prisma writes it: its numbers come from a sequence, not from an identity. */
function asPrisma(sql: string): string {
  return sql
    .replaceAll("--> statement-breakpoint", "")
    .replaceAll(
      /bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY \([^)]*\)/g,
      "BIGSERIAL PRIMARY KEY",
    );
}

/** The storefront's schema in Prisma, its history as Prisma Migrate keeps it, applied by Prisma's own schema engine. */
export const prismaStack: Stack = {
  name: "prisma",
  contract: "prisma: `schema/${RELEASE}.prisma`",
  packages: ["pg"],
  programs: { migrate: join(import.meta.dirname, "migrate-with-lock.mjs") },
  // `prisma migrate dev` needs a binary that has to be downloaded: the migration is written by hand.
  generate: undefined,
  writeHistory(folder, count) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "migration_lock.toml"), 'provider = "postgresql"\n');
    for (const { tag, sql } of storefrontMigrations().slice(0, count))
      write(folder, `2026010100${tag}`, asPrisma(sql));
  },
  writeMigration(folder, name, sql) {
    const count = readdirSync(folder, { withFileTypes: true }).filter((one) => one.isDirectory());
    const id = `2026010100${String(count.length).padStart(4, "0")}_${name}`;
    write(folder, id, sql);
    return join(id, "migration.sql");
  },
  writeSchemas(checkout) {
    mkdirSync(join(checkout, "schema"));
    for (const [release, from] of [
      ["v1", "v1"],
      ["v2", "v2"],
      ["v3", "v1"],
    ])
      copyFileSync(join(schemas, `${from}.prisma`), join(checkout, "schema", `${release}.prisma`));
  },
  async migrate(url, folder) {
    const env = { ...process.env, DATABASE_URL: url };
    await promisify(execFile)(process.execPath, [deploy, root, folder], { env });
  },
};
