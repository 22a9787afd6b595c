import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Folder } from "./folder.ts";

/** Names by which a project's manifest says which tool it uses. */
const named: readonly {
  readonly manifest: string;
  readonly tools: Readonly<Record<string, string>>;
}[] = [
  { manifest: "Cargo.toml", tools: { sqlx: "sqlx", diesel: "diesel" } },
  {
    manifest: "go.mod",
    tools: {
      "golang-migrate/migrate": "golang-migrate",
      "pressly/goose": "goose",
      "rubenv/sql-migrate": "sql-migrate",
      "jackc/tern": "tern",
    },
  },
  {
    manifest: "package.json",
    tools: {
      '"node-pg-migrate"': "node-pg-migrate",
      '"postgres-migrations"': "postgres-migrations",
      '"graphile-migrate"': "graphile-migrate",
      '"@prairielearn/migrations"': "prairielearn",
    },
  },
];

/**
 * The tool of a flat folder: by what lies in it, by its files' marks, by its path, or by the nearest manifest that names one.
 * @param cutBy the tool whose marks cut a file of it
 * @param root the folder above which no manifest is looked for
 */
export function toolOf(
  folder: Pick<Folder, "path">,
  cutBy: string | undefined,
  root: string,
): string | undefined {
  if (existsSync(join(folder.path, "atlas.sum"))) return "atlas";
  if (cutBy !== undefined) return cutBy;
  if (/(?:^|\/)supabase\/migrations$/.test(folder.path.replaceAll("\\", "/"))) return "supabase";
  for (let at = folder.path; ; at = dirname(at)) {
    for (const { manifest, tools } of named) {
      const text = textOf(join(at, manifest));
      const found = Object.keys(tools).find((name) => text?.includes(name) === true);
      if (found !== undefined) return tools[found];
    }
    if (at === root || dirname(at) === at) return undefined;
  }
}

/** The text of a file that may not be there. */
export function textOf(path: string): string | undefined {
  try {
    const stats = statSync(path, { throwIfNoEntry: false });
    return stats?.isFile() === true ? readFileSync(path, "utf8") : undefined;
  } catch {
    return undefined;
  }
}
