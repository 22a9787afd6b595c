import { join } from "node:path";
import { quoteLiteral } from "../../sql/index.ts";
import { textOf } from "../tool-of.ts";
import { nameLedger } from "./name-ledger.ts";
import { ownCommand } from "./own-command.ts";
import { programFiles, unrecorded } from "./program-files.ts";
import type { ProgramReader } from "./program-reader.ts";

/** What ends a name that is a module. */
const ending = /\.(?:js|ts|mjs|mts|cjs|cts)$/;

/**
 * A folder of Kysely's, as its FileMigrationProvider reads it: by name without ending. All that is pending is one
 * transaction. Kysely has a class that runs them and no command; `kysely-ctl` has one.
 *
 * @throws LockstepError `folder-empty`, `file-unreadable`, `config-invalid` when no command is known
 */
export const readKyselyFolder: ProgramReader = (folder, { place, command, cwd }) => {
  const files = programFiles(folder, /(?<!\.d)\.(?:js|ts|mjs|mts)$/, "2024_01_01_users.ts");
  const named = files.map((file) => ({ file, name: file.name.replace(ending, "") }));
  named.sort((a, b) => (a.name < b.name ? -1 : 1));
  const ledger = nameLedger(place, {
    owner: "Kysely",
    table: "kysely_migration",
    columns: ["name", "timestamp"],
    at: "timestamp::timestamptz",
    order: "timestamp, name",
    create: (name) =>
      `CREATE TABLE ${name} (name varchar(255) NOT NULL PRIMARY KEY, timestamp varchar(255) NOT NULL)`,
    values: () => ({
      timestamp: `to_char(clock_timestamp() AT TIME ZONE 'UTC', ${quoteLiteral('YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')})`,
    }),
  });
  return {
    tool: "kysely",
    path: folder.shown,
    source: `kysely:${folder.shown}`,
    migrations: named.map(({ name, file }) => unrecorded(name, file)),
    ledger,
    program: {
      command: ownCommand(
        command,
        { tool: "Kysely", script: /\bkysely\b.*\bmigrate[: ](?:latest|up)\b/, usual },
        cwd,
      ),
      cwd,
      sends: "deploy",
      nameColumns: ["name"],
      ownTables: [ledger.table, `${ledger.table}_lock`],
      isListed: true,
      settings: ["ts", "js", "mjs", "cjs"].map((end) => join(cwd, `kysely.config.${end}`)),
    },
  };
};

function usual(cwd: string): readonly string[] | undefined {
  const hasCommand = textOf(join(cwd, "package.json"))?.includes('"kysely-ctl"') === true;
  return hasCommand ? ["npx", "kysely", "migrate:latest"] : undefined;
}
