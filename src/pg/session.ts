import type { Socket } from "node:net";
import type pg from "pg";
import { quoteIdent } from "../sql/index.ts";
import { queryWithCopies } from "./copy.ts";
import { copyThrough, type CopyThroughRequest } from "./copy-through.ts";
import { explainConnectFailure } from "./failure.ts";
import { describeTarget, parseTarget } from "./target.ts";

export interface SessionOptions {
  readonly url: string;
  /** Shown in pg_stat_activity; at most 63 bytes are kept by the server. */
  readonly applicationName: string;
  /** Longest wait for a connection in ms, 10,000 by default. */
  readonly connectTimeoutMs?: number;
}

/** Anything that can run one statement: a Session, a pg Client or Pool. */
export interface Queryable {
  query<Row extends pg.QueryResultRow = pg.QueryResultRow>(
    text: string,
    params?: readonly unknown[],
  ): Promise<{ rows: Row[]; rowCount: number | null }>;
}

/** The result of one statement of a batch. */
export interface BatchResult {
  readonly rows: readonly Record<string, unknown>[];
  readonly rowCount: number | null;
  readonly command: string;
}

/**
 * One server session with a lifetime: settings, advisory locks and temporary objects belong to it.
 * Never pooled. Close it with `await using` or `close()`.
 */
export class Session implements Queryable, AsyncDisposable {
  readonly #client: pg.Client;
  readonly #lost: Promise<Error>;
  #open = true;
  #completed = 0;
  /** Settles with the last statement that was asked for. */
  #turn: Promise<unknown> | undefined;

  /** The backend's process id as the server tells it over the wire; a pooler invents its own. */
  readonly keyDataPid: number;
  /** The address without the password, for messages. */
  readonly where: string;
  /** The server's version as it told at the start of the session, without what a packager adds: `18.1`. */
  readonly serverVersion: string;

