-- bad: a DO block with batches and no COMMIT
-- union: 102, 113
-- base
CREATE TABLE users (id bigint PRIMARY KEY, full_name text, display_name text);
-- migration
DO $$ -- ! batch-in-one-transaction
DECLARE
  done bigint;
BEGIN
  LOOP
    UPDATE users SET display_name = full_name
    WHERE id IN (
      SELECT id FROM users WHERE display_name IS NULL AND full_name IS NOT NULL ORDER BY id LIMIT 1000
    );
    GET DIAGNOSTICS done = ROW_COUNT;
    EXIT WHEN done = 0;
    PERFORM pg_sleep(0);
  END LOOP;
END $$;

-- bad: row by row
-- base
CREATE TABLE users (id bigint PRIMARY KEY, email text);
-- migration
DO $$ -- ! batch-in-one-transaction
DECLARE
  one record;
BEGIN
  FOR one IN SELECT id FROM users LOOP
    UPDATE users SET email = lower(email) WHERE id = one.id;
  END LOOP;
END $$;

-- bad: a function that loops
-- base
CREATE TABLE users (id bigint PRIMARY KEY, email text);
-- migration
CREATE FUNCTION lower_emails() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  last bigint := 0;
BEGIN
  WHILE last < 100000 LOOP
    UPDATE users SET email = lower(email) WHERE id > last AND id <= last + 1000;
    last := last + 1000;
  END LOOP;
END $$;
SELECT lower_emails(); -- ! batch-in-one-transaction

-- good: COMMIT in a block that runs in a transaction fails, which is said instead
-- transaction: file
-- base
CREATE TABLE users (id bigint PRIMARY KEY, email text);
-- migration
DO $$ -- ! fails-in-transaction
DECLARE
  keys bigint[] := ARRAY(SELECT id FROM users ORDER BY id LIMIT 1000);
BEGIN
  WHILE cardinality(keys) > 0 LOOP
    UPDATE users SET email = lower(email) WHERE id = ANY (keys);
    COMMIT;
    keys := ARRAY(SELECT id FROM users WHERE id > keys[cardinality(keys)] ORDER BY id LIMIT 1000);
  END LOOP;
END $$;

-- good: a COMMIT after each batch, outside a transaction
-- union: 102, 113
-- base
CREATE TABLE users (id bigint PRIMARY KEY, email text);
-- migration
DO $$
DECLARE
  keys bigint[] := ARRAY(SELECT id FROM users ORDER BY id LIMIT 1000);
BEGIN
  WHILE cardinality(keys) > 0 LOOP
    UPDATE users SET email = lower(email) WHERE id = ANY (keys);
    COMMIT;
    keys := ARRAY(SELECT id FROM users WHERE id > keys[cardinality(keys)] ORDER BY id LIMIT 1000);
  END LOOP;
END $$;

-- good: a function that is only defined
-- base
CREATE TABLE users (id bigint PRIMARY KEY, email text);
-- migration
CREATE FUNCTION lower_emails() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  FOR i IN 0..99 LOOP
    UPDATE users SET email = lower(email) WHERE id > i * 1000 AND id <= (i + 1) * 1000;
  END LOOP;
END $$;

-- good: a loop over a table of the same file
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
-- migration
CREATE TABLE steps (id bigint PRIMARY KEY, done boolean);
DO $$
BEGIN
  FOR i IN 1..3 LOOP
    UPDATE steps SET done = true WHERE id = i;
  END LOOP;
END $$;
