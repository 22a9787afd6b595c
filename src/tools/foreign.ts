import { LockstepError } from "../errors/index.ts";
import type { Folder } from "./folder.ts";

/** What applies a folder of a tool whose ledger Lockstep does not keep. */
const ownCommands: Readonly<Record<string, string>> = {
  atlas: "`atlas migrate apply`",
  tern: "`tern migrate`",
  "sql-migrate": "`sql-migrate up`",
  "postgres-migrations": "the program that calls its migrate()",
  prairielearn: "the program that calls init() of @prairielearn/migrations (`pnpm migrate` there)",
};

/** The error for a folder of such a tool: with a ledger of Lockstep's own beside its tool's, each would run the other's migrations again. */
export function othersFolder({ shown }: Folder, tool: string): LockstepError {
  return new LockstepError("migration-unsupported", {
    what: `${shown} is applied by ${tool}, whose ledger Lockstep does not keep`,
    expected: "plain SQL that no other tool applies, or a folder of a tool whose ledger is kept",
    found: `a folder of ${tool}`,
    from: shown,
    why: "with a ledger of Lockstep's own beside it, each of the two would run again what the other has applied",
    next: [
      `go on with ${ownCommands[tool] ?? "its own command"}; lockstep check, contract and gate work beside it`,
      `if ${tool} does not apply this folder: \`migrations.tool: "sql"\` in lockstep.config`,
    ],
  });
}

/** The error for folders of `NAME/up.sql` of which nothing says that they are Diesel's. */
export function foreignUps(folder: Folder, found: string): LockstepError {
  return new LockstepError("migration-unsupported", {
    what: `it is not certain which tool made ${folder.shown}`,
    expected: "a diesel.toml or a Cargo.toml that names Diesel, in the folder or above",
    found: `${found}, and neither`,
    from: folder.shown,
    why: "Diesel and Hasura name their files alike, but keep their ledgers differently",
    next: [
      'if Diesel applies it: `migrations.tool: "diesel"` in lockstep.config',
      "if Hasura does: go on with `hasura migrate apply`; lockstep check, contract and gate work beside it",
    ],
  });
}

/** The error for folders of `NAME/migration.sql` of which nothing says whether they are Prisma's or Drizzle Kit's. */
export function foreignFolders(folder: Folder, found: string): LockstepError {
  return new LockstepError("migration-unsupported", {
    what: `it is not certain which tool made ${folder.shown}`,
    expected: "Prisma's migration_lock.toml, or a snapshot.json of Drizzle Kit's",
    found: `${found}, and neither`,
    from: folder.shown,
    why: "Prisma and Drizzle Kit 1.0 name their folders alike, but keep their ledgers differently",
    next: [
      'if Prisma made it: bring migration_lock.toml back, or `migrations.tool: "prisma"` in lockstep.config',
      'if Drizzle Kit made it: `migrations.tool: "drizzle"` in lockstep.config',
    ],
  });
}
