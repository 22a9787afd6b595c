-- bad: nothing says which rows are done
-- base
CREATE TABLE users (id bigint PRIMARY KEY, email text);
-- migration
DO $$ -- ! batch-without-order
BEGIN
  FOR i IN 1..3 LOOP
    UPDATE users SET email = lower(email) WHERE id IN (SELECT id FROM users LIMIT 1000);
    COMMIT;
  END LOOP;
END $$;

-- bad: a CTE with LIMIT, once
-- base
CREATE TABLE users (id bigint PRIMARY KEY, plan text);
-- migration
WITH batch AS (SELECT id FROM users WHERE plan IS NULL LIMIT 1000) -- ! batch-without-order
UPDATE users SET plan = 'free' FROM batch WHERE users.id = batch.id;

-- bad: every batch begins at the start again
-- base
CREATE TABLE users (id bigint PRIMARY KEY, plan text);
-- migration
DO $$ -- i batch-without-order
DECLARE
  done bigint;
BEGIN
  LOOP
    UPDATE users SET plan = 'free' WHERE id IN (SELECT id FROM users WHERE plan IS NULL LIMIT 1000);
    GET DIAGNOSTICS done = ROW_COUNT;
    EXIT WHEN done = 0;
    COMMIT;
  END LOOP;
END $$;

-- good: in key order
-- base
CREATE TABLE users (id bigint PRIMARY KEY, plan text);
-- migration
DO $$
DECLARE
  done bigint;
BEGIN
  LOOP
    UPDATE users SET plan = 'free'
    WHERE id IN (SELECT id FROM users WHERE plan IS NULL ORDER BY id LIMIT 1000 FOR UPDATE);
    GET DIAGNOSTICS done = ROW_COUNT;
    EXIT WHEN done = 0;
    COMMIT;
  END LOOP;
END $$;
