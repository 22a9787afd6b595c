// The team's migrate step with Prisma or Knex, as `examples/incidents/migrate-with-lock.ts` is it with Drizzle: behind a
// session advisory lock, which stays on a connection of a pooler in transaction mode.
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";

const root = join(import.meta.dirname, "..", "..");
const client = new pg.Client({ connectionString: process.env.DATABASE_URL });
await client.connect();
await client.query("SELECT pg_advisory_lock($1)", [7_270_736]);
const command = existsSync("knexfile.js")
  ? [join(root, "node_modules", "knex", "bin", "cli.js"), "migrate:latest"]
  : [join(root, "test", "tools", "conformance", "prisma-deploy.mjs"), root, "migrations"];
const env = { ...process.env, DATABASE_URL: process.env.DIRECT_URL };
execFileSync(process.execPath, command, { env, stdio: "inherit" });
await client.end();
