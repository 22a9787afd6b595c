import { fingerprint, introspect } from "../catalog/index.ts";
import { isLockstepError, LockstepError } from "../errors/index.ts";
import { noteRun, recordMigrationSql, type Signature } from "../ledger/index.ts";
import { redact } from "../pg/index.ts";
import { readOutstanding, type Keeper, type RunOptions } from "../runner/index.ts";
import type { Migration, MigrationFolder } from "../tools/index.ts";
import { Attempts } from "./attempts.ts";
import { commandEnd, stuckTool } from "./failure.ts";
import type { WrappedRequest } from "./request.ts";
import { isTransactional, textsOf, wasLockFailure } from "./retry.ts";
import { brokenEffects, invalidIndexes } from "./verify.ts";

/** A run that holds the lock. */
export interface Locked {
  readonly request: WrappedRequest;
  readonly run: string;
  readonly options: RunOptions;
  /** Grows as migrations are seen to be applied. */
  readonly applied: Migration[];
}

export interface Done {
  readonly adopted?: readonly string[];
  readonly ended?: string | undefined;
  readonly attempts?: number;
  readonly isGuarded?: boolean;
  readonly isVerified?: boolean;
  readonly fingerprint?: string | undefined;
}

/** What the database says at one moment. */
interface Facts {
  readonly pending: readonly Migration[];
  readonly fingerprint: string;
}

/** A command under the lock, with its attempts. */
export class GuardedCommand {
  readonly #locked: Locked;
  readonly #keeper: Keeper;
  readonly #halt: AbortSignal;
  readonly #by: Signature;
  readonly #attempts: Attempts;

  constructor(locked: Locked, keeper: Keeper, halt: AbortSignal) {
    this.#locked = locked;
    this.#keeper = keeper;
    this.#halt = halt;
    const { request, run, options } = locked;
    this.#attempts = new Attempts({ request, run, options, keeper, halt });
    this.#by = { source: request.folder.source, run, fence: keeper.fence };
  }

  async go(): Promise<Done> {
    const { request, options, run, applied } = this.#locked;
    const { folder, emit } = request;
    const { todo } = await this.#outstanding();
    const [lost] = todo.unlisted;
    if (lost !== undefined) throw unlisted(folder, lost);
    const adopted = todo.adopt.map(({ id }) => id);
    await this.#record(todo.adopt, "adopted");
    if (todo.pending.length === 0) return { adopted };
    const stuck = await this.#keeper.use(async (own) => folder.program?.stuck?.(own));
    if (stuck !== undefined) throw stuckTool(folder, stuck);
    const recorded = await request.recorded();
    await this.#attempts.tellBlockers();
    const invalid = new Set(await this.#keeper.use(invalidIndexes));
    let before = await this.#facts(todo.pending);
    const settings = await this.#attempts.settings(
      textsOf(recorded, todo.pending, request.root).some((text) => /concurrently/i.test(text)),
    );
    const began = performance.now();
    for (let attempt = 1; ; attempt++) {
      const { ended, tail, seen } = await this.#attempts.once(settings);
      const after = await this.#facts(undefined);
      const newly = before.pending.filter(({ id }) => !after.pending.some((one) => one.id === id));
      await this.#record(newly, "applied");
      applied.push(...newly);
      // Which took how long, the command knows.
      const ms = performance.now() - began;
      for (const { id: migration } of newly) emit({ type: "migration.finished", migration, ms });
      if (this.#halt.aborted) throw this.#stopped(after, ended);
      if (after.pending.length === 0) {
        const { isGuarded } = this.#attempts;
        this.#tellEnd(ended);
        if (settings !== undefined) this.#attempts.tellUnguarded();
        await this.#verify(recorded, applied, invalid);
        await this.#keeper.use(async (own) =>
          noteRun(own, run, { ended, attempts: attempt, fingerprint: after.fingerprint }),
        );
        const isVerified = recorded !== undefined;
        const { fingerprint: print } = after;
        return { adopted, ended, attempts: attempt, isGuarded, isVerified, fingerprint: print };
      }
      const isLock = wasLockFailure(seen, tail);
      const isWhole = isTransactional(recorded ?? folder, after.pending, request.root);
      const spent = performance.now() - began;
      const mayRetry =
        isLock &&
        isWhole &&
        (newly.length > 0 || after.fingerprint === before.fingerprint) &&
        spent < options.retryForMs &&
        attempt < options.attempts;
      if (!mayRetry)
        throw commandEnd({
          command: redact(request.shown, request.url),
          ended,
          tail,
          seen,
          isLock,
          isWhole,
          applied: newly,
          pending: after.pending,
          isChanged: newly.length > 0 || after.fingerprint !== before.fingerprint,
          ledger: folder.ledger!,
          attempts: attempt,
        });
      await this.#attempts.pause(
        attempt,
        `the command gave way to another session (${ended}); nothing of what is pending remained`,
      );
      if (this.#halt.aborted) throw this.#stopped(after, ended);
      before = after;
    }
  }

