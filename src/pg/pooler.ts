import { setTimeout as sleep } from "node:timers/promises";
import { LockstepError } from "../errors/index.ts";
import { explainConnectFailure } from "./failure.ts";
import { waysPastPooler } from "./pooler-advice.ts";
import { Session } from "./session.ts";
import { parseTarget } from "./target.ts";

export interface PoolerOptions {
  readonly url: string;
  /** Shown in pg_stat_activity while looking, `lockstep/preflight` by default. */
  readonly applicationName?: string;
  /** Longest wait for any one answer in ms, 5,000 by default. */
  readonly timeoutMs?: number;
}

/** What stands between us and the server. */
export interface ConnectionPath {
  /**
   * `direct`: the process id told at login is that of the backend. `session-proxy`: something in between invents its
   * own, but a session keeps its backend to itself, so it may be used.
   */
  readonly kind: "direct" | "session-proxy";
  /** Statements sent to find out. */
  readonly statements: number;
}

/**
 * Rounds of seven statements through something that is certainly a proxy before it is trusted. Measured against
 * PgBouncer in transaction mode, pools of 1 to 20, LIFO and round robin, idle and busy, 9,000 times: 19 of 20 were found
 * out by the first seven statements, and of what was left each round found out 19 of 20; none passed the second.
 */
const rounds = 8;

/**
 * Finds out by behaviour whether sessions opened by this URL keep a backend of their own, and refuses to go on when
 * they do not: behind a transaction or statement pooler, session settings and advisory locks belong to nobody.
 *
 * Two sessions are opened at once. On a server, or behind a proxy that gives each client a connection of its own, a
 * session's backend never changes and is never that of the other. Seven statements show a quiet pooler for what it is:
 * one that hands out the connection used last gives the second session that of the first, one that hands out the oldest
 * gives one session two. What passes, and told us its backend's real process id at login, is a server. What invents
 * process ids is a proxy, and must behave like a session in many more statements in random order; so traffic that
 * rotates the pool's connections works against the pooler.
 *
 * @throws LockstepError `pooler-transaction-mode`; `connection-timeout` when no two sessions can be had at the same time,
 * which is not taken for an answer; any error of `Session.open`
 */
export async function refuseTransactionPooler(options: PoolerOptions): Promise<ConnectionPath> {
  const { url, timeoutMs = 5_000 } = options;
  const open = async () =>
    Session.open({
      url,
      applicationName: options.applicationName ?? "lockstep/preflight",
      connectTimeoutMs: timeoutMs,
    });
  const opened = await Promise.allSettled([open(), open()]);
  const sessions = opened.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
  try {
    const failed = opened.find((each) => each.status === "rejected");
    if (failed !== undefined) throw failed.reason;
    return await look(sessions[0]!, sessions[1]!, url, timeoutMs);
  } catch (error) {
    throw explainConnectFailure(error, url);
  } finally {
    await Promise.all(sessions.map(async (session) => session.close()));
  }
}

/** One backend among all servers: process ids alone repeat between the nodes behind a balancer. */
interface Backend {
  readonly pid: number;
  readonly identity: string;
}

async function look(
  a: Session,
  b: Session,
  url: string,
  timeoutMs: number,
): Promise<ConnectionPath> {
  const known = new Map<Session, Backend>();
  let statements = 0;
  const ask = async (session: Session, before = ""): Promise<Backend> => {
    statements++;
    const backend = await backendOf(session, before, url, timeoutMs);
    const own = known.get(session);
    if (own !== undefined && own.identity !== backend.identity)
      throw refusal(
        `two statements of one session ran in two backends, ${own.pid} and ${backend.pid}`,
        url,
      );
    known.set(session, backend);
    const other = known.get(session === a ? b : a);
    if (other?.identity === backend.identity)
      throw refusal(`two open sessions ran in the same backend, ${backend.pid}`, url);
    return backend;
  };

  await ask(a);
  await ask(a);
  await ask(b);
  await ask(b, "BEGIN;");
  await ask(a);
  await ask(b, "COMMIT;");
  await ask(a);
  if ([a, b].every((session) => session.keyDataPid === known.get(session)!.pid))
    return { kind: "direct", statements };

  for (let round = 0; round < rounds; round++) {
    const [one, two] = Math.random() < 0.5 ? [a, b] : [b, a];
    await ask(one);
    await ask(two);
    await ask(two);
    await Promise.all([
      pause().then(async () => ask(one, "BEGIN;")),
      pause().then(async () => ask(two)),
    ]);
    await Promise.all([ask(one, "COMMIT;"), pause().then(async () => ask(two))]);
  }
  await keepsSettings(a, b, url, timeoutMs);
  return { kind: "session-proxy", statements: statements + 4 };
}

