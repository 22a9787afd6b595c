/**
 * The team's migrate step: Drizzle's migrator behind a session advisory lock, so that two deploys never migrate at
 * once. On a session of its own that is right, and several well-known runners do just this: the lock is freed when
 * the connection ends. Behind a pooler in transaction mode the connection that ends is not the one that has the lock.
 *
 * usage: migrate [--timeout SECONDS]
 */
import { parseArgs } from "node:util";
import { drizzle } from "drizzle-orm/node-postgres";
import { migrate } from "drizzle-orm/node-postgres/migrator";
import pg from "pg";

const LOCK = 7_270_736;

const { values } = parseArgs({ options: { timeout: { type: "string", default: "180" } } });
const limit = setTimeout(
  () => {
    console.error(`migrate: no end after ${values.timeout} s, giving up`);
    process.exit(124);
  },
  Number(values.timeout) * 1_000,
);

const client = new pg.Client({ connectionString: process.env["DATABASE_URL"] });
await client.connect();
console.log("migrate: taking the migration lock");
await client.query("SELECT pg_advisory_lock($1)", [LOCK]);
await migrate(drizzle(client), { migrationsFolder: "migrations" });
console.log("migrate: up to date");
await client.end();
clearTimeout(limit);
