import { relative } from "node:path";
import { quoteLiteral } from "../../sql/index.ts";
import { nameLedger } from "./name-ledger.ts";
import { fileAround, ownCommand } from "./own-command.ts";
import { programFiles, unrecorded, type ProgramFile } from "./program-files.ts";
import type { ProgramReader } from "./program-reader.ts";

/**
 * A folder of TypeORM's: classes whose names end in a time of 13 digits, by that time. The ledger has the names of the
 * classes. All that is pending is one transaction, unless the data source says otherwise.
 *
 * @throws LockstepError `folder-empty`, `file-unreadable`
 */
export const readTypeormFolder: ProgramReader = (folder, { place, command, cwd }) => {
  const files = programFiles(folder, /(?<!\.d)\.[cm]?[jt]s$/, "1700000000000-CreateUsers.ts");
  const classes = files.flatMap((file) => classesIn(file).map((name) => ({ name, file })));
  classes.sort((a, b) => timeOf(a.name) - timeOf(b.name));
  const ledger = nameLedger(place, {
    owner: "TypeORM",
    table: "migrations",
    columns: ["id", "timestamp", "name"],
    at: undefined,
    order: "id",
    create: (name) =>
      `CREATE TABLE ${name} (id serial PRIMARY KEY, timestamp bigint NOT NULL, name varchar NOT NULL)`,
    values: ({ id }) => ({ timestamp: quoteLiteral(String(timeOf(id))) }),
  });
  const takesBack = usual(cwd)?.join(" ").replace("migration:run", "migration:revert");
  return {
    tool: "typeorm",
    path: folder.shown,
    source: `typeorm:${folder.shown}`,
    migrations: classes.map(({ name, file }) => unrecorded(name, file)),
    ledger,
    program: {
      command: ownCommand(
        command,
        { tool: "TypeORM", script: /\btypeorm\b.*\bmigration:run\b/, usual },
        cwd,
      ),
      cwd,
      sends: "deploy",
      nameColumns: ["name"],
      ownTables: [ledger.table, "typeorm_metadata"],
      isListed: true,
      ...(takesBack === undefined ? {} : { takesBack }),
      settings: dataSources.map((name) => `${cwd}/${name}`),
    },
  };
};

const dataSources = ["data-source", "src/data-source", "dist/data-source", "ormconfig"].flatMap(
  (name) => ["js", "cjs", "mjs", "ts"].map((ending) => `${name}.${ending}`),
);

function usual(cwd: string): readonly string[] | undefined {
  const source = fileAround(cwd, dataSources);
  if (source === undefined) return undefined;
  const program = source.endsWith(".ts") ? "typeorm-ts-node-commonjs" : "typeorm";
  return ["npx", program, "migration:run", "-d", relative(cwd, source)];
}

/** The time in a name, by which TypeORM sorts; NaN for a class that is no migration. */
function timeOf(name: string): number {
  return Number(/\d{13}$/.exec(name)?.[0]);
}

/** What the classes of a file are called in the ledger: by their member `name` where there is one, else by themselves. */
function classesIn({ text }: ProgramFile): readonly string[] {
  const parts = text.split(/\bclass\s+(?=[\w$]+)/).slice(1);
  return parts.flatMap((part) => {
    const own = /^[\w$]+/.exec(part)![0];
    const named = /(?:^|[\s;{(.])name\s*(?::\s*string\s*)?=\s*["'`]([\w$]+)["'`]/.exec(part)?.[1];
    const name = named ?? own;
    return Number.isNaN(timeOf(name)) ? [] : [name];
  });
}
