import { createHash } from "node:crypto";
import type { EventBody, EventType } from "../../src/events/index.ts";
import { Session } from "../../src/pg/index.ts";
import { migrate, type MigrateResult, type RunOptions } from "../../src/runner/index.ts";
import type { Migration, MigrationFolder, NativeLedger } from "../../src/tools/index.ts";

/** A folder made of `{ id: sql }`, as a reader would give it. */
export function folderOf(
  files: Readonly<Record<string, string>>,
  more: { readonly transaction?: "file" | "statement"; readonly ledger?: NativeLedger } = {},
): MigrationFolder {
  const migrations = Object.entries(files).map(([id, sql], index): Migration => ({
    id,
    file: `migrations/${id}.sql`,
    sql,
    checksum: createHash("sha256").update(sql).digest("hex"),
    transaction: more.transaction ?? "file",
    native: { number: index + 1 },
  }));
  return {
    tool: "sql",
    path: "migrations",
    source: "sql:migrations",
    migrations,
    ledger: more.ledger,
  };
}

/** A tool's own ledger, `tool.applied`, of one row a migration. */
export const toolLedger: NativeLedger = {
  schema: "tool",
  table: "applied",
  async read(database, migrations) {
    const { rows: there } = await database.query("SELECT to_regclass('tool.applied') AS name");
    if (there[0]?.["name"] === null) return [];
    const { rows } = await database.query<{ name: string; at: Date }>(
      "SELECT name, at FROM tool.applied ORDER BY number",
    );
    return rows.map(({ name, at }) => ({
      id: migrations.find(({ id }) => id === name)?.id,
      label: name,
      appliedAt: at,
      checksum: undefined,
      isEdited: false,
    }));
  },
  createSql:
    "CREATE SCHEMA IF NOT EXISTS tool; CREATE TABLE IF NOT EXISTS tool.applied (number serial, name text UNIQUE, at timestamptz DEFAULT now())",
  recordSql: ({ id }) => [`INSERT INTO tool.applied (name) VALUES ('${id}')`],
  eraseSql: ({ id }) => [`DELETE FROM tool.applied WHERE name = '${id}'`],
};

/** Options that keep tests short. */
export const quick: Partial<RunOptions> = {
  lockTimeoutMs: 150,
  retryForMs: 20_000,
  blockedAfterMs: 100,
};

export interface Ran {
  readonly result: MigrateResult;
  readonly events: readonly EventBody[];
}

/** Runs and gathers the events. */
export async function run(
  url: string,
  folder: MigrationFolder,
  options: Partial<RunOptions> = quick,
  more: { readonly signal?: AbortSignal; readonly events?: EventBody[] } = {},
): Promise<Ran> {
  const events = more.events ?? [];
  const result = await migrate({
    url,
    folder,
    emit: (event) => events.push(event),
    signal: more.signal,
    options,
  });
  return { result, events };
}

/** The events of one type. */
export function only<Type extends EventType>(
  events: readonly EventBody[],
  type: Type,
): readonly Extract<EventBody, { type: Type }>[] {
  return events.filter((event) => event.type === type) as Extract<EventBody, { type: Type }>[];
}

export async function open(url: string, applicationName = "test"): Promise<Session> {
  return Session.open({ url, applicationName });
}

/** Rows of one query on a session of its own. */
export async function ask<Row extends Record<string, unknown>>(
  url: string,
  sql: string,
): Promise<readonly Row[]> {
  await using session = await open(url);
  return (await session.query<Row>(sql)).rows;
}
