/** What can be seen of a shop from outside and in its database. */
import type { TimedCall } from "./crowd.ts";
import type { Stage } from "./stage.ts";

/** What became of the money: every paid order and how far it came. */
export interface Fulfilment {
  readonly paid: number;
  readonly entitlements: number;
  readonly tokens: number;
  readonly undelivered: number;
  /** What the database said to the worker that tried, the most recent. */
  readonly reason: string | undefined;
}

export async function readFulfilment(stage: Stage): Promise<Fulfilment> {
  const [row] = await stage.sql<{
    paid: number;
    entitlements: number;
    tokens: number;
    undelivered: number;
    reason: string | null;
  }>(
    `SELECT count(*) FILTER (WHERE o.paid_at IS NOT NULL)::int AS paid,
            count(*) FILTER (WHERE o.status = 'paid')::int AS undelivered,
            (SELECT count(*)::int FROM public.entitlements) AS entitlements,
            (SELECT count(*)::int FROM public.delivery_tokens) AS tokens,
            (SELECT last_error FROM public.jobs
              WHERE last_error IS NOT NULL ORDER BY id DESC LIMIT 1) AS reason
       FROM public.orders o`,
  );
  if (!row) throw new Error("A count without a row");
  return { ...row, reason: row.reason ?? undefined };
}

/** The shop's own log: why requests failed, the most recent reason. */
export function failureReason(stage: Stage): string | undefined {
  const reason = stage.host.log.findLast((entry) => entry["event"] === "request.failed")?.[
    "reason"
  ];
  return typeof reason === "string" ? reason : undefined;
}

/** Whether production has this column. */
export async function hasColumn(stage: Stage, table: string, column: string): Promise<boolean> {
  const rows = await stage.sql(
    `SELECT 1 FROM pg_catalog.pg_attribute
      WHERE attrelid = to_regclass($1) AND attname = $2 AND NOT attisdropped`,
    [table, column],
  );
  return rows.length > 0;
}

/** Whether production's enum has this value. */
export async function hasEnumValue(stage: Stage, type: string, value: string): Promise<boolean> {
  const rows = await stage.sql(
    "SELECT 1 FROM pg_catalog.pg_enum WHERE enumtypid = to_regtype($1) AND enumlabel = $2",
    [type, value],
  );
  return rows.length > 0;
}

/** Of some calls: how many, how many failed, and the longest wait in ms. */
export interface Answers {
  readonly calls: number;
  readonly failed: number;
  readonly longestMs: number;
}

export function answersOf(calls: readonly TimedCall[], since = 0): Answers {
  const counted = calls.filter((call) => call.at >= since);
  return {
    calls: counted.length,
    failed: counted.filter((call) => !call.ok).length,
    longestMs: counted.reduce((longest, call) => Math.max(longest, call.ms), 0),
  };
}

/** The release that Lockstep recorded last as verified in production; undefined when it recorded none. */
export async function verifiedRelease(stage: Stage): Promise<string | undefined> {
  const [table] = await stage.sql<{ there: boolean }>(
    "SELECT to_regclass('lockstep.deploy') IS NOT NULL AS there",
  );
  if (table?.there !== true) return undefined;
  const [row] = await stage.sql<{ release: string }>(
    "SELECT release FROM lockstep.deploy ORDER BY id DESC LIMIT 1",
  );
  return row?.release;
}

/** The releases that run, e.g. `v1` or `v1, v2`. */
export function runningReleases(stage: Stage): string {
  return [...new Set(stage.host.instances.map(({ release }) => release))].join(", ");
}
