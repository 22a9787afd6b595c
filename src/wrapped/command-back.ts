import { fingerprint, introspect, type Catalog } from "../catalog/index.ts";
import { forgetMigrationSql, noteRun } from "../ledger/index.ts";
import { redact, type Session } from "../pg/index.ts";
import type { Keeper, RunOptions } from "../runner/index.ts";
import type { Migration, MigrationFolder } from "../tools/index.ts";
import { Attempts, type Attempt } from "./attempts.ts";
import { backEnd, notOnlyIt, otherwiseBack } from "./back-failure.ts";
import { stuckTool } from "./failure.ts";
import type { WrappedRequest } from "./request.ts";
import { wasLockFailure } from "./retry.ts";

/** A tool's own way back, of which it is known what it does. */
export interface BackRequest extends Pick<
  WrappedRequest,
  | "url"
  | "folder"
  | "command"
  | "shown"
  | "cwd"
  | "env"
  | "urlVariables"
  | "everyUrl"
  | "emit"
  | "signal"
  | "options"
> {
  readonly run: string;
  /** The last applied one. */
  readonly migration: Migration;
  /** True when nothing remains of one that fails and leaves catalog and ledger as they were: it can be run again. */
  readonly isWhole: boolean;
  /** Something in it is CONCURRENTLY. */
  readonly waitsByDesign: boolean;
  /** Asked under the lock, right before the command is run. */
  readonly recheck: () => Promise<void>;
  /** Compares the catalogs on both sides of it with what it did on scratch. */
  readonly judge: (before: Catalog, after: Catalog) => Promise<BackVerdict>;
  /** What of it the catalog has already as it is to be afterwards: one that was cut off has done that part. */
  readonly doneIn: (before: Catalog) => Promise<readonly string[]>;
}

export interface BackVerdict {
  /** What is not as it is to be after the way back, in words. */
  readonly broken: readonly string[];
  /** What else is other than before. */
  readonly besides: readonly string[];
}

/** What the database says at one moment. */
interface Facts {
  /** Ids that the tool's ledger has. */
  readonly listed: ReadonlySet<string>;
  readonly catalog: Catalog;
  readonly print: string;
}

/** A tool's own way back under the lock, with its attempts. */
export class CommandBack {
  readonly #request: BackRequest;
  readonly #options: RunOptions;
  readonly #keeper: Keeper;
  readonly #halt: AbortSignal;
  readonly #attempts: Attempts;

  constructor(request: BackRequest, options: RunOptions, keeper: Keeper, halt: AbortSignal) {
    this.#request = request;
    this.#options = options;
    this.#keeper = keeper;
    this.#halt = halt;
    this.#attempts = new Attempts({ request, run: request.run, options, keeper, halt });
  }

  async go(): Promise<void> {
    const { folder, migration, recheck, isWhole, waitsByDesign, doneIn } = this.#request;
    const stuck = await this.#keeper.use(async (own) => folder.program?.stuck?.(own));
    if (stuck !== undefined) throw stuckTool(folder, stuck);
    await this.#attempts.tellBlockers();
    const settings = await this.#attempts.settings(waitsByDesign);
    const began = performance.now();
    for (let attempt = 1; ; attempt++) {
      await recheck();
      const before = await this.#facts();
      const done = await this.#attempts.once(settings);
      const after = await this.#facts();
      const gone = [...before.listed].filter((id) => !after.listed.has(id));
      if (gone.length === 1 && gone[0] === migration.id) {
        if (settings !== undefined) this.#attempts.tellUnguarded();
        await this.#settle(before, after, done, attempt);
        return;
      }
      if (gone.length > 0) throw notOnlyIt(this.#shown(), migration, gone);
      const isChanged = after.print !== before.print;
      const isLock = wasLockFailure(done.seen, done.tail);
      const isAgain =
        isLock &&
        isWhole &&
        !isChanged &&
        !this.#halt.aborted &&
        performance.now() - began < this.#options.retryForMs &&
        attempt < this.#options.attempts;
      if (!isAgain)
        throw backEnd({
          ...done,
          command: this.#shown(),
          migration,
          isLock,
          isWhole,
          isChanged,
          done: await doneIn(before.catalog),
          attempts: attempt,
          halted: this.#halt.aborted ? (this.#halt.reason as unknown) : undefined,
        });
      await this.#attempts.pause(
        attempt,
        `the command gave way to another session (${done.ended}); ledger and catalog are as before`,
      );
    }
  }

  #shown(): string {
    return redact(this.#request.shown, this.#request.url);
  }

  /** Both ledgers say that it is pending, if the catalog is as it was seen on scratch. */
  async #settle(before: Facts, after: Facts, { ended }: Attempt, attempts: number): Promise<void> {
    const { folder, migration, run, judge, emit } = this.#request;
    const { broken, besides } = await judge(before.catalog, after.catalog);
    if (broken.length > 0) throw otherwiseBack(this.#shown(), migration, folder, broken);
    if (besides.length > 0)
      emit({
        type: "notice",
        severity: "warning",
        message: `beside what was seen on scratch, the schema changed meanwhile: ${besides.slice(0, 5).join("; ")}`,
      });
    if (ended !== "exit code 0")
      emit({
        type: "notice",
        severity: "warning",
        message: `the command ended with ${ended}, and ${migration.id} is taken back: that counts`,
      });
    const sql = forgetMigrationSql(folder.source, migration.id);
    await this.#keeper.use(async (own) => {
      // In one message, and so in one transaction.
      await own.batch(sql.join(";\n"));
      await noteRun(own, run, { ended, attempts, fingerprint: after.print });
    });
  }

  async #facts(): Promise<Facts> {
    const { folder } = this.#request;
    return this.#keeper.use(async (session) => {
      const listed = await listedIn(session, folder);
      const own = folder.program?.ownTables ?? [];
      const ignore = own.map((table) => ({ schema: folder.ledger!.schema, table }));
      const catalog = await introspect(session, { ignore });
      return { listed, catalog, print: await fingerprint(catalog) };
    });
  }
}

/** Labels count too: a row of which no file is known is one all the same. */
async function listedIn(
  session: Session,
  { ledger, migrations }: MigrationFolder,
): Promise<ReadonlySet<string>> {
  const rows = await ledger!.read(session, migrations);
  return new Set(rows.map(({ id, label }) => id ?? label));
}
