import type { Queryable } from "../pg/index.ts";

/** A release that was found to work in an environment: the gate open and every probe passed. */
export interface VerifiedDeploy {
  readonly environment: string;
  readonly release: string;
  readonly gitCommit: string | undefined;
  readonly contractHash: string;
  /** Fingerprint of the catalog at that moment. */
  readonly fingerprint: string;
  readonly run: string | undefined;
  readonly actor: string | undefined;
  readonly probes: readonly { readonly name: string; readonly ok: boolean; readonly ms: number }[];
  /** Why a running release was allowed to break, when it was. */
  readonly allowedBreaking: string | undefined;
  readonly verifiedAt: Date;
}

/** Keeps the contract of a release, so that later deploys can check against it while it runs. */
export async function storeContract(
  database: Queryable,
  contract: { readonly hash: string; readonly release: string },
): Promise<void> {
  await database.query(
    `INSERT INTO lockstep.contract (hash, release, body) VALUES ($1, $2, $3)
     ON CONFLICT (hash) DO UPDATE SET release = EXCLUDED.release, body = EXCLUDED.body`,
    [contract.hash, contract.release, JSON.stringify(contract)],
  );
}

/** Records a success that was verified; its contract must be stored. Attempts are never recorded here (B4). */
export async function recordDeploy(
  database: Queryable,
  deploy: Omit<VerifiedDeploy, "verifiedAt">,
): Promise<void> {
  await database.query(
    `INSERT INTO lockstep.deploy (environment, release, git_commit, contract_hash, catalog_fingerprint, run, actor, probes, allowed_breaking)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    [
      deploy.environment,
      deploy.release,
      deploy.gitCommit,
      deploy.contractHash,
      deploy.fingerprint,
      deploy.run,
      deploy.actor,
      JSON.stringify(deploy.probes),
      deploy.allowedBreaking,
    ],
  );
}

/** The last verified success of an environment; undefined when there was none (the ledger may even be absent). */
export async function lastVerified(
  database: Queryable,
  environment: string,
): Promise<VerifiedDeploy | undefined> {
  const there = await database.query<{ there: boolean }>(
    "SELECT pg_catalog.to_regclass('lockstep.deploy') IS NOT NULL AS there",
  );
  if (there.rows[0]?.there !== true) return undefined;
  const { rows } = await database.query<Record<string, unknown>>(
    "SELECT * FROM lockstep.deploy WHERE environment = $1 ORDER BY id DESC LIMIT 1",
    [environment],
  );
  const row = rows[0];
  if (row === undefined) return undefined;
  return {
    environment,
    release: row["release"] as string,
    gitCommit: (row["git_commit"] as string | null) ?? undefined,
    contractHash: row["contract_hash"] as string,
    fingerprint: row["catalog_fingerprint"] as string,
    run: (row["run"] as string | null) ?? undefined,
    actor: (row["actor"] as string | null) ?? undefined,
    probes: row["probes"] as VerifiedDeploy["probes"],
    allowedBreaking: (row["allowed_breaking"] as string | null) ?? undefined,
    verifiedAt: row["verified_at"] as Date,
  };
}

/** A release that runs now, and how that is known. */
export interface RunningRelease {
  readonly contractHash: string;
  readonly release: string;
  /** Instances with a heartbeat within the limit; 0 when it is only the last verified deploy. */
  readonly instances: number;
  /** The stored contract's JSON; undefined when it was never stored here. */
  readonly contract: unknown;
}

/**
 * The releases that run: those of registered instances with a heartbeat within `ttlMs`, else the last verified deploy
 * of the environment, else none.
 */
export async function runningReleases(
  database: Queryable,
  options: { readonly environment: string; readonly ttlMs: number },
): Promise<readonly RunningRelease[]> {
  const last = await lastVerified(database, options.environment);
  const there = await database.query<{ there: boolean }>(
    "SELECT pg_catalog.to_regclass('lockstep.instance') IS NOT NULL AS there",
  );
  if (there.rows[0]?.there !== true) return [];
  const { rows } = await database.query<Record<string, unknown>>(
    `SELECT i.contract_hash, i.release, i.instances, c.body
       FROM (SELECT contract_hash, pg_catalog.max(release) AS release, pg_catalog.count(*)::int AS instances FROM lockstep.instance
              WHERE seen_at > pg_catalog.now() - $1 * interval '1 millisecond' GROUP BY contract_hash) i
       LEFT JOIN lockstep.contract c ON c.hash = i.contract_hash ORDER BY i.release`,
    [options.ttlMs],
  );
  if (rows.length > 0)
    return rows.map((row) => ({
      contractHash: row["contract_hash"] as string,
      release: row["release"] as string,
      instances: row["instances"] as number,
      contract: row["body"] ?? undefined,
    }));
  if (last === undefined) return [];
  const stored = await database.query<{ body: unknown }>(
    "SELECT body FROM lockstep.contract WHERE hash = $1",
    [last.contractHash],
  );
  const contract = stored.rows[0]?.body;
  return [{ contractHash: last.contractHash, release: last.release, instances: 0, contract }];
}
