import type { Probe } from "../config/index.ts";
import { readWaiting, runProbes } from "../deploy/index.ts";
import type { Emit } from "../events/index.ts";
import type { Session } from "../pg/index.ts";
import { unreachable, type WatchedDatabase } from "./database.ts";
import { askEndpoint } from "./endpoints.ts";
import type { Trouble, WatchSettings } from "./model.ts";

export interface RoundRequest {
  readonly url: string;
  readonly settings: WatchSettings;
  readonly probes: readonly Probe[];
  readonly baseUrl: string | undefined;
  readonly probeTimeoutMs: number | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly redact: (text: string) => string;
  readonly emit: Emit;
  readonly signal: AbortSignal;
}

/** Looks once at all that is watched. Gives what is wrong now. */
export async function lookOnce(
  database: WatchedDatabase,
  request: RoundRequest,
): Promise<readonly Trouble[]> {
  const { settings, probes, url, signal } = request;
  const results = await runProbes({
    probes,
    baseUrl: request.baseUrl,
    databaseUrl: url,
    env: request.env,
    emit: request.emit,
    signal,
    timeoutMs: request.probeTimeoutMs,
    redact: request.redact,
  });
  signal.throwIfAborted();
  const asked = await Promise.all(settings.endpoints.map(async (one) => askEndpoint(one, signal)));
  return [
    ...results
      .filter(({ ok }) => !ok)
      .map(({ name, reason }) => ({ subject: `probe ${name}`, found: reason ?? "failed" })),
    ...asked.filter((trouble) => trouble !== undefined),
    ...(await databaseTroubles(database, settings)),
  ];
}

/** A database that cannot be asked is in trouble itself. */
async function databaseTroubles(
  database: WatchedDatabase,
  settings: WatchSettings,
): Promise<readonly Trouble[]> {
  try {
    return await database.use(async (session) => [
      ...(await lockTroubles(session, settings)),
      ...(await lagTroubles(session, settings)),
    ]);
  } catch (error) {
    const found = unreachable(error);
    if (found === undefined) throw error;
    return [{ subject: "database", found }];
  }
}

async function lockTroubles(
  session: Session,
  { lockWaitMs }: WatchSettings,
): Promise<readonly Trouble[]> {
  const long = (await readWaiting(session)).filter(({ seconds }) => seconds * 1_000 > lockWaitMs);
  const [first] = long;
  if (first === undefined) return [];
  const behind = first.blockers.map(({ pid, query }) => `pid ${pid} (${query})`).join(", ");
  const found = `${long.length} waiting for longer than ${lockWaitMs} ms; pid ${first.pid} for ${Math.round(first.seconds)} s behind ${behind}`;
  return [{ subject: "locks", found }];
}

async function lagTroubles(
  session: Session,
  { lagMs }: WatchSettings,
): Promise<readonly Trouble[]> {
  const { rows } = await session.query<{ name: string; ms: number }>(
    `SELECT coalesce(nullif(application_name, ''), 'pid ' || pid) AS name,
            pg_catalog.date_part('epoch', replay_lag) * 1000 AS ms
       FROM pg_catalog.pg_stat_replication
      WHERE replay_lag IS NOT NULL AND pg_catalog.date_part('epoch', replay_lag) * 1000 > $1 ORDER BY 1`,
    [lagMs],
  );
  return rows.map(({ name, ms }) => ({
    subject: `lag of ${name}`,
    found: `${Math.round(ms / 1_000)} s behind`,
  }));
}

/** Whether there are standbys of which this role sees only that they are there. */
export async function hidesStandbys(session: Session): Promise<boolean> {
  const { rows } = await session.query(
    "SELECT FROM pg_catalog.pg_stat_replication WHERE state IS NULL",
  );
  return rows.length > 0;
}
