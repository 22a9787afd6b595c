/** What a team keeps its schema with, as far as the replays depend on it. Theirs is Drizzle, if nothing else is said. */
export interface Stack {
  /** In names of template databases. */
  readonly name: string;
  /** The source of the contract in the team's config, as it is written there. */
  readonly contract: string;
  /** Packages that the checkout needs. */
  readonly packages: readonly string[];
  /** Commands of the tool for the PATH, each a JavaScript program. */
  readonly programs: Readonly<Record<string, string>>;
  /** The tool's folder with the first `count` of the storefront's migrations. */
  writeHistory(folder: string, count: number): void;
  /** Writes the migration after the last one; gives its file, relative to the folder. */
  writeMigration(folder: string, name: string, sql: string): string;
  /** Files of the checkout beside the migrations: the schemas of releases 1, 2 and 3, the tool's config. */
  writeSchemas(checkout: string): void;
  /** The line that writes the migration which release 2 lacks; undefined where a person writes it. */
  readonly generate: string | undefined;
  /** Applies the folder as the tool's own command does. */
  migrate(url: string, folder: string): Promise<void>;
}
