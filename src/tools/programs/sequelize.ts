import { join } from "node:path";
import type { MigrationFolder } from "../migration.ts";
import { nameLedger } from "./name-ledger.ts";
import { ownCommand } from "./own-command.ts";
import { programFiles, unrecorded } from "./program-files.ts";
import type { ProgramReader, ProgramSettings } from "./program-reader.ts";
import type { Folder } from "../folder.ts";

/**
 * A folder of Sequelize's command: `20240101000000-name.js` by name, which is what the ledger has. Nothing is a
 * transaction unless a migration makes one.
 *
 * @throws LockstepError `folder-empty`, `file-unreadable`
 */
export const readSequelizeFolder: ProgramReader = (folder, settings) =>
  read("sequelize", folder, settings, {
    script: /\bsequelize(?:-cli)?\b.*\bdb:migrate\b(?!:)/,
    usual: () => ["npx", "sequelize-cli", "db:migrate"],
  });

/**
 * The same of a project that runs Umzug by itself, with Sequelize's storage. There is no command but the project's.
 *
 * @throws LockstepError `folder-empty`, `file-unreadable`, `config-invalid` when no command is named
 */
export const readUmzugFolder: ProgramReader = (folder, settings) =>
  read("umzug", folder, settings, { script: /\bumzug\b.*\bup\b/, usual: () => undefined });

function read(
  tool: "sequelize" | "umzug",
  folder: Folder,
  { place, command, cwd }: ProgramSettings,
  known: Pick<Parameters<typeof ownCommand>[1], "script" | "usual">,
): MigrationFolder {
  const owner = tool === "umzug" ? "Umzug" : "Sequelize";
  const files = programFiles(folder, /(?<!\.d)\.[cm]?[jt]s$/, "20240101000000-users.js");
  const ledger = nameLedger(place, {
    owner,
    table: "SequelizeMeta",
    columns: ["name"],
    at: undefined,
    order: "name",
    create: (name) => `CREATE TABLE ${name} (name varchar(255) NOT NULL PRIMARY KEY)`,
    values: () => ({}),
  });
  return {
    tool,
    path: folder.shown,
    source: `${tool}:${folder.shown}`,
    migrations: files.map((file) => unrecorded(file.name, file)),
    ledger,
    program: {
      command: ownCommand(command, { tool: owner, ...known }, cwd),
      cwd,
      sends: "statement",
      nameColumns: ["name"],
      ownTables: [ledger.table],
      isListed: true,
      ...(tool === "umzug" ? {} : { takesBack: "npx sequelize-cli db:migrate:undo" }),
      settings: [".sequelizerc", "config/config.json", "config/config.js", "umzug.js"].map((name) =>
        join(cwd, name),
      ),
    },
  };
}
