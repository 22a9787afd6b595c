import { byPrefix, nodePgMigrateLedger } from "../node-pg-migrate.ts";
import { ownCommand } from "./own-command.ts";
import { programFiles, unrecorded } from "./program-files.ts";
import type { ProgramReader } from "./program-reader.ts";

/**
 * A folder of node-pg-migrate's with programs in it: by the number in front, files of SQL among them. All that is pending is
 * one transaction, broken where a migration calls `noTransaction()`.
 *
 * @throws LockstepError `folder-empty`, `file-unreadable`
 */
export const readNodePgMigratePrograms: ProgramReader = (folder, { place, command, cwd }) => {
  // Whatever is a file and does not begin with a dot is a migration to it.
  const files = programFiles(folder, /^/, "1700000000000_add-users.js").toSorted((a, b) =>
    byPrefix(a.name, b.name),
  );
  const ledger = nodePgMigrateLedger(place);
  return {
    tool: "node-pg-migrate",
    path: folder.shown,
    source: `node-pg-migrate:${folder.shown}`,
    migrations: files.map((file) => unrecorded(file.name.replace(/\.[^.]+$/, ""), file)),
    ledger,
    program: {
      command: ownCommand(
        command,
        {
          tool: "node-pg-migrate",
          script: /\bnode-pg-migrate\b.*\bup\b/,
          usual: () => ["npx", "node-pg-migrate", "up", "-m", folder.shown],
        },
        cwd,
      ),
      cwd,
      sends: "deploy",
      nameColumns: ["name"],
      ownTables: [ledger.table],
      isListed: true,
      takesBack: `npx node-pg-migrate down -m ${folder.shown}`,
      settings: [],
    },
  };
};
