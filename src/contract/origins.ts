import { parseSql, type Statement } from "../sql/index.ts";
import type { Migration, MigrationFolder } from "../tools/index.ts";
import { changesOf, type Change } from "./origin-changes.ts";
import type { ScratchStatement } from "./scratch-ddl.ts";

/** The statement of a folder that last made, changed or dropped an object. */
export interface Origin {
  /** `Migration.id`. */
  readonly migration: string;
  /** `file:line`. */
  readonly from: string;
  readonly action: "made" | "changed" | "dropped";
  /** The name it had before that statement renamed it. */
  readonly formerly?: string | undefined;
}

/**
 * For each object of a folder (see `Annotations.from` for the addresses) the statement that touched it last,
 * read from parse trees. A rename carries what hangs on the object along. Objects made by functions, DO
 * blocks or dynamic SQL are not in it.
 * @throws LockstepError `sql-syntax`
 */
export async function migrationOrigins(
  folder: MigrationFolder,
): Promise<ReadonlyMap<string, Origin>> {
  const origins = new Map<string, Origin>();
  for (const migration of folder.migrations)
    for (const statement of await parseSql(migration.sql, migration.file)) {
      const place = {
        migration: migration.id,
        from: `${migration.file}:${statement.line}`,
      };
      for (const change of changesOf(statement.node)) apply(change, place, origins);
    }
  return origins;
}

/** Every statement of a folder in order, each to be run alone. */
export async function statementsOf(folder: MigrationFolder): Promise<readonly ScratchStatement[]> {
  const lists = folder.migrations.map(async (migration: Migration) =>
    (await parseSql(migration.sql, migration.file)).map((statement: Statement) => ({
      sql: statement.sql,
      from: `${migration.file}:${statement.line}`,
    })),
  );
  return (await Promise.all(lists)).flat();
}

function apply(
  change: Change,
  place: { readonly migration: string; readonly from: string },
  origins: Map<string, Origin>,
): void {
  if (change.action !== "renamed") {
    origins.set(change.address, { ...place, action: change.action });
    return;
  }
  const [fromKind, fromName] = splitAddress(change.address);
  const [, toName] = splitAddress(change.to);
  const parts = [...origins].filter(([address]) => {
    const [kind, name] = splitAddress(address);
    return kind !== fromKind && name.startsWith(`${fromName}.`);
  });
  for (const [address, origin] of parts) {
    const [kind, name] = splitAddress(address);
    origins.delete(address);
    origins.set(`${kind} ${toName}${name.slice(fromName.length)}`, origin);
  }
  origins.set(change.address, { ...place, action: "dropped" });
  origins.set(change.to, { ...place, action: "made", formerly: fromName });
}

function splitAddress(address: string): readonly [string, string] {
  const space = address.indexOf(" ");
  return [address.slice(0, space), address.slice(space + 1)];
}
