/**
 * What runs now, whatever it does: each process that works on this database shows itself here for as long as it does, and
 * reads here whether it is to stop. Nothing else is ever decided by it; a row whose session is gone was left by a process
 * that was killed. `doing` is for people, `stop` says who has asked.
 */
export const processTables: readonly string[] = [
  `CREATE TABLE IF NOT EXISTS lockstep.process (
    run uuid PRIMARY KEY,
    session text NOT NULL,
    pid integer NOT NULL,
    command text NOT NULL,
    environment text,
    holder text NOT NULL,
    started_at timestamptz NOT NULL DEFAULT now(),
    seen_at timestamptz NOT NULL DEFAULT now(),
    doing jsonb NOT NULL DEFAULT '{}',
    stop jsonb)`,
];
