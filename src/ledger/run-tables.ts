/**
 * What was tried and done: the lock's lease, runs, migrations, their units and statements.
 *
 * `migration` and `unit` are truth and are written in the transaction whose effect they record, with the fence read
 * from `lease`: a writer whose fence has passed gets a null there and fails. `step` is a trace for people and may
 * lose its last rows in a server crash.
 */
export const runTables: readonly string[] = [
  `CREATE TABLE IF NOT EXISTS lockstep.lease (
    name text PRIMARY KEY,
    fence bigint NOT NULL,
    run uuid,
    holder text,
    pid integer,
    acquired_at timestamptz,
    seen_at timestamptz)`,
  `CREATE TABLE IF NOT EXISTS lockstep.run (
    id uuid PRIMARY KEY,
    command text NOT NULL,
    environment text,
    release text,
    git_commit text,
    actor text,
    host text,
    version text NOT NULL,
    fence bigint,
    started_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz,
    outcome text NOT NULL DEFAULT 'running' CHECK (outcome IN ('running', 'succeeded', 'failed', 'stopped', 'lost')),
    error jsonb,
    detail jsonb)`,
  `CREATE TABLE IF NOT EXISTS lockstep.migration (
    source text NOT NULL,
    id text NOT NULL,
    checksum text NOT NULL,
    how text NOT NULL CHECK (how IN ('applied', 'resolved', 'adopted', 'baseline')),
    reason text,
    run uuid,
    fence bigint NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (source, id))`,
  // Only for migrations of several units, of units outside a transaction, and for failures.
  `CREATE TABLE IF NOT EXISTS lockstep.unit (
    source text NOT NULL,
    migration text NOT NULL,
    number integer NOT NULL,
    hash text NOT NULL,
    line integer NOT NULL,
    state text NOT NULL CHECK (state IN ('started', 'done', 'failed')),
    held_before boolean,
    run uuid,
    fence bigint NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    failure jsonb,
    PRIMARY KEY (source, migration, number))`,
  `CREATE TABLE IF NOT EXISTS lockstep.step (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run uuid NOT NULL,
    source text NOT NULL,
    migration text NOT NULL,
    unit integer NOT NULL,
    statement integer NOT NULL,
    line integer NOT NULL,
    sql text NOT NULL,
    started_at timestamptz NOT NULL,
    ms double precision,
    attempts integer NOT NULL,
    paused_ms double precision NOT NULL,
    waited_ms double precision NOT NULL,
    outcome text NOT NULL CHECK (outcome IN ('succeeded', 'failed', 'rolled-back', 'cancelled', 'found')),
    sqlstate text,
    error text,
    remained text CHECK (remained IN ('nothing', 'something', 'everything', 'unknown')))`,
  "CREATE INDEX IF NOT EXISTS step_migration_idx ON lockstep.step (source, migration)",
];
