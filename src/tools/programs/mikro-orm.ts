import { join } from "node:path";
import { nameLedger } from "./name-ledger.ts";
import { ownCommand } from "./own-command.ts";
import { programFiles, unrecorded } from "./program-files.ts";
import type { ProgramReader } from "./program-reader.ts";

/**
 * A folder of MikroORM's: `Migration20240101000000.ts` by name; the ledger has it without ending. All that is pending is
 * one transaction, unless `allOrNothing` is false.
 *
 * @throws LockstepError `folder-empty`, `file-unreadable`
 */
export const readMikroOrmFolder: ProgramReader = (folder, { place, command, cwd }) => {
  const files = programFiles(folder, /(?<!\.d)\.[cm]?[jt]s$/, "Migration20240101000000.ts");
  const ledger = nameLedger(place, {
    owner: "MikroORM",
    table: "mikro_orm_migrations",
    columns: ["id", "name", "executed_at"],
    at: "executed_at",
    order: "id",
    create: (name) =>
      `CREATE TABLE ${name} (id serial PRIMARY KEY, name varchar(255) NOT NULL, executed_at timestamptz NOT NULL DEFAULT current_timestamp)`,
    values: () => ({}),
  });
  return {
    tool: "mikro-orm",
    path: folder.shown,
    source: `mikro-orm:${folder.shown}`,
    migrations: files.map((file) => unrecorded(file.name.replace(/\.[cm]?[jt]s$/, ""), file)),
    ledger,
    program: {
      command: ownCommand(
        command,
        {
          tool: "MikroORM",
          script: /\bmikro-orm(?:-esm)?\b.*\bmigration:up\b/,
          usual: () => ["npx", "mikro-orm", "migration:up"],
        },
        cwd,
      ),
      cwd,
      sends: "deploy",
      nameColumns: ["name"],
      ownTables: [ledger.table],
      isListed: true,
      takesBack: "npx mikro-orm migration:down",
      settings: ["ts", "js", "cjs", "mjs"].flatMap((end) =>
        ["", "src/"].map((place) => join(cwd, `${place}mikro-orm.config.${end}`)),
      ),
    },
  };
};
