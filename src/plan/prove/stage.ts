import { Session } from "../../pg/index.ts";
import type { Scratch, ScratchDatabase } from "../../scratch/index.ts";
import { quoteIdent } from "../../sql/index.ts";

/** A database of a proof, with the one session that changes it. */
export interface Played extends AsyncDisposable {
  readonly name: string;
  readonly session: Session;
}

/** Databases of one proof: copies of each other, all gone in the end. */
export class Stage implements AsyncDisposable {
  readonly #scratch: Scratch;
  readonly #searchPath: string;
  readonly #signal: AbortSignal | undefined;
  readonly #databases = new Map<string, ScratchDatabase>();

  /** @param searchPath where sessions look names up */
  constructor(scratch: Scratch, searchPath: readonly string[], signal?: AbortSignal) {
    this.#scratch = scratch;
    this.#searchPath = searchPath.map(quoteIdent).join(", ") || "''";
    this.#signal = signal;
  }

  /**
   * Copies a database that nobody is connected to; gives the copy's name.
   * @throws the signal's reason
   */
  async copy(template: string): Promise<string> {
    this.#signal?.throwIfAborted();
    const database = await this.#scratch.createDatabase({ template });
    this.#databases.set(database.name, database);
    return database.name;
  }

  /** A copy with a session; it is dropped when it is disposed of. */
  async play(template: string): Promise<Played> {
    const name = await this.copy(template);
    const session = await this.open(name);
    return {
      name,
      session,
      [Symbol.asyncDispose]: async () => {
        await session.close();
        await this.drop(name);
      },
    };
  }

  /** Works in a database and leaves it, so that it can be copied again. */
  async visit<Result>(name: string, work: (session: Session) => Promise<Result>): Promise<Result> {
    await using session = await this.open(name);
    return await work(session);
  }

  async open(name: string): Promise<Session> {
    const session = await Session.open({ url: this.url(name), applicationName: "lockstep/prove" });
    await session.query(`SET search_path = ${this.#searchPath}`);
    return session;
  }

  url(name: string): string {
    return this.#scratch.urlOf(name);
  }

  async drop(name: string): Promise<void> {
    const database = this.#databases.get(name);
    this.#databases.delete(name);
    await database?.drop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const name of this.#databases.keys()) await this.drop(name);
  }
}
