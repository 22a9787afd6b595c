/**
 * Where each plan stands that was begun in this database. A row is written and moved on only in a transaction whose
 * effect it tells and which a fence guards. `before` is what ran when the plan was begun, `touches` the tables it is
 * about, `evidence` why its contract phase was allowed.
 */
export const planTables: readonly string[] = [
  `CREATE TABLE IF NOT EXISTS lockstep.plan (
    id text PRIMARY KEY,
    source text NOT NULL,
    migration text NOT NULL,
    fingerprint text NOT NULL,
    checksum text NOT NULL,
    phase text NOT NULL CHECK (phase IN ('expand', 'backfill', 'ready', 'contract', 'finished', 'abort', 'aborted')),
    since timestamptz NOT NULL DEFAULT now(),
    begun_at timestamptz NOT NULL DEFAULT now(),
    run uuid,
    touches text[] NOT NULL DEFAULT '{}',
    before text[] NOT NULL DEFAULT '{}',
    evidence jsonb)`,
  // Version 3: a migration may be recorded by its plan.
  "ALTER TABLE lockstep.migration DROP CONSTRAINT IF EXISTS migration_how_check",
  "ALTER TABLE lockstep.migration ADD CONSTRAINT migration_how_check CHECK (how IN ('applied', 'resolved', 'adopted', 'baseline', 'planned'))",
];
