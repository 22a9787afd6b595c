import { Session } from "../pg/index.ts";
import { qualifiedName, type QualifiedName } from "../sql/index.ts";
import { loadName } from "./load.ts";

/** One look at the server; `at` of `performance.now()`. */
export interface Sample {
  readonly at: number;
  /** Bytes of WAL since the server's first. */
  readonly wal: number;
  /** Bytes of the database with temporary files; null where it was not looked at this time. */
  readonly bytes: number | null;
  /** Backends of the load that wait for a lock that a session of the run holds or is in front for. */
  readonly waiting: readonly { readonly pid: number; readonly relation: QualifiedName }[];
}

/** How long between two looks, in ms. */
const pause = 10;
/** Every how many looks the size of the database is read: it takes a look at each of its files. */
const sizesEvery = 10;

/** `pg_blocking_pids` names who is in front in the queue, too. */
const waitingSql = `
  SELECT DISTINCT l.pid, n.nspname AS schema, c.relname AS name
    FROM pg_catalog.pg_locks l
    JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid AND a.application_name = '${loadName}'
    JOIN pg_catalog.pg_class c ON c.oid = l.relation
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE NOT l.granted AND EXISTS (
     SELECT FROM pg_catalog.pg_stat_activity b
      WHERE b.pid = ANY (pg_catalog.pg_blocking_pids(l.pid)) AND b.application_name <> '${loadName}')`;

/** Looks at WAL, disk and waits from a session of its own, again and again, until it is stopped. */
export class Sampler {
  readonly samples: Sample[] = [];
  readonly #session: Session;
  readonly #seesTemporary: boolean;
  readonly #withWaits: boolean;
  #stopped = false;
  #loop: Promise<void> = Promise.resolve();

  private constructor(session: Session, seesTemporary: boolean, withWaits: boolean) {
    this.#session = session;
    this.#seesTemporary = seesTemporary;
    this.#withWaits = withWaits;
  }

  static async start(
    url: string,
    { withWaits }: { readonly withWaits: boolean },
  ): Promise<Sampler> {
    const session = await Session.open({ url, applicationName: "lockstep/rehearse look" });
    const [[sees]] = (await session.queryArrays(
      "SELECT pg_catalog.pg_has_role(current_user, 'pg_monitor', 'MEMBER') OR rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user",
    )) as [[boolean]];
    const sampler = new Sampler(session, sees, withWaits);
    await sampler.#look(true);
    sampler.#loop = sampler.#repeat();
    return sampler;
  }

  /** Looks once more, and ends. */
  async stop(): Promise<readonly Sample[]> {
    this.#stopped = true;
    try {
      await this.#loop;
      await this.#look(true);
    } finally {
      await this.#session.close();
    }
    return this.samples;
  }

  async #repeat(): Promise<void> {
    for (let number = 1; !this.#stopped; number++) {
      await this.#look(number % sizesEvery === 0);
      await new Promise<void>((resolve) => {
        setTimeout(resolve, pause);
      });
    }
  }

  async #look(withSize: boolean): Promise<void> {
    const temporary = this.#seesTemporary
      ? " + (SELECT coalesce(sum(size), 0) FROM pg_catalog.pg_ls_tmpdir())"
      : "";
    const size = withSize
      ? `(pg_catalog.pg_database_size(current_database())${temporary})::float8`
      : "NULL";
    const [[wal, bytes]] = (await this.#session.queryArrays(
      `SELECT (pg_catalog.pg_current_wal_insert_lsn() - '0/0'::pg_lsn)::float8, ${size}`,
    )) as [[number, number | null]];
    const at = performance.now();
    const waiting = this.#withWaits
      ? ((await this.#session.queryArrays(waitingSql)) as [number, string, string][])
      : [];
    this.samples.push({
      at,
      wal,
      bytes,
      waiting: waiting.map(([pid, schema, name]) => ({
        pid,
        relation: qualifiedName(schema, name),
      })),
    });
  }
}
