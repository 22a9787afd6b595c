import { qualifiedName } from "../catalog/index.ts";
import { migrationOrigins, type Contract } from "../contract/index.ts";
import { migrateNext, readHistory } from "../ledger/index.ts";
import type { Session } from "../pg/index.ts";
import { rowsByMigration, type MigrationFolder } from "../tools/index.ts";
import type { Evidence, MigrationState } from "./cause.ts";
import type { Live } from "./live.ts";
import type { Finding } from "./result.ts";

/** What another environment's ledger says, read there by whoever can reach it. */
export interface OtherEnvironment {
  readonly environment: string;
  /** Applied migrations of the same folder, with the time. */
  readonly applied: ReadonlyMap<string, Date | undefined>;
}

export interface EvidenceOptions {
  readonly contract: Contract;
  readonly database: Session;
  readonly live: Live;
  readonly folder: MigrationFolder | undefined;
  readonly elsewhere: readonly OtherEnvironment[];
}

/** Commands that write a migration from the schema file, by tool. */
const generators: Readonly<Record<string, string>> = {
  drizzle: "npx drizzle-kit generate",
  prisma: "npx prisma migrate dev --create-only",
};

/**
 * Looks for what explains the findings: the folder's parse trees, the ledgers, names that are alike. Three round
 * trips at most.
 */
export async function gatherEvidence(
  findings: readonly Finding[],
  { contract, database, live, folder, elsewhere }: EvidenceOptions,
): Promise<Evidence> {
  const states = folder === undefined ? new Map() : await migrationStates(folder, database);
  const standing = [...states.values()].map(({ id, applied, edited }: MigrationState) => ({
    id,
    state: edited ? ("edited" as const) : applied ? ("applied" as const) : ("pending" as const),
  }));
  return {
    release: contract.release,
    origins: folder === undefined ? undefined : await migrationOrigins(folder),
    states,
    migrate: migrateNext(standing),
    generate: folder === undefined ? undefined : generators[folder.tool],
    elsewhere: (migration) =>
      elsewhere
        .filter(({ applied }) => applied.has(migration))
        .map(({ environment, applied }) => ({ environment, since: applied.get(migration) })),
    neighbours: neighbourFinder(contract, live),
    otherPlaces: await findElsewhere(findings, database),
    now: new Date(),
  };
}

/** Where each migration stands in this database, by the tool's own ledger and by Lockstep's. */
export async function migrationStates(
  folder: MigrationFolder,
  database: Session,
): Promise<ReadonlyMap<string, MigrationState>> {
  const history = await readHistory(database, folder.source);
  const native = (await folder.ledger?.read(database, folder.migrations)) ?? [];
  const recorded = rowsByMigration(folder.migrations, native, history.migrations);
  return new Map(
    folder.migrations.map(({ id, checksum }): [string, MigrationState] => {
      const own = history.migrations.get(id);
      const row = recorded.get(id);
      const theirs = row?.unfinished === undefined ? row : undefined;
      const failed = history.units.get(id)?.findLast(({ failure }) => failure !== undefined);
      const applied = own !== undefined || theirs !== undefined;
      return [
        id,
        {
          id,
          applied,
          appliedAt: own?.appliedAt ?? theirs?.appliedAt,
          edited: (own !== undefined && own.checksum !== checksum) || theirs?.isEdited === true,
          failure:
            applied || failed?.failure === undefined
              ? undefined
              : { at: failed.at, line: failed.failure.line, message: failed.failure.message },
        },
      ];
    }),
  );
}

/** Live names beside a missing one that the contract does not know: candidates for a rename. */
function neighbourFinder(contract: Contract, live: Live): Evidence["neighbours"] {
  const { tables, views, materializedViews, enums } = live.catalog;
  return ({ kind, object }) => {
    if (kind === "missing-column") {
      const wanted = [...contract.tables, ...contract.views].find((table) =>
        object.startsWith(`${live.resolve(table)}.`),
      );
      if (wanted === undefined) return [];
      const name = live.resolve(wanted);
      const known = new Set(wanted.columns.map((column) => column.name));
      const columns = (tables[name] ?? views[name] ?? materializedViews[name])?.columns ?? [];
      return columns.filter((column) => !known.has(column.name)).map((column) => column.name);
    }
    if (kind === "missing-enum-value") {
      const wanted = contract.enums.find((type) =>
        object.startsWith(`${qualifiedName(type.schema, type.name)}.`),
      );
      if (wanted === undefined) return [];
      const labels = enums[qualifiedName(wanted.schema, wanted.name)]?.labels ?? [];
      return labels.filter((label) => !wanted.labels.includes(label));
    }
    if (kind === "missing-table" || kind === "missing-view") {
      const known = new Set(
        [...contract.tables, ...contract.views].map((one) => live.resolve(one)),
      );
      return [...Object.values(tables), ...Object.values(views)]
        .filter(({ schema, name }) => !known.has(qualifiedName(schema, name)))
        .map(({ name }) => name);
    }
    return [];
  };
}

/** Relations of a missing one's name, whatever the case, in any schema. */
async function findElsewhere(
  findings: readonly Finding[],
  database: Session,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const missing = findings.filter(
    ({ kind }) => kind === "missing-table" || kind === "missing-view",
  );
  const places = new Map<string, readonly string[]>();
  if (missing.length === 0) return places;
  const { rows } = await database.query<{ schema: string; name: string }>(
    `SELECT n.nspname AS schema, c.relname AS name
     FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND pg_catalog.lower(c.relname::text) = ANY ($1::text[])
       AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
     ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C"`,
    [missing.map(({ object }) => plainName(object))],
  );
  for (const { object } of missing) {
    const found = rows
      .filter(({ name }) => name.toLowerCase() === plainName(object))
      .map(({ schema, name }) => qualifiedName(schema, name))
      .filter((name) => name !== object);
    if (found.length > 0) places.set(object, found);
  }
  return places;
}

/** `public."Orders"` → `orders` */
function plainName(object: string): string {
  const at = object.endsWith('"') ? object.lastIndexOf('."') : object.lastIndexOf(".");
  return object
    .slice(at + 1)
    .replaceAll('"', "")
    .toLowerCase();
}