  async #outstanding() {
    const { request, options } = this.#locked;
    return this.#keeper.use(async (own) => readOutstanding(own, request.folder, options));
  }

  /** @param pending what is known to be, when it was just read */
  async #facts(pending: readonly Migration[] | undefined): Promise<Facts> {
    const { folder } = this.#locked.request;
    const own = folder.program?.ownTables ?? [folder.ledger!.table];
    const ignore = own.map((table) => ({ schema: folder.ledger!.schema, table }));
    const left = pending ?? (await this.#outstanding()).todo.pending;
    const print = await this.#keeper.use(async (session) =>
      fingerprint(await introspect(session, { ignore })),
    );
    return { pending: left, fingerprint: print };
  }

  async #record(migrations: readonly Migration[], how: "applied" | "adopted"): Promise<void> {
    if (migrations.length === 0) return;
    const rows = migrations.map(({ id, checksum }) =>
      recordMigrationSql(this.#by, { id, checksum, how }),
    );
    // In one message, and so in one transaction.
    await this.#keeper.use(async (own) => own.batch(rows.join(";\n")));
  }

  #tellEnd(ended: string): void {
    const { emit } = this.#locked.request;
    if (ended !== "exit code 0")
      emit({
        type: "notice",
        severity: "warning",
        message: `the command ended with ${ended}, and everything that was pending is applied: that counts`,
      });
  }

  async #verify(
    recorded: MigrationFolder | undefined,
    applied: readonly Migration[],
    invalidBefore: ReadonlySet<string>,
  ): Promise<void> {
    const broken = await this.#keeper.use(async (own) => {
      const invalid = (await invalidIndexes(own)).filter((name) => !invalidBefore.has(name));
      const effects =
        recorded === undefined
          ? []
          : await brokenEffects(own, recorded, new Set(applied.map(({ id }) => id)));
      return [...invalid.map((name) => `index ${name} is invalid: its build failed`), ...effects];
    });
    if (broken.length === 0) return;
    throw new LockstepError("postcondition-failed", {
      what: "the tool's ledger says that everything is applied, and the catalog says otherwise",
      expected: "the effect of every statement in the catalog",
      found: broken.slice(0, 5).join("; "),
      from: this.#locked.request.folder.path,
      why: "a statement failed and the tool went on, or somebody changed the schema meanwhile",
      next: ["put right what is named above", "lockstep status shows how the catalog differs"],
    });
  }

  #stopped({ pending }: Facts, ended: string): unknown {
    const reason: unknown = this.#halt.reason;
    if (!isLockstepError(reason)) return reason;
    const { applied } = this.#locked;
    const { found = "", ...rest } = reason.explanation;
    const left = `${applied.length} applied and recorded, ${pending.length} still pending`;
    return new LockstepError(reason.code, {
      ...rest,
      found: `${found}; the command ended with ${ended}: ${left}`,
    });
  }
}

function unlisted({ ledger }: MigrationFolder, { id, file }: Migration): LockstepError {
  return new LockstepError("migration-unresolved", {
    what: `the two ledgers disagree on "${id}"`,
    expected: `a row for it in ${ledger!.schema}.${ledger!.table}, as in lockstep.migration`,
    found: "no row: the tool would run it again",
    from: file,
    why: "somebody deleted the row to have the migration run again, took it back with the tool's own command, or restored one of the two tables",
    next: [
      `when it is applied: lockstep resolve ${id} --as applied`,
      `when it is not: lockstep resolve ${id} --as rolled-back, then the same command again`,
    ],
  });
}
