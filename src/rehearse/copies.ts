import { adoptSettings, scratchSettings } from "../check/index.ts";
import type { ClonedTable } from "../clone/index.ts";
import { isLockstepError, LockstepError } from "../errors/index.ts";
import { Session, sqlState } from "../pg/index.ts";
import { startScratch, type Scratch } from "../scratch/index.ts";
import { qualifiedName, quoteIdent } from "../sql/index.ts";
import type { Sized } from "./clones.ts";
import type { RehearseRequest } from "./request.ts";

/** What somebody sets on a database, and on nothing else, to say that it is a copy and no product lives on it. */
const mark = "lockstep.copy=yes";

/**
 * Makes sure that a database is a copy which may be rehearsed on: it says so itself, by a setting of its own that a restored
 * production does not have, and is none of the environments' databases. It is only read; the work runs on copies of it.
 *
 * @param environments of the config, as far as their URLs are known
 * @throws LockstepError `copy-refused`
 */
export async function requireCopy(
  url: string,
  environments: readonly { readonly environment: string; readonly url: string }[],
): Promise<void> {
  await using session = await Session.open({ url, applicationName: "lockstep/rehearse" });
  const { rows } = await session.query<{ marked: boolean; database: string }>(
    `SELECT pg_catalog.current_database() AS database, EXISTS (
       SELECT FROM pg_catalog.pg_db_role_setting s
         JOIN pg_catalog.pg_database d ON d.oid = s.setdatabase AND d.datname = pg_catalog.current_database()
        WHERE s.setrole = 0 AND $1 = ANY (s.setconfig)) AS marked`,
    [mark],
  );
  const { marked, database } = rows[0]!;
  if (!marked)
    throw refused(session.where, {
      found: "a database that does not say so",
      why: "a URL alone may be production's: what a rehearsal does to it, users would feel",
      next: [
        `ALTER DATABASE ${quoteIdent(database)} SET lockstep.copy = 'yes', on the copy and nowhere else`,
        "or rehearse on made rows: lockstep rehearse --stats stats.json",
      ],
    });
  const own = await identityOf(session);
  for (const one of environments)
    if ((await identityAt(one.url)) === own)
      throw refused(session.where, {
        found: `the database of the environment ${one.environment}`,
        why: "it is marked as a copy, and the config says that it is no such one: one of the two is wrong",
        next: ["name the URL of a restored copy", "or take it out of the config's environments"],
      });
}

/** The same for every way to reach one database: its server's start, and its number there. */
async function identityOf(session: Session): Promise<string> {
  const [[identity]] = (await session.queryArrays(
    `SELECT pg_catalog.concat_ws(' ', pg_catalog.pg_postmaster_start_time(), oid)
       FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()`,
  )) as [[string]];
  return identity;
}

/** Undefined for one that cannot be asked from here. */
async function identityAt(url: string): Promise<string | undefined> {
  try {
    await using session = await Session.open({ url, applicationName: "lockstep/rehearse" });
    return await identityOf(session);
  } catch (error) {
    if (isLockstepError(error) || sqlState(error) !== undefined) return undefined;
    throw error;
  }
}

/** Databases made after a restored copy, on its server, with all of its rows. */
export class Copies implements AsyncDisposable {
  readonly scratch: Scratch;
  readonly #request: RehearseRequest;
  readonly #url: string;

  private constructor(scratch: Scratch, request: RehearseRequest, url: string) {
    this.scratch = scratch;
    this.#request = request;
    this.#url = url;
  }

  static async open(request: RehearseRequest, url: string): Promise<Copies> {
    const server = new URL(url);
    server.pathname = "/postgres";
    const scratch = await startScratch({ url: server.toString(), major: request.major });
    return new Copies(scratch, request, url);
  }

  /** The database that they are made after. */
  get name(): string {
    return decodeURIComponent(new URL(this.#url).pathname.slice(1));
  }

  /** All rows, whatever the scale. */
  async sized(): Promise<Sized> {
    const began = performance.now();
    return {
      clone: {
        tables: await this.#tables(),
        lacking: [],
        makers: [],
        ms: performance.now() - began,
      },
      copy: async () => {
        const copy = await this.#copied();
        await adoptSettings(copy.url, scratchSettings(this.#request.statistics.settings ?? {}));
        return copy;
      },
      drop: async () => {},
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.scratch.close();
  }

  async #copied() {
    const template = this.name;
    try {
      return await this.scratch.createDatabase({ template });
    } catch (error) {
      // object_in_use, insufficient_privilege
      const state = sqlState(error);
      if (state !== "55006" && state !== "42501") throw error;
      throw refused(
        template,
        {
          found: (error as Error).message,
          why:
            state === "55006"
              ? "somebody is connected to it: a server copies only a database that nobody uses"
              : "the role may not make databases after it",
          next: [
            state === "55006"
              ? "end those sessions, then lockstep rehearse again"
              : "name its owner with CREATEDB, or a superuser, in the URL",
          ],
        },
        error,
      );
    }
  }

  async #tables(): Promise<readonly ClonedTable[]> {
    await using session = await Session.open({
      url: this.#url,
      applicationName: "lockstep/rehearse",
    });
    const { rows } = await session.query<{ schema: string; name: string }>(
      `SELECT n.nspname AS schema, c.relname AS name FROM pg_catalog.pg_class c
         JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind = 'r' AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'lockstep')
        ORDER BY 1, 2`,
    );
    const { relations } = this.#request.statistics;
    return rows.flatMap(({ schema, name }) => {
      const relation = qualifiedName(schema, name);
      const size = relations[relation];
      if (size === undefined) return [];
      const bytes = size.totalBytes;
      return [
        {
          relation,
          wanted: size.rows,
          rows: size.rows,
          bytes,
          wantedBytes: bytes,
          unlike: [],
          unlinked: [],
          reason: undefined,
        },
      ];
    });
  }
}

function refused(
  from: string,
  told: { readonly found: string; readonly why: string; readonly next: readonly string[] },
  cause?: unknown,
): LockstepError {
  return new LockstepError(
    "copy-refused",
    {
      what: `nothing is rehearsed on ${from}`,
      expected: "a restored copy that says of itself that it is one, and that nobody uses",
      from,
      ...told,
    },
    { cause },
  );
}
