import { flagValue, hasFlag, inOrder, type CommandLine } from "./command-line.ts";

/**
 * How a tool keeps two of its runs apart. `own`: it takes a lock in the database; `none`: two runs at once
 * collide. Both were tried with two processes against one server; `unknown` was not.
 */
export type RunnerLock = "own" | "none" | "unknown";

export interface MigrateTool {
  /** As a person writes the command. */
  readonly tool: string;
  readonly lock: RunnerLock;
  readonly programs: readonly string[];
  readonly matches: (line: CommandLine) => boolean;
}

const words =
  (...wanted: string[]) =>
  (line: CommandLine): boolean =>
    inOrder(line, ...wanted);

const anyOf =
  (...wanted: string[]) =>
  (line: CommandLine): boolean =>
    line.plain.some((word) => wanted.includes(word));

/** Commands that apply pending migrations of a folder. `dev` and `generate` forms are none of them. */
export const migrateTools: readonly MigrateTool[] = [
  {
    tool: "prisma migrate deploy",
    lock: "own",
    programs: ["prisma"],
    matches: words("migrate", "deploy"),
  },
  {
    tool: "drizzle-kit migrate",
    lock: "none",
    programs: ["drizzle-kit"],
    matches: anyOf("migrate"),
  },
  {
    tool: "knex migrate:latest",
    lock: "own",
    programs: ["knex"],
    matches: anyOf("migrate:latest", "migrate:up"),
  },
  {
    tool: "typeorm migration:run",
    lock: "none",
    programs: ["typeorm", "typeorm-ts-node-commonjs", "typeorm-ts-node-esm"],
    matches: anyOf("migration:run"),
  },
  {
    tool: "sequelize db:migrate",
    lock: "none",
    programs: ["sequelize", "sequelize-cli"],
    matches: anyOf("db:migrate"),
  },
  {
    tool: "kysely migrate:latest",
    lock: "own",
    programs: ["kysely", "kysely-ctl"],
    matches: (line) =>
      anyOf("migrate:latest", "migrate:up")(line) || words("migrate", "latest")(line),
  },
  {
    tool: "mikro-orm migration:up",
    lock: "none",
    programs: ["mikro-orm", "mikro-orm-esm"],
    matches: anyOf("migration:up"),
  },
  { tool: "node-pg-migrate up", lock: "own", programs: ["node-pg-migrate"], matches: anyOf("up") },
  {
    tool: "graphile-migrate migrate",
    lock: "own",
    programs: ["graphile-migrate"],
    matches: anyOf("migrate"),
  },
  { tool: "flyway migrate", lock: "own", programs: ["flyway"], matches: anyOf("migrate") },
  { tool: "liquibase update", lock: "own", programs: ["liquibase"], matches: anyOf("update") },
  {
    tool: "goose up",
    lock: "unknown",
    programs: ["goose"],
    matches: anyOf("up", "up-to", "up-by-one"),
  },
  { tool: "dbmate up", lock: "none", programs: ["dbmate"], matches: anyOf("up", "migrate") },
  {
    tool: "sqlx migrate run",
    lock: "unknown",
    programs: ["sqlx"],
    matches: words("migrate", "run"),
  },
  {
    tool: "cargo sqlx migrate run",
    lock: "unknown",
    programs: ["cargo"],
    matches: words("sqlx", "migrate", "run"),
  },
  {
    tool: "migrate up",
    lock: "unknown",
    programs: ["migrate"],
    matches: (line) =>
      anyOf("up", "goto")(line) &&
      hasFlag(line, "-path", "--path", "-source", "--source", "-database", "--database"),
  },
  {
    tool: "diesel migration run",
    lock: "unknown",
    programs: ["diesel"],
    matches: words("migration", "run"),
  },
  { tool: "alembic upgrade", lock: "unknown", programs: ["alembic"], matches: anyOf("upgrade") },
  {
    tool: "flask db upgrade",
    lock: "unknown",
    programs: ["flask"],
    matches: words("db", "upgrade"),
  },
  {
    tool: "manage.py migrate",
    lock: "none",
    programs: ["manage", "django-admin"],
    matches: (line) => line.plain[0] === "migrate" && !hasFlag(line, "--check", "--plan"),
  },
  {
    tool: "python manage.py migrate",
    lock: "none",
    programs: ["python", "python3"],
    matches: (line) =>
      /(^|\/)manage\.py$/.test(line.plain[0] ?? "") &&
      line.plain[1] === "migrate" &&
      !hasFlag(line, "--check", "--plan"),
  },
  {
    tool: "rails db:migrate",
    lock: "own",
    programs: ["rails", "rake"],
    matches: anyOf("db:migrate", "db:prepare"),
  },
  {
    tool: "artisan migrate",
    lock: "unknown",
    programs: ["php"],
    matches: words("artisan", "migrate"),
  },
  { tool: "mix ecto.migrate", lock: "unknown", programs: ["mix"], matches: anyOf("ecto.migrate") },
  {
    tool: "atlas migrate apply",
    lock: "own",
    programs: ["atlas"],
    matches: words("migrate", "apply"),
  },
  {
    tool: "supabase db push",
    lock: "none",
    programs: ["supabase"],
    matches: (line) => words("db", "push")(line) || words("migration", "up")(line),
  },
  { tool: "sqitch deploy", lock: "own", programs: ["sqitch"], matches: anyOf("deploy") },
  {
    tool: "payload migrate",
    lock: "unknown",
    programs: ["payload"],
    matches: (line) => line.plain[0] === "migrate",
  },
  {
    tool: "medusa db:migrate",
    lock: "unknown",
    programs: ["medusa"],
    matches: anyOf("db:migrate"),
  },
  {
    tool: "hasura migrate apply",
    lock: "unknown",
    programs: ["hasura"],
    matches: words("migrate", "apply"),
  },
  {
    tool: "directus database migrate:latest",
    lock: "unknown",
    programs: ["directus"],
    matches: anyOf("migrate:latest"),
  },
  {
    tool: "lockstep migrate",
    lock: "own",
    programs: ["lockstep"],
    matches: (line) => line.plain[0] === "migrate" && !hasFlag(line, "--dry-run"),
  },
  {
    tool: "psql -f",
    lock: "none",
    programs: ["psql"],
    matches: (line) => /migrat/i.test(flagValue(line, "-f", "--file") ?? ""),
  },
];