  private constructor(client: pg.Client, where: string, version: string, lost: Promise<Error>) {
    this.#client = client;
    this.where = where;
    this.serverVersion = version.split(" ", 1)[0]!;
    this.keyDataPid = (client as unknown as { processID: number }).processID;
    this.#lost = lost;
    const { connection } = client as unknown as { connection: NodeJS.EventEmitter };
    connection.on("commandComplete", () => this.#completed++);
  }

  /**
   * Opens a session.
   * @throws LockstepError of a `connection-…`, `authentication-failed`, `tls-required` or `database-missing` code
   */
  static async open(options: SessionOptions): Promise<Session> {
    const where = describeTarget(parseTarget(options.url));
    // Loaded only here: much of what imports this room never opens a session.
    const { Client } = (await import("pg")).default;
    const client = new Client({
      connectionString: withPrismaSchema(withLibpqTls(options.url)),
      application_name: options.applicationName,
      connectionTimeoutMillis: options.connectTimeoutMs ?? 10_000,
      keepAlive: true,
    });
    const lost = new Promise<Error>((resolve) => {
      client.on("error", resolve);
      client.on("end", () => resolve(new Error("connection ended")));
    });
    let version = "";
    const { connection } = client as unknown as { connection: NodeJS.EventEmitter };
    connection.on(
      "parameterStatus",
      (status: { parameterName: string; parameterValue: string }) => {
        if (status.parameterName === "server_version") version = status.parameterValue;
      },
    );
    try {
      await client.connect();
    } catch (error) {
      await client.end().catch(() => {});
      throw explainConnectFailure(error, options.url);
    }
    return new Session(client, where, version, lost);
  }

  /** The server's major version. */
  get major(): number {
    return Number.parseInt(this.serverVersion, 10);
  }

  /** False once the session was closed or lost. */
  get isOpen(): boolean {
    return this.#open;
  }

  /** Settles, with the reason, when the session ends for whatever cause; it never rejects. */
  get lost(): Promise<Error> {
    return this.#lost;
  }

  /** Runs one statement with parameters. */
  async query<Row extends pg.QueryResultRow = pg.QueryResultRow>(
    text: string,
    params?: readonly unknown[],
  ): Promise<{ rows: Row[]; rowCount: number | null }> {
    return this.#inTurn(async () => this.#client.query<Row>(text, params as unknown[]));
  }

  /** Runs one statement and gives its rows as arrays: cheaper for wide catalog queries. */
  async queryArrays(text: string, params?: readonly unknown[]): Promise<unknown[][]> {
    const query = { text, values: params as unknown[], rowMode: "array" as const };
    const result = await this.#inTurn(async () => this.#client.query(query));
    return result.rows as unknown[][];
  }

  /**
   * Sends several statements as one simple-query message: one round trip, one result a statement. When one
   * fails, the error carries `completed`: how many statements of the batch had finished before it.
   *
   * @param copied what each `COPY … FROM STDIN` of the batch is given, in its order; a COPY for which there is none fails.
   *   What `COPY … TO STDOUT` gives is read and dropped
   */
  async batch(text: string, copied: readonly string[] = []): Promise<readonly BatchResult[]> {
    return this.#inTurn(async () => this.#batch(text, copied));
  }

  async #batch(text: string, copied: readonly string[]): Promise<readonly BatchResult[]> {
    const before = this.#completed;
    try {
      const result: unknown =
        copied.length === 0
          ? await this.#client.query(text)
          : await queryWithCopies(this.#client, text, copied);
      return (Array.isArray(result) ? result : [result]) as BatchResult[];
    } catch (error) {
      if (error instanceof Error) Object.assign(error, { completed: this.#completed - before });
      throw error;
    }
  }

  /**
   * Gives the rows of a `COPY … TO STDOUT` of this session to a `COPY … FROM STDIN` of another one, as they come.
   * @returns how many rows there were
   * @throws CopyFailure the server's own error, with the side that it came from
   */
  async copyTo(other: Session, request: CopyThroughRequest): Promise<number> {
    return this.#inTurn(async () =>
      other.#inTurn(async () => copyThrough(this.#client, other.#client, request)),
    );
  }

  /** One statement at a time, in the order in which they are asked for: the driver's own queue of them is to go. */
  async #inTurn<Result>(run: () => Promise<Result>): Promise<Result> {
    const result = this.#turn === undefined ? run() : this.#turn.then(run);
    const turn = Promise.allSettled([result]);
    this.#turn = turn;
    try {
      return await result;
    } finally {
      if (this.#turn === turn) this.#turn = undefined;
    }
  }

  /** Calls back on each NOTICE, WARNING … that the server sends in this session. */
  onNotice(
    listener: (notice: { severity?: string | undefined; message?: string | undefined }) => void,
  ): void {
    this.#client.on("notice", listener);
  }

  /**
   * Ends the session. Safe to call twice and on a lost session. A server that is out of reach is not waited for: after
   * two seconds the socket is dropped.
   */
  async close(): Promise<void> {
    if (!this.#open) return;
    this.#open = false;
    const { stream } = (this.#client as unknown as { connection: { stream: Socket } }).connection;
    const drop = setTimeout(() => stream.destroy(), 2_000).unref();
    await this.#client.end().catch(() => {});
    clearTimeout(drop);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

/**
 * `sslmode=require` means what it means to psql: encrypt, do not verify without a root certificate
 * (manual 34.19.1). node-postgres would verify, which fails against most managed databases.
 */
function withLibpqTls(url: string): string {
  const parsed = new URL(url);
  if (!parsed.searchParams.has("sslmode") || parsed.searchParams.has("uselibpqcompat")) return url;
  parsed.searchParams.set("uselibpqcompat", "true");
  return parsed.toString();
}

/**
 * `?schema=app` is Prisma's: the schema in which unqualified names are looked up and made. node-postgres would pass it
 * over, and the statements run in another schema than the one that was meant. `public` is there without it.
 */
function withPrismaSchema(url: string): string {
  const parsed = new URL(url);
  const { searchParams } = parsed;
  const schema = searchParams.get("schema") ?? "";
  if (schema === "" || schema === "public") return url;
  searchParams.delete("schema");
  // In `options` a backslash keeps the next character as it is (process_postgres_switches, pg_split_opts).
  const path = quoteIdent(schema).replaceAll(/[\s\\]/g, "\\$&");
  const others = searchParams.get("options");
  searchParams.set("options", `${others === null ? "" : `${others} `}-c search_path=${path}`);
  return parsed.toString();
}
