/** The storefront's own stack: a schema in TypeScript, Drizzle Kit's folder of migrations and its migrator. */
import { copyFileSync, cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { drizzle } from "drizzle-orm/node-postgres";
import { migrate } from "drizzle-orm/node-postgres/migrator";
import pg from "pg";
import { built, root, storefront } from "./places.ts";
import type { Stack } from "./stack.ts";

interface Journal {
  readonly entries: readonly {
    readonly idx: number;
    readonly when: number;
    readonly tag: string;
  }[];
}

const journalOf = (folder: string): Journal =>
  JSON.parse(readFileSync(join(folder, "meta", "_journal.json"), "utf8")) as Journal;

/** The storefront's migrations, oldest first, as Drizzle Kit wrote them. */
export function storefrontMigrations(): readonly { readonly tag: string; readonly sql: string }[] {
  const folder = join(storefront, "migrations");
  return journalOf(folder).entries.map(({ tag }) => ({
    tag,
    sql: readFileSync(join(folder, `${tag}.sql`), "utf8"),
  }));
}

/** How many migrations the storefront has. */
export function countMigrations(): number {
  return storefrontMigrations().length;
}

function writeJournal(folder: string, journal: Journal): void {
  writeFileSync(join(folder, "meta", "_journal.json"), JSON.stringify(journal, null, 2));
}

/** Copies the folder of migrations with only the first `count` of them. */
export function copyMigrations(to: string, count: number): void {
  cpSync(join(storefront, "migrations"), to, { recursive: true });
  const journal = journalOf(to);
  writeJournal(to, { ...journal, entries: journal.entries.slice(0, count) });
  for (const { tag } of journal.entries.slice(count)) {
    rmSync(join(to, `${tag}.sql`));
    rmSync(join(to, "meta", `${tag.slice(0, 4)}_snapshot.json`));
  }
}

export const drizzleStack: Stack = {
  name: "drizzle",
  contract: "drizzle: `schema/${RELEASE}.ts`",
  packages: ["drizzle-kit", "drizzle-orm", "pg"],
  programs: {
    migrate: join(built, "incidents", "migrate-with-lock.js"),
    "drizzle-kit": join(root, "node_modules", "drizzle-kit", "bin.cjs"),
  },
  generate: "drizzle-kit generate --name order_confirmed_at",
  writeHistory: copyMigrations,
  writeMigration(folder, name, sql) {
    const journal = journalOf(folder);
    const last = journal.entries.at(-1);
    if (!last) throw new Error(`${folder} has no migrations`);
    const idx = last.idx + 1;
    const tag = `${String(idx).padStart(4, "0")}_${name}`;
    const entries = [...journal.entries, { ...last, idx, when: last.when + 1_000, tag }];
    writeFileSync(join(folder, `${tag}.sql`), sql);
    writeJournal(folder, { ...journal, entries });
    return `${tag}.sql`;
  },
  writeSchemas(checkout) {
    cpSync(join(storefront, "schema"), join(checkout, "schema"), { recursive: true });
    // Release 3 of a replay reads what release 1 read.
    copyFileSync(join(storefront, "schema", "v1.ts"), join(checkout, "schema", "v3.ts"));
    copyFileSync(join(storefront, "drizzle.config.ts"), join(checkout, "drizzle.config.ts"));
  },
  async migrate(url, folder) {
    const pool = new pg.Pool({ connectionString: url, max: 1 });
    try {
      await migrate(drizzle(pool), { migrationsFolder: folder });
    } finally {
      await pool.end();
    }
  },
};
