import type { SourceFile } from "../text/source-file.ts";
import { nameOf, type Repository } from "./repository.ts";

const sourceFile = /\.(?:[cm]?[jt]sx?|py|rb|go|rs|java|kt|ex|exs|cs|php)$/;
const notProduct =
  /(?:^|\/)(?:scripts?|bin|tools?|seeds?|migrations?|stories)\/|\.(?:test|spec|stories|d)\.[cm]?[jt]sx?$|_test\.go$/;

/** How code applies migrations by itself, in the words of the libraries that do. */
const migrator =
  /drizzle-orm\/[\w-]+\/migrator|migrateToLatest|\.migrate\.latest\(|new Umzug\(|from ["']node-pg-migrate["']|embed_migrations!|sqlx::migrate!|run_pending_migrations|migrationsRun:\s*true|runMigrations\(|getMigrator\(\)|golang-migrate\/migrate|pressly\/goose|Migrate\.run|Flyway\.configure|spring\.flyway|Ecto\.Migrator|command\.upgrade\(|call_command\(["']migrate|(?:exec\w*|spawn\w*)\(\s*["'`][^"'`\n]*\b(?:prisma migrate deploy|drizzle-kit migrate|knex migrate:latest|sequelize db:migrate|node-pg-migrate up)\b/;

/** The first file of the product that applies migrations itself. */
export function migratesInCode(repository: Repository): SourceFile | undefined {
  for (const path of repository.paths) {
    if (!sourceFile.test(path) || /\.(?:test|spec)\./.test(path)) continue;
    const file = repository.read(path);
    if (file !== undefined && migrator.test(file.text)) return file;
  }
  return undefined;
}

/** Files of the product, tests and tools left out, whose text holds the word. */
export function productFilesWith(repository: Repository, word: string): SourceFile[] {
  return repository.paths.flatMap((path) => {
    if (!/\.[cm]?[jt]s$/.test(path) || notProduct.test(path) || /config\.test/.test(nameOf(path)))
      return [];
    const file = repository.read(path);
    return file !== undefined && file.text.includes(word) ? [file] : [];
  });
}
