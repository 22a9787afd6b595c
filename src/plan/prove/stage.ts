import { Session } from "../../pg/index.ts";
import type { Scratch, ScratchDatabase } from "../../scratch/index.ts";
import { quoteIdent } from "../../sql/index.ts";

/** A database of a proof, with the one session that changes it. */
export interface Played extends AsyncDisposable {
  readonly database: ScratchDatabase;
  readonly session: Session;
}

/** Databases of one proof: copies of each other, all gone in the end. */
export class Stage implements AsyncDisposable {
  readonly scratch: Scratch;
  readonly #searchPath: readonly string[];
  readonly #signal: AbortSignal | undefined;
  readonly #databases = new Set<ScratchDatabase>();

  /** @param searchPath where sessions look names up */
  constructor(scratch: Scratch, searchPath: readonly string[], signal?: AbortSignal) {
    this.scratch = scratch;
    this.#searchPath = searchPath;
    this.#signal = signal;
  }

  /**
   * Copies a database that nobody is connected to.
   * @throws the signal's reason
   */
  async copy(template: string): Promise<ScratchDatabase> {
    this.#signal?.throwIfAborted();
    const database = await this.scratch.createDatabase({ template });
    this.#databases.add(database);
    return database;
  }

  /** A copy with a session; it is dropped when it is disposed of. */
  async play(template: string): Promise<Played> {
    const database = await this.copy(template);
    const session = await this.open(database);
    return {
      database,
      session,
      [Symbol.asyncDispose]: async () => {
        await session.close();
        await this.drop(database);
      },
    };
  }

  async open({ url }: ScratchDatabase): Promise<Session> {
    const session = await Session.open({ url, applicationName: "lockstep/prove" });
    const path = this.#searchPath.map(quoteIdent).join(", ") || "''";
    await session.query(`SET search_path = ${path}`);
    return session;
  }

  async drop(database: ScratchDatabase): Promise<void> {
    this.#databases.delete(database);
    await database.drop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const database of this.#databases) await this.drop(database);
  }
}
