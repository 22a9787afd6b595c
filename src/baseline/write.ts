import { LockstepError } from "../errors/index.ts";
import { parseSql } from "../sql/index.ts";
import { nextMark, nextMigration, writeNext, type MigrationFolder } from "../tools/index.ts";
import type { ReconcilingMigration } from "./migration.ts";

export interface WriteRequest {
  readonly folder: MigrationFolder;
  readonly migration: ReconcilingMigration;
  /** What paths of the folder are relative to, absolute. */
  readonly root: string;
  /** Reads the folder again, as its tool would; programs are recorded from their own command. */
  readonly reread: () => Promise<MigrationFolder>;
  /** What else belongs to it, done last: where it fails, all is taken back too. */
  readonly settle?: (() => Promise<void>) | undefined;
}

/** A migration that was written into its tool's folder. */
export interface WrittenMigration {
  readonly id: string;
  /** Every file that was made, and the list that names it. */
  readonly files: readonly string[];
  readonly remarks: readonly string[];
}

/**
 * Writes the reconciling statements as the next migration of the folder, as its tool names and writes one, and reads it
 * again as the tool would: it must come last, with these very statements, or all of it is taken back.
 *
 * @throws LockstepError `baseline-unwritable`, `migration-unsupported`, `usage`, `file-unwritable`, and what reading and settling throw
 */
export async function writeReconciling(request: WriteRequest): Promise<WrittenMigration> {
  const { folder, migration, root, reread } = request;
  const { parts } = migration;
  const last = folder.migrations.at(-1)!;
  const head = [
    `Brings a database to what ${folder.path} makes up to ${last.id}.`,
    `Where it is so already, nothing is changed. ${nextMark}`,
  ];
  const next = nextMigration(folder, { head, parts }, { root, now: new Date() });
  const written = writeNext(next, root);
  try {
    const added = (await reread()).migrations.slice(folder.migrations.length);
    const wanted = parts.flatMap(({ statements }) => statements);
    const [own] = added;
    const isRight =
      own !== undefined &&
      added.length === 1 &&
      next.created.some(({ file }) => file === own.file) &&
      sameTexts(await statementsIn(own.sql, own.file), wanted);
    if (!isRight) throw readOtherwise(next.created[0]!.file, added);
    await request.settle?.();
    return { id: own.id, files: written.files, remarks: next.remarks };
  } catch (error) {
    written.undo();
    throw error;
  }
}

/** Without what a tool's driver sets for its session, and the transactions that it makes. */
async function statementsIn(sql: string, file: string): Promise<readonly string[]> {
  return (await parseSql(sql, file)).flatMap((statement) =>
    /^(?:VariableSet|Transaction)Stmt$/.test(statement.kind) ? [] : [statement.sql],
  );
}

function sameTexts(found: readonly string[], wanted: readonly string[]): boolean {
  const plain = (sql: string) => sql.trim();
  return JSON.stringify(found.map(plain)) === JSON.stringify(wanted.map(plain));
}

function readOtherwise(file: string, added: MigrationFolder["migrations"]): LockstepError {
  const [own] = added;
  return new LockstepError("baseline-unwritable", {
    what: `${file} would not be read as it was meant: it is taken away again`,
    expected: "one migration more, behind all others, with the statements that were written",
    found:
      own === undefined
        ? "the same migrations as before"
        : own.file === file
          ? `other statements: ${own.sql.trim().slice(0, 200)}`
          : `${own.file} at its place`,
    from: file,
    why: "the tool orders its migrations in another way, or says something else with a part of the text",
    next: [
      "write an empty migration with the tool's own command",
      "and move into it what this prints: lockstep baseline --write-reconcile fix.sql",
    ],
  });
}
