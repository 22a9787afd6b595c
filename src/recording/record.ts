import { createHash } from "node:crypto";
import { isLockstepError, LockstepError } from "../errors/index.ts";
import { lastWords } from "../processes/index.ts";
import { startScratch, type Scratch } from "../scratch/index.ts";
import type { Migration, MigrationFolder, Program, Sending } from "../tools/index.ts";
import { attribute, type Attributed } from "./attribute.ts";
import { committedOf } from "./committed.ts";
import { fileOf, textOfFile } from "./files.ts";
import { layOut } from "./layout.ts";
import { notedBy } from "./ledger-writes.ts";
import { readKept, recordingKey, writeKept, type KeptMigration } from "./kept.ts";
import { runOnScratch, type Ran } from "./run-on-scratch.ts";
import type { Sent } from "./wire/conversation.ts";

export interface RecordRequest {
  /** One with a `program`. */
  readonly folder: MigrationFolder;
  /** What paths of the folder are relative to, absolute. */
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Variables that the project keeps its URL in. */
  readonly urlVariables: readonly string[];
  readonly scratch: { readonly major?: number | undefined; readonly url?: string | undefined };
  /** True: the command is run though an earlier recording would do. */
  readonly again?: boolean | undefined;
  /** How long the command may take, in ms; 600,000 by default. */
  readonly limitMs?: number | undefined;
}

/**
 * The same folder with the SQL of its migrations: its tool's own command is run on an empty scratch database, and everything
 * that it sends is heard on the wire. What was recorded is kept, by the hash of all files that decide it.
 *
 * @throws LockstepError `recording-failed` when the command does not apply every migration there, `scratch-unavailable`
 */
export async function recordFolder(request: RecordRequest): Promise<MigrationFolder> {
  const { folder } = request;
  const program = folder.program!;
  const key = recordingKey(request);
  const kept = request.again === true ? undefined : readKept(key, request.env);
  const migrations = kept ?? (await record(request, program));
  if (kept === undefined) writeKept(key, migrations, request.env);
  return withSql(request, migrations);
}

async function record(request: RecordRequest, program: Program): Promise<readonly KeptMigration[]> {
  const { folder, cwd, scratch: options } = request;
  const { major, url } = options;
  await using scratch: Scratch = await startScratch({
    ...(major === undefined ? {} : { major }),
    ...(url === undefined ? {} : { url }),
  });
  const { sent, ran } = await runOnScratch(scratch, request);
  const committed = await committedOf(sent);
  const { migrations } = attribute(committed, {
    table: folder.ledger!.table,
    nameColumns: program.nameColumns,
    ownTables: program.ownTables,
  });
  await requireAll(folder, migrations, ran, sent);
  return migrations.map((one) => keptOf(one, fileOf(folder, one.name, cwd), cwd));
}

function keptOf(
  { name, statements, sent }: Attributed,
  file: string | undefined,
  cwd: string,
): KeptMigration {
  const unwritable = statements.find(({ lacks }) => lacks !== undefined);
  if (unwritable !== undefined)
    throw new LockstepError("recording-failed", {
      what: `a statement of ${file ?? name} cannot be written down: ${unwritable.lacks}`,
      expected: "parameters in a form that can be written as literals",
      found: unwritable.statement.sql.slice(0, 200),
      from: file ?? name,
      why: "the driver sends this type in a binary form that is not known here",
      next: ["write the value into the statement, or send it as text with a cast"],
    });
  const program = file === undefined ? "" : textOfFile(file, cwd);
  return { name, file, sql: layOut(program, statements, sent === "mixed"), sent };
}

