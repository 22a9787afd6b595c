import { randomBytes } from "node:crypto";
import { LockstepError } from "../errors/index.ts";
import { Session } from "../pg/index.ts";
import { quoteIdent } from "../sql/index.ts";
import { dropLeftBehind, sessionMark } from "./left-behind.ts";
import { createRoles } from "./roles.ts";
import { startEmbedded, type EmbeddedServer } from "./server.ts";

export interface ScratchOptions {
  /** Wanted major, 18 by default. With `url` it is checked against the server. */
  readonly major?: number;
  /** A server to use instead of an embedded one; its role must be allowed to create databases. */
  readonly url?: string;
  /** Settings of an embedded server. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Keeps fsync on in an embedded server, for measurements. Default false. */
  readonly durable?: boolean;
  /** Starts an embedded server from what `keep` kept under the first of these keys that is there. See `Scratch.from`. */
  readonly from?: readonly string[];
}

/** A database made for one purpose and thrown away. */
export interface ScratchDatabase {
  readonly name: string;
  readonly url: string;
  /** Drops it, ending sessions that are still connected. */
  drop(): Promise<void>;
}

/**
 * A throw-away Postgres. Everything it made is gone after `close()`, after the process ends, and, when the
 * process was killed, after the next start: on the same machine, or on the same server given by URL.
 */
export class Scratch implements AsyncDisposable {
  readonly major: number;
  readonly #server: EmbeddedServer | undefined;
  readonly #admin: Session;
  readonly #url: string;
  /** Whose its databases are, in their names. */
  readonly #mark: string;
  readonly #databases = new Set<string>();
  readonly #templates = new Map<string, Promise<string>>();
  readonly #roles = new Set<string>();

  private constructor(
    major: number,
    admin: Session,
    url: string,
    { mark = String(process.pid), server }: { mark?: string | undefined; server?: EmbeddedServer },
  ) {
    this.major = major;
    this.#admin = admin;
    this.#url = url;
    this.#mark = mark;
    this.#server = server;
  }

  static async start(options: ScratchOptions): Promise<Scratch> {
    if (options.url === undefined) {
      const server = await startEmbedded({ ...options, major: options.major ?? 18 });
      const admin = await Session.open({ url: server.url, applicationName: "lockstep/scratch" });
      return new Scratch(server.major, admin, server.url, { server });
    }
    const admin = await Session.open({ url: options.url, applicationName: "lockstep/scratch" });
    const { rows } = await admin.query<{ major: number }>(
      "SELECT current_setting('server_version_num')::int / 10000 AS major",
    );
    const major = rows[0]!.major;
    if (options.major !== undefined && options.major !== major) {
      await admin.close();
      throw new LockstepError("scratch-unavailable", {
        what: `the scratch server is Postgres ${major}, not ${options.major}`,
        expected: `a server of the target's major version, ${options.major}`,
        found: `Postgres ${major} at ${admin.where}`,
        why: "what a statement does depends on the version, so another one would prove nothing",
        next: [`name a server of version ${options.major}, or leave --scratch-url away`],
      });
    }
    await dropLeftBehind(admin);
    return new Scratch(major, admin, options.url, { mark: await sessionMark(admin) });
  }

  /** URL of the server's maintenance database, as superuser when embedded. */
  get url(): string {
    return this.#url;
  }

  /** True for a server of our own, false for one given by URL. */
  get isEmbedded(): boolean {
    return this.#server !== undefined;
  }

  /** The key of what the embedded server was started from; undefined when it started empty. */
  get from(): string | undefined {
    return this.#server?.from;
  }

  /** The embedded server's log so far; empty for a server given by URL. */
  log(): string {
    return this.#server?.log() ?? "";
  }

  /** A new database: empty, or a copy of `template` (see `template()`). */
  async createDatabase(options: { readonly template?: string } = {}): Promise<ScratchDatabase> {
    const name = `lockstep_scratch_${this.#mark}_${randomBytes(4).toString("hex")}`;
    const source = quoteIdent(options.template ?? "template0");
    // Files are copied a few times faster than pages are logged, when nothing has to reach the disk (dbcommands.c).
    const strategy = this.#server !== undefined && this.major >= 15 ? " STRATEGY file_copy" : "";
    await this.#admin.query(`CREATE DATABASE ${quoteIdent(name)} TEMPLATE ${source}${strategy}`);
    this.#databases.add(name);
    return { name, url: this.urlOf(name), drop: () => this.#drop(name) };
  }

  /**
   * The name of a template database for `key`, built once for this server by `build` on an empty database.
   * `build` must have closed its connections when it returns: Postgres copies only an idle database.
   */
  async template(key: string, build: (url: string) => Promise<void>): Promise<string> {
    const known = this.#templates.get(key);
    if (known !== undefined) return known;
    const made = this.createDatabase().then(async (database) => {
      await build(database.url);
      return database.name;
    });
    this.#templates.set(key, made);
    made.catch(() => this.#templates.delete(key));
    return made;
  }

  /** URL of a database of this server. */
  urlOf(database: string): string {
    const url = new URL(this.#url);
    url.pathname = `/${encodeURIComponent(database)}`;
    return url.toString();
  }

  /**
   * Creates the roles that the server lacks, without rights or logins: GRANTs and policies name them. They are gone after
   * `close()`, but for those on which something depends that stays.
   */
  async createRoles(names: readonly string[]): Promise<void> {
    for (const name of await createRoles(this.#admin, names)) this.#roles.add(name);
  }

  async #drop(name: string): Promise<void> {
    await this.#admin.query(`DROP DATABASE IF EXISTS ${quoteIdent(name)} WITH (FORCE)`);
    this.#databases.delete(name);
  }

  /**
   * Closes an embedded server and keeps all its databases and roles for later starts `from` this key, in any process;
   * a few are kept, the least recently used ones go. False when nothing was kept: always so for a server given by URL.
   */
  async keep(key: string): Promise<boolean> {
    if (this.#server === undefined) return false;
    await this.#admin.close();
    return this.#server.keep(key);
  }

  /** Stops an embedded server and removes its files; on a server given by URL, drops what was made. */
  async close(): Promise<void> {
    if (this.#server === undefined) {
      for (const name of this.#databases) await this.#drop(name);
      // Refused while a template, or another process, depends on the role.
      for (const role of this.#roles)
        await this.#admin.query(`DROP ROLE IF EXISTS ${quoteIdent(role)}`).catch(() => {});
    }
    await this.#admin.close();
    this.#server?.stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

/**
 * Starts a throw-away Postgres: embedded (nothing to install, root-safe, a private free port), or on a server
 * given by URL.
 * @throws LockstepError `scratch-unavailable`, or a connection error for a URL
 */
export async function startScratch(options: ScratchOptions = {}): Promise<Scratch> {
  return Scratch.start(options);
}