/** A random moment, so that our own rhythm cannot fall in step with the pool's. */
async function pause(): Promise<void> {
  if (Math.random() < 0.5) await sleep(Math.random() * 3);
}

async function backendOf(
  session: Session,
  before: string,
  url: string,
  timeoutMs: number,
): Promise<Backend> {
  const sql = `${before} SELECT pg_catalog.pg_backend_pid() AS pid, pg_catalog.pg_postmaster_start_time()::pg_catalog.text AS started`;
  try {
    const row = (await within(timeoutMs, session.batch(sql), url)).at(-1)!.rows[0] as {
      pid: number;
      started: string;
    };
    return { pid: row.pid, identity: `${row.pid} of ${row.started}` };
  } catch (error) {
    const { message = "" } = (error ?? {}) as { message?: string };
    if (/transaction blocks not allowed/i.test(message))
      throw refusal(`BEGIN is refused: ${message}`, url, error);
    throw error;
  }
}

/** A proxy's sessions must keep their settings, and to themselves. */
async function keepsSettings(
  a: Session,
  b: Session,
  url: string,
  timeoutMs: number,
): Promise<void> {
  const ask = async (session: Session, sql: string) =>
    (await within(timeoutMs, session.batch(sql), url)).at(-1)!.rows[0]?.["value"];
  const read = "SELECT pg_catalog.current_setting('lockstep.preflight', true) AS value";
  await ask(a, "SELECT pg_catalog.set_config('lockstep.preflight', 'kept', false) AS value");
  const [kept, leaked] = await Promise.all([ask(a, read), ask(b, read)]);
  await ask(a, "RESET lockstep.preflight");
  if (kept === "kept" && leaked !== "kept") return;
  throw refusal(
    kept === "kept"
      ? "a setting made in one session was seen in another"
      : "a setting made in a session was gone in its next statement",
    url,
  );
}

async function within<Value>(ms: number, work: Promise<Value>, url: string): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const { host, port } = parseTarget(url);
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(
        new LockstepError("connection-timeout", {
          what: `no two sessions can be had at the same time from ${host}:${port}`,
          expected:
            "an answer on each of two open sessions: one runs the work, others hold the lock and keep the ledger",
          found: `no answer to a SELECT within ${ms} ms`,
          from: `${host}:${port}`,
          why: "a pooler in between has a free connection for only one of them (default_pool_size 1, or a pool used up by others), or the server is overloaded",
          next: [
            "give Lockstep a URL that leads straight to the server",
            "or raise the pool's size: at least 4 connections for Lockstep",
          ],
        }),
      );
    }, ms);
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}

function refusal(found: string, url: string, cause?: unknown): LockstepError {
  const { host, port } = parseTarget(url);
  return new LockstepError(
    "pooler-transaction-mode",
    {
      what: `${host}:${port} is a connection pooler that gives a session no connection of its own`,
      expected: "a session: one backend from connect to disconnect, with its settings and locks",
      found,
      from: `${host}:${port}`,
      why: "in transaction or statement mode a pooler lends a backend for one transaction at a time: lock_timeout would apply to other people's statements, and two deploys could hold the same advisory lock",
      next: waysPastPooler(host, port),
    },
    { cause },
  );
}
