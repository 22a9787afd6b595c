import { listFiles } from "./list-files.ts";

/** Migrations that are code: where they lie, who runs them, and how their SQL is had. */
const kinds: readonly {
  readonly tool: string;
  readonly file: RegExp;
  readonly sql?: string;
}[] = [
  { tool: "Rails", file: /^(.*\bdb\/migrate)\/\d{14}_\w+\.rb$/ },
  {
    tool: "Alembic",
    file: /^(.*\/versions)\/\w+\.py$/,
    sql: "alembic upgrade HEAD-BEFORE:head --sql",
  },
  {
    tool: "Django",
    file: /^(.*\/migrations)\/\d{4}_\w+\.py$/,
    sql: "python manage.py sqlmigrate APP NUMBER",
  },
  { tool: "Ecto", file: /^(.*\/migrations)\/\d{14}_\w+\.exs$/ },
  { tool: "Laravel", file: /^(.*\/migrations)\/\d{4}_\d{2}_\d{2}_\d{6}_\w+\.php$/ },
  {
    tool: "JavaScript (Knex, TypeORM, Sequelize, Kysely, node-pg-migrate, …)",
    file: /^(.*migrations?)\/[\w-]*\d{4,}[\w.-]*\.[cm]?[jt]s$/i,
  },
];

const passedOver = /(?:^|\/)(?:node_modules|vendor|tests?|__tests__|fixtures|examples?)\//;

/** Folders of migrations that are code, with the tool as it is known by the files' names. */
export async function codeFolders(
  cwd: string,
): Promise<readonly { readonly folder: string; readonly tool: string; readonly sql?: string }[]> {
  const files = await listFiles(cwd, [".rb", ".py", ".exs", ".php", "js", "ts"]);
  const own = files.filter((path) => !passedOver.test(path));
  return kinds.flatMap(({ tool, file, sql }) => {
    const folders = own.flatMap((path) => file.exec(path)?.[1] ?? []);
    return [...new Set(folders)].map((folder) => ({
      folder,
      tool,
      ...(sql === undefined ? {} : { sql }),
    }));
  });
}

/** Says that the migrations of a repository are code, and what a check needs; undefined when there are none either. */
export async function codeMigrations(cwd: string): Promise<string | undefined> {
  const [first] = await codeFolders(cwd);
  if (first === undefined) return undefined;
  const { folder, tool, sql } = first;
  const how = sql === undefined ? "" : `; \`${sql}\` prints it`;
  return `the migrations of ${folder} are code of ${tool}; a check needs the SQL that they send${how}. It is recorded where a config names the folder and the tool's command: \`migrations.tool\``;
}
