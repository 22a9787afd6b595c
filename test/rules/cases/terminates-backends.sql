-- bad: by pid
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
-- migration
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = 0; -- ! terminates-backends

-- bad: whoever holds a lock, in a block
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
-- migration
DO $$ -- ! terminates-backends
BEGIN
  PERFORM pg_cancel_backend(pid) FROM pg_locks WHERE relation = 'users'::regclass AND pid <> pg_backend_pid();
END $$;

-- good: only sessions whose work is known
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
-- migration
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'nightly report' AND state = 'active';

-- good: looking at who blocks
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
-- migration
SELECT pid, state, query FROM pg_stat_activity WHERE pid = ANY (pg_blocking_pids(pg_backend_pid()));
