/** Databases with a part of the storefront's history, filled with its catalogue. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { drizzle } from "drizzle-orm/node-postgres";
import pg from "pg";
import { seed } from "../storefront/seed.ts";
import type { Stack } from "./stack.ts";

/** A server that databases are made on for one purpose and thrown away; a scratch Postgres is one. */
export interface Server {
  createDatabase(options?: {
    readonly template?: string;
  }): Promise<{ readonly url: string; drop(): Promise<void> }>;
  /** The name of a template database, built once for each key. */
  template(key: string, build: (url: string) => Promise<void>): Promise<string>;
}

/** A database with the first `applied` migrations, as the stack's own migrator leaves it. */
export async function makeDatabase(
  server: Server,
  stack: Stack,
  applied: number,
): Promise<AsyncDisposable & { readonly url: string }> {
  const template = await server.template(`storefront-${stack.name}-${applied}`, (url) =>
    build(url, stack, applied),
  );
  const database = await server.createDatabase({ template });
  return { url: database.url, [Symbol.asyncDispose]: () => database.drop() };
}

async function build(url: string, stack: Stack, applied: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "lockstep-replay-history-"));
  const pool = new pg.Pool({ connectionString: url, max: 1 });
  try {
    stack.writeHistory(folder, applied);
    await stack.migrate(url, folder);
    await seed(drizzle(pool));
  } finally {
    await pool.end();
    rmSync(folder, { recursive: true, force: true });
  }
}
