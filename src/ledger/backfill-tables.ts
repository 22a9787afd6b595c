/**
 * What each backfill does and how far it has come. A range is claimed by one worker at a time; its fence rises with
 * each claim and is checked in the transaction of every batch, so that a worker that wakes late changes nothing.
 * Cursors are the key's values as text. A table without a key is gone through by the place of its rows: `key` is JSON's null
 * then, `pass` says which files, how often they were gone through before, and cursors are places in them. `vacuumed` is how many rows had been changed when the table was last vacuumed. A process that works shows itself, its
 * pace and the reasons for it.
 */
export const backfillTables: readonly string[] = [
  `CREATE TABLE IF NOT EXISTS lockstep.backfill (
    id text PRIMARY KEY,
    relation text NOT NULL,
    key jsonb NOT NULL,
    assignments text NOT NULL,
    todo text NOT NULL,
    pass jsonb,
    state text NOT NULL DEFAULT 'running' CHECK (state IN ('running', 'paused', 'done')),
    frontier text[],
    exhausted boolean NOT NULL DEFAULT false,
    estimate bigint NOT NULL,
    vacuumed bigint NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz)`,
  `CREATE TABLE IF NOT EXISTS lockstep.backfill_range (
    backfill text NOT NULL REFERENCES lockstep.backfill ON DELETE CASCADE,
    number integer NOT NULL,
    above text[],
    upto text[],
    reached text[],
    passed bigint NOT NULL DEFAULT 0,
    changed bigint NOT NULL DEFAULT 0,
    done boolean NOT NULL DEFAULT false,
    fence bigint NOT NULL DEFAULT 1,
    holder text,
    session text,
    seen_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (backfill, number))`,
  `CREATE TABLE IF NOT EXISTS lockstep.backfill_reject (
    backfill text NOT NULL REFERENCES lockstep.backfill ON DELETE CASCADE,
    key text[] NOT NULL,
    sqlstate text NOT NULL,
    message text NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (backfill, key))`,
  `CREATE TABLE IF NOT EXISTS lockstep.backfill_process (
    backfill text NOT NULL REFERENCES lockstep.backfill ON DELETE CASCADE,
    session text NOT NULL,
    name text NOT NULL,
    workers integer NOT NULL,
    verdict text NOT NULL CHECK (verdict IN ('go', 'slow', 'stop')),
    reasons jsonb NOT NULL DEFAULT '[]',
    rates jsonb NOT NULL DEFAULT '[]',
    seen_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (backfill, session))`,
];
