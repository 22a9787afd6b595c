/** What every part of the shop is handed: its database, its settings, its release, its log. */
import type { NodePgQueryResultHKT } from "drizzle-orm/node-postgres";
import { drizzle } from "drizzle-orm/node-postgres";
import type { PgDatabase } from "drizzle-orm/pg-core";
import pg from "pg";
import type { Config } from "./config.ts";
import type { Release } from "./release.ts";
import { releases } from "./release.ts";

/** A database handle or a transaction of it; no module needs to know which. */
export type Database = PgDatabase<NodePgQueryResultHKT>;

export type Log = (event: string, fields?: Readonly<Record<string, unknown>>) => void;

export interface Shop {
  readonly db: Database;
  readonly config: Config;
  readonly release: Release;
  readonly log: Log;
}

export interface ShopDependencies {
  readonly db: Database;
  readonly config: Config;
  /** Default: silence. */
  readonly log?: Log;
  /** Default: the release that the settings name. */
  readonly release?: Release;
}

export function openShop(dependencies: ShopDependencies): Shop {
  const { db, config, log = () => {}, release = releases[config.release] } = dependencies;
  return { db, config, release, log };
}

export interface OpenDatabase extends AsyncDisposable {
  readonly db: Database;
}

/** A pool of at most `max` connections. One that breaks while idle is replaced, and is no crash. */
export function openDatabase(url: string, { max = 10, log }: { max?: number; log?: Log } = {}) {
  const pool = new pg.Pool({ connectionString: url, max, application_name: "storefront" });
  pool.on("error", (error) => log?.("database.connection-lost", { reason: error.message }));
  const open: OpenDatabase = {
    db: drizzle(pool),
    [Symbol.asyncDispose]: () => pool.end(),
  };
  return open;
}

/** Drizzle's own message repeats the statement with its values; what the database said is in the cause. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? reasonOf(error.cause) : error.message;
}
