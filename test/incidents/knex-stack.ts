import { execFile } from "node:child_process";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { drizzleStack, storefrontMigrations } from "../../examples/incidents/drizzle-stack.ts";
import { root } from "../../examples/incidents/places.ts";
import type { Stack } from "../../examples/incidents/stack.ts";

const knex = join(root, "node_modules", "knex", "bin", "cli.js");

function write(folder: string, name: string, sql: string): string {
  const statements = sql
    .split("--> statement-breakpoint")
    .map((one) => `  await knex.raw(${JSON.stringify(one.trim())});\n`);
  const text = `/** @param {import("knex").Knex} knex */
exports.up = async (knex) => {
${statements.join("")}};
exports.down = async () => {};
`;
  writeFileSync(join(folder, `${name}.cjs`), text);
  return `${name}.cjs`;
}

/** The storefront's history as programs of Knex, applied by Knex's own command; its queries are still Drizzle's. */
export const knexStack: Stack = {
  ...drizzleStack,
  name: "knex",
  packages: [...drizzleStack.packages, "knex"],
  programs: { migrate: join(import.meta.dirname, "migrate-with-lock.mjs"), knex },
  generate: undefined,
  writeHistory(folder, count) {
    mkdirSync(folder, { recursive: true });
    for (const { tag, sql } of storefrontMigrations().slice(0, count))
      write(folder, `2026010100${tag}`, sql);
  },
  writeMigration: (folder, name, sql) =>
    write(folder, `2026010100${String(readdirSync(folder).length).padStart(4, "0")}_${name}`, sql),
  writeSchemas(checkout) {
    drizzleStack.writeSchemas(checkout);
    writeFileSync(
      join(checkout, "knexfile.js"),
      'export default { client: "pg", connection: process.env.DATABASE_URL };\n',
    );
  },
  async migrate(url, folder) {
    const place = ["--client", "pg", "--connection", url, "--migrations-directory", folder];
    await promisify(execFile)(process.execPath, [knex, "migrate:latest", ...place], { cwd: root });
  },
};
