import { setTimeout as sleep } from "node:timers/promises";
import { LockstepError } from "../errors/index.ts";
import { longTransactions, redact } from "../pg/index.ts";
import { runCommand } from "../processes/index.ts";
import { sessionName, type Keeper, type RunOptions } from "../runner/index.ts";
import { sessionOptions, takesOptions, targetVariables } from "./environment.ts";
import type { WrappedRequest } from "./request.ts";
import { Watch, type Seen } from "./watch.ts";

/** A command that may be run several times under one lock. */
interface Under {
  readonly request: Pick<
    WrappedRequest,
    "url" | "command" | "cwd" | "env" | "urlVariables" | "everyUrl" | "emit"
  >;
  readonly run: string;
  readonly options: RunOptions;
  readonly keeper: Keeper;
  readonly halt: AbortSignal;
}

/** How one run of it ended. */
export interface Attempt {
  readonly ended: string;
  readonly tail: readonly string[];
  readonly seen: Seen;
}

/** Runs of a command whose sessions are limited and watched. */
export class Attempts {
  readonly #under: Under;
  /** Sessions of the command that were seen with what was pushed into them. */
  #guarded = 0;

  constructor(under: Under) {
    this.#under = under;
  }

  /** True when its sessions were seen with the settings that were pushed into them. */
  get isGuarded(): boolean {
    return this.#guarded > 0;
  }

  /** Tells which transactions have been open for long: what they have locked is waited for. */
  async tellBlockers(): Promise<void> {
    const { keeper, request } = this.#under;
    const { emit } = request;
    const long = await keeper.use(async (own) => longTransactions(own, { olderThanSeconds: 5 }));
    for (const { pid, application, user, state, transactionSeconds, query } of long)
      emit({
        type: "notice",
        severity: "warning",
        message: `backend ${pid} (${application || user}) is in a transaction for ${Math.round(transactionSeconds)} s (${state}): migrations wait for what it has locked. ${query}`,
      });
  }

  /**
   * What the command's sessions are to begin with; undefined where a pooler takes no settings, which is told.
   * @param waitsByDesign something in it is CONCURRENTLY
   */
  async settings(waitsByDesign: boolean): Promise<string | undefined> {
    const { request, run, options, keeper } = this.#under;
    const endsOrphans = await keeper.use(async (own) => {
      try {
        await own.batch("BEGIN; SET LOCAL client_connection_check_interval = 500; ROLLBACK");
        return true;
      } catch {
        // Where the kernel cannot tell that a client is gone.
        await own.batch("ROLLBACK");
        return false;
      }
    });
    const settings = sessionOptions({
      application_name: sessionName(run),
      // CONCURRENTLY waits for older transactions by design, and leaves an invalid index when it is cut short: then waits are
      // ended from our own session, which sees what waits.
      ...(waitsByDesign ? {} : { lock_timeout: String(options.lockTimeoutMs) }),
      ...(endsOrphans ? { client_connection_check_interval: "500" } : {}),
    });
    if (await takesOptions(request.url, settings)) return settings;
    request.emit({
      type: "notice",
      severity: "warning",
      message:
        "the pooler at this address takes no settings for the command's sessions: its waits for locks are limited from here alone, and what a killed command has begun goes on in the server. A direct address has neither",
    });
    return undefined;
  }

  /** Runs it, and waits until its sessions are gone. */
  async once(settings: string | undefined): Promise<Attempt> {
    const { request, run, options, halt } = this.#under;
    const { url, command, cwd, env, urlVariables: names, everyUrl, emit } = request;
    const mark = sessionName(run);
    await using watch = await Watch.open({
      url,
      mark,
      lockTimeoutMs: options.lockTimeoutMs,
      emit,
    });
    const { ended, tail } = await runCommand({
      command,
      cwd,
      env: targetVariables({ url, names, everyUrl }, { name: mark, options: settings }, env),
      emit,
      signal: halt,
      redact: (line) => redact(line, url),
    });
    await this.#awaitSessions(watch, mark);
    const { seen } = watch;
    if (settings !== undefined) this.#guarded += seen.sessions.size;
    return { ended, tail, seen };
  }

  /** What a command has sent may run on after its end: what it did is known only when its sessions are gone. */
  async #awaitSessions(watch: Watch, mark: string): Promise<void> {
    const { options, halt } = this.#under;
    const deadline = Date.now() + options.orphanWaitMs;
    while (!(await watch.isGone())) {
      if (Date.now() > deadline || halt.aborted) await watch.end();
      if (Date.now() > deadline + options.orphanWaitMs)
        throw new LockstepError("orphan-still-running", {
          what: "the command has ended, and a session of it is still at work",
          expected: "nothing of it at work",
          found: `a session that calls itself ${mark}`,
          from: "pg_stat_activity",
          why: "it was killed in the middle of a statement that does not give way to a cancel",
          next: ["lockstep blockers list shows it; then run the same command again"],
        });
      await sleep(100);
    }
  }

  /** Waits a moment before it is run again, and says why. */
  async pause(attempt: number, why: string): Promise<void> {
    const { request, halt } = this.#under;
    const pauseMs = Math.min(250 * 2 ** (attempt - 1) * (0.5 + Math.random()), 15_000);
    request.emit({
      type: "notice",
      severity: "warning",
      message: `${why}. It is run again in ${Math.round(pauseMs)} ms`,
    });
    await sleep(pauseMs, undefined, { signal: halt }).catch(() => {});
  }

  /** Says so where nothing shows that its waits for locks were limited. */
  tellUnguarded(): void {
    if (this.isGuarded) return;
    this.#under.request.emit({
      type: "notice",
      severity: "info",
      message:
        "that the command's waits for locks were limited is not shown: none of its sessions was seen with what Lockstep gave it in PGOPTIONS and in options= of the URL. They were too short, or the tool names its sessions itself or passes the settings over",
    });
  }
}
