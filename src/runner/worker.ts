import type { Emit } from "../events/index.ts";
import { Session, type BatchResult } from "../pg/index.ts";
import { closeSoon } from "./close.ts";
import type { RunOptions } from "./options.ts";
import { sessionName } from "./session-names.ts";

/**
 * The session that sends a run's statements. Everything a file may leave behind in it can be taken back, and it can
 * be opened anew when the connection is lost.
 */
export class Worker implements AsyncDisposable {
  readonly #url: string;
  readonly #run: string;
  readonly #options: RunOptions;
  readonly #emit: Emit;
  #session: Session;
  #pid = 0;
  #isListening = false;

  private constructor(url: string, run: string, options: RunOptions, emit: Emit, session: Session) {
    this.#emit = emit;
    this.#url = url;
    this.#run = run;
    this.#options = options;
    this.#session = session;
  }

  static async open(url: string, run: string, options: RunOptions, emit: Emit): Promise<Worker> {
    const session = await Session.open({ url, applicationName: sessionName(run) });
    const worker = new Worker(url, run, options, emit, session);
    await worker.#prepare();
    return worker;
  }

  get session(): Session {
    return this.#session;
  }

  /** Of the backend, for pg_stat_activity and pg_cancel_backend. */
  get pid(): number {
    return this.#pid;
  }

  get name(): string {
    return sessionName(this.#run);
  }

  /** Our own settings, as statements to be repeated after anything that resets a session. */
  get settings(): readonly string[] {
    const { lockTimeoutMs, statementTimeoutMs } = this.#options;
    return [
      `SET lock_timeout = ${lockTimeoutMs}`,
      // The wait for the lock counts as run time of the statement.
      `SET statement_timeout = ${statementTimeoutMs + lockTimeoutMs}`,
      "SET idle_in_transaction_session_timeout = 60000",
      "SET tcp_keepalives_idle = 10",
      "SET tcp_keepalives_interval = 5",
      "SET tcp_keepalives_count = 3",
      "SET application_name TO DEFAULT",
      // Not a plain SET: it is refused where the kernel cannot tell that a client is gone (manual 19.3.2).
      "DO $$BEGIN SET client_connection_check_interval = 500; EXCEPTION WHEN invalid_parameter_value THEN NULL; END$$",
    ];
  }

  async batch(text: string): Promise<readonly BatchResult[]> {
    return this.#session.batch(text);
  }

  /** Sends what is the file's own: notices and warnings that it raises are told. */
  async send<Result>(task: (session: Session) => Promise<Result>): Promise<Result> {
    this.#isListening = true;
    try {
      return await task(this.#session);
    } finally {
      this.#isListening = false;
    }
  }

  /** Takes back settings and roles, keeping temporary tables and prepared statements. */
  async resetSettings(): Promise<void> {
    const reset = ["RESET SESSION AUTHORIZATION", "RESET ROLE", "RESET ALL"];
    await this.#session.batch([...reset, ...this.settings].join(";\n"));
  }

  /** Takes back everything a file may have left: settings, roles, temporary tables, locks, LISTEN, cursors. */
  async clean(): Promise<void> {
    await this.#session.query("DISCARD ALL");
    await this.resetSettings();
  }

  /** Opens a new session in place of a lost one. */
  async reopen(): Promise<void> {
    await closeSoon(this.#session);
    this.#session = await Session.open({ url: this.#url, applicationName: this.name });
    await this.#prepare();
  }

  async #prepare(): Promise<void> {
    this.#session.onNotice(({ severity, message }) => {
      if (!this.#isListening || message === undefined) return;
      const isWarning = severity === "WARNING";
      this.#emit({ type: "notice", severity: isWarning ? "warning" : "info", message });
    });
    const results = await this.#session.batch(
      [...this.settings, "SELECT pg_catalog.pg_backend_pid() AS pid"].join(";\n"),
    );
    this.#pid = results.at(-1)!.rows[0]!["pid"] as number;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await closeSoon(this.#session);
  }
}