/** Whatever was not noted as run is not known: nothing is left out without a word. */
async function requireAll(
  folder: MigrationFolder,
  recorded: readonly Attributed[],
  { shown, ok, ended, tail }: Ran,
  sent: readonly Sent[],
): Promise<void> {
  const names = new Set(recorded.map(({ name }) => name));
  const missing = folder.migrations.find(({ id }) => !names.has(id));
  if (missing === undefined && recorded.length > 0) return;
  const ledger = `${folder.ledger!.schema}.${folder.ledger!.table}`;
  // What a failed transaction refuses afterwards tells nothing.
  const failed = sent.findLast(({ error }) => error !== undefined && error.sqlstate !== "25P02");
  const at = (await failedIn(folder, sent, failed?.number)) ?? missing;
  throw new LockstepError("recording-failed", {
    what:
      at === undefined
        ? `${shown} has noted no migration in ${ledger} of an empty scratch database`
        : `${shown} did not apply ${at.file} on an empty scratch database`,
    expected: `a row in ${ledger} for each migration of ${folder.path}`,
    found:
      failed === undefined
        ? `${names.size} of them, and the command ended with ${ended}\n${lastWords(tail, 5)}`.trimEnd()
        : `${failed.error!.message}, at: ${failed.sql.slice(0, 200)}`,
    from: at?.file ?? folder.path,
    why:
      failed === undefined
        ? ok
          ? "the command does something else than to apply this folder, its ledger has another name (migrations.ledger), or it has no need of a migration that is here"
          : "the program gave up by itself, and no statement failed: a variable or a file that it needs is missing here, as a rule"
        : "the migration fails on an empty database: it is wrong, or needs rows, an extension or a role that scratch lacks",
    next: [
      ...(failed === undefined && !ok
        ? ["set what it asks for: any value will do on scratch"]
        : []),
      `run it by hand against an empty database: ${shown}`,
      "or say which command applies the folder: migrations.command in lockstep.config",
    ],
  });
}

/**
 * The migration behind the last one that was noted, whether or not that was committed.
 * @param until the number of the statement that failed; undefined where none did
 */
async function failedIn(
  { migrations, ledger, program }: MigrationFolder,
  sent: readonly Sent[],
  until = Infinity,
): Promise<Migration | undefined> {
  const before = sent
    .filter(({ number, error }) => number < until && error === undefined)
    .map((one) => ({ ...one, connection: one.number }));
  const target = { table: ledger!.table, nameColumns: program!.nameColumns };
  const noted = (await committedOf(before)).flatMap(
    ({ statement }) => notedBy(statement, target) ?? [],
  );
  return migrations.find(({ id }) => !noted.includes(id));
}

/** The folder with what was recorded, in the tool's order. */
function withSql(
  { folder, cwd }: RecordRequest,
  recorded: readonly KeptMigration[],
): MigrationFolder {
  const program = folder.program!;
  const byName = new Map(recorded.map((one) => [one.name, one]));
  const listed: readonly Pick<Migration, "id" | "file" | "checksum">[] = program.isListed
    ? folder.migrations
    : recorded.map(({ name, file, sql }) => ({
        id: name,
        file: file ?? name,
        checksum: digest(file === undefined ? sql : textOfFile(file, cwd)),
      }));
  const sendings = sendingsOf(program, recorded);
  return {
    ...folder,
    program: { ...program, isListed: true },
    migrations: listed.map(({ id, file, checksum }) => {
      const { sql, sent } = byName.get(id)!;
      const sends = sendings.get(id);
      const isAlone = sql !== "" && (sent === "statement" || sent === "mixed");
      return {
        id,
        file,
        checksum,
        sql,
        transaction: isAlone ? "statement" : "file",
        ...(sends === undefined ? {} : { sends }),
        native: {},
        recorded: digest(sql),
      };
    }),
  };
}

/**
 * How each migration asks to be sent, beside what its tool does with one that says nothing. The whole history was run at
 * once: one migration that is no transaction makes Knex run each of the others in one of its own, which says nothing of
 * the next run.
 */
function sendingsOf(
  { sends }: Program,
  recorded: readonly KeptMigration[],
): ReadonlyMap<string, Sending | undefined> {
  const together = recorded.some(({ sent }) => sent === "deploy");
  const optsOut = recorded.some(({ sent, sql }) => sql !== "" && sent === "statement");
  return new Map(
    recorded.map(({ name, sent, sql }) => {
      if (sql === "") return [name, undefined];
      if (sent === "mixed" || sent === "statement")
        return [name, sends === "statement" ? undefined : "statement"];
      if (sent === "deploy") return [name, sends === "deploy" ? undefined : "deploy"];
      const mayBeTogether = sends === "deploy" && (together || optsOut || recorded.length === 1);
      return [name, mayBeTogether ? undefined : "file"];
    }),
  );
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** True for what a recording may fail with and a caller may go on without. */
export function isNotRecorded(error: unknown): error is LockstepError {
  return (
    isLockstepError(error) &&
    (error.code === "recording-failed" || error.code === "scratch-unavailable")
  );
}