/** Programs that run a file of the product itself. */
const interpreters = new Set([
  "node",
  "tsx",
  "ts-node",
  "bun",
  "deno",
  "python",
  "python3",
  "ruby",
]);

const migrationFile =
  /^(?:(?:run|db|apply|auto|database)[-_.]?)*migrat(?:e|ions?|or)(?:[-_.](?:db|database|deploy|up|latest|all|prod|production|runner|run))?\.(?:[cm]?[jt]s|py|rb|sh)$/i;

/** `node dist/migrate.js`: the product's own script, by its name; `airflow db upgrade`: Alembic in a program's own command. */
export function ownMigration(line: CommandLine): MigrateTool | undefined {
  const { program, plain } = line;
  if (plain[0] === "db" && plain[1] === "upgrade")
    return {
      tool: `${program} db upgrade`,
      lock: "unknown",
      programs: [program],
      matches: () => true,
    };
  if (!interpreters.has(line.program)) return undefined;
  const script = line.plain.find((word) => /\.(?:[cm]?[jt]s|py|rb)$/.test(word));
  const name = script?.slice(script.lastIndexOf("/") + 1);
  if (script === undefined || name === undefined) return undefined;
  const argument = line.plain[line.plain.indexOf(script) + 1];
  const command = /^(?:db|database)\.[cm]?[jt]s$/.test(name) && argument === "migrate";
  if (!command && !migrationFile.test(name)) return undefined;
  if (line.plain.some((word) => /^(?:down|rollback|create|make|status|generate|new)$/.test(word)))
    return undefined;
  return {
    tool: `${line.program} ${script}`,
    lock: "unknown",
    programs: [line.program],
    matches: () => true,
  };
}

const otherDatabases =
  /clickhouse|mysql|mariadb|sqlite|libsql|mongodb|cassandra|spanner|:\/\/ch\b/i;

/** True when the command itself names a database that is not Postgres. */
export function namesAnotherDatabase(
  line: CommandLine,
  variables: ReadonlyMap<string, { readonly text: string }>,
): boolean {
  if (line.args.some((word) => otherDatabases.test(word))) return true;
  return ["GOOSE_DRIVER", "GOOSE_DBSTRING", "GOOSE_MIGRATION_DIR"].some(
    (name) => line.program === "goose" && otherDatabases.test(variables.get(name)?.text ?? ""),
  );
}
