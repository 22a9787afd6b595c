import { folderOf, type Repository } from "./repository.ts";

export interface MigrationFolder {
  readonly tool: string;
  readonly folder: string;
  /** The newest migration: names sort by time in every tool known here. */
  readonly newest: string;
}

/** What the files of a tool's folder look like. Only forms that no other thing has. */
const forms: readonly { readonly tool: string; readonly file: RegExp; readonly sign?: RegExp }[] = [
  { tool: "Prisma", file: /^(.*\bmigrations)\/\d+_[^/]+\/migration\.sql$/ },
  { tool: "Drizzle", file: /^(.*)\/\d{4}_[\w-]+\.sql$/, sign: /\/meta\/_journal\.json$/ },
  { tool: "Supabase", file: /^(.*supabase\/migrations)\/\d{14}_[\w-]+\.sql$/ },
  { tool: "Rails", file: /^(.*\bdb\/migrate)\/\d{14}_\w+\.rb$/ },
  { tool: "Diesel", file: /^(.*\bmigrations)\/[\d-]{10,}[_-][\w-]+\/up\.sql$/ },
  { tool: "Alembic", file: /^(.*(?:alembic|migrations)\/versions)\/\w+\.py$/ },
  { tool: "Django", file: /^(.*\/migrations)\/\d{4}_\w+\.py$/ },
  { tool: "Flyway", file: /^(.*)\/V\d[\d._]*__\w+\.sql$/ },
  { tool: "golang-migrate", file: /^(.*\bmigrations?)\/\d+_[\w-]+\.up\.sql$/ },
  {
    tool: "a migration tool",
    file: /^(.*\bmigrations?)\/\d{8,17}[-_][\w.-]+\.(?:sql|[cm]?[jt]s)$/,
  },
];

const otherDatabase = /clickhouse|mysql|sqlite|mongo|d1\//i;

/** Folders of migrations, one entry each, the newest file with it. Folders whose names say another database are left out. */
export function migrationFolders(repository: Repository): MigrationFolder[] {
  const signs = new Set(
    repository.paths
      .filter((path) => path.endsWith("/meta/_journal.json"))
      .map((path) => folderOf(folderOf(path))),
  );
  const found = new Map<string, MigrationFolder>();
  for (const path of repository.paths) {
    if (otherDatabase.test(path)) continue;
    for (const { tool, file, sign } of forms) {
      const folder = file.exec(path)?.[1];
      if (folder === undefined || (sign !== undefined && !signs.has(folder))) continue;
      const known = found.get(folder);
      if (known === undefined || known.newest < path)
        found.set(folder, { tool: known?.tool ?? tool, folder, newest: path });
      break;
    }
  }
  return [...found.values()];
}
