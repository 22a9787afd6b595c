-- bad: the condition does not look at what is set
-- only: predicted
-- base
CREATE TABLE users (id bigint PRIMARY KEY, email text, plan text);
-- migration
DO $$ -- ! batch-never-ends
DECLARE
  done bigint;
BEGIN
  LOOP
    UPDATE users SET email = lower(email)
    WHERE id IN (SELECT id FROM users WHERE plan IS NULL ORDER BY id LIMIT 1000);
    GET DIAGNOSTICS done = ROW_COUNT;
    EXIT WHEN done = 0;
    COMMIT;
  END LOOP;
END $$;

-- bad: a new value that meets the condition too, a CTE, and no order
-- only: predicted
-- base
CREATE TABLE users (id bigint PRIMARY KEY, plan text);
-- migration
DO $$ -- ! batch-never-ends
BEGIN
  LOOP
    WITH batch AS (SELECT id FROM users WHERE plan <> 'pro' LIMIT 1000)
    UPDATE users SET plan = 'free' FROM batch WHERE users.id = batch.id;
    COMMIT;
    IF NOT FOUND THEN
      EXIT;
    END IF;
    PERFORM pg_sleep(0.1);
  END LOOP;
END $$;

-- bad: null is written where null is looked for
-- only: predicted
-- base
CREATE TABLE users (id bigint PRIMARY KEY, full_name text, display_name text);
-- migration
DO $$ -- ! batch-never-ends
DECLARE
  done bigint := 1;
BEGIN
  WHILE done > 0 LOOP
    UPDATE users SET display_name = btrim(full_name)
    WHERE id IN (SELECT id FROM users WHERE display_name IS NULL ORDER BY id LIMIT 1000);
    GET DIAGNOSTICS done = ROW_COUNT;
    COMMIT;
  END LOOP;
END $$;

-- bad: the other table may have no row for it
-- only: predicted
-- base
CREATE TABLE members (user_id bigint PRIMARY KEY, org_id bigint NOT NULL);
CREATE TABLE users (id bigint PRIMARY KEY, org_id bigint);
-- migration
CREATE PROCEDURE fill_orgs() LANGUAGE plpgsql AS $$
BEGIN
  LOOP
    UPDATE users SET org_id = (SELECT m.org_id FROM members m WHERE m.user_id = users.id)
    WHERE id IN (SELECT id FROM users WHERE org_id IS NULL ORDER BY id LIMIT 1000);
    EXIT WHEN NOT FOUND;
    COMMIT;
  END LOOP;
END $$;
CALL fill_orgs(); -- ! batch-never-ends

-- good: rows that would stay null are not picked
-- base
CREATE TABLE users (id bigint PRIMARY KEY, full_name text, display_name text, plan text NOT NULL);
-- migration
DO $$
DECLARE
  done bigint;
BEGIN
  LOOP
    UPDATE users SET display_name = btrim(full_name)
    WHERE id IN (SELECT id FROM users WHERE display_name IS NULL AND full_name IS NOT NULL ORDER BY id LIMIT 1000);
    GET DIAGNOSTICS done = ROW_COUNT;
    EXIT WHEN done = 0;
    COMMIT;
  END LOOP;
  LOOP
    UPDATE users SET display_name = coalesce(full_name, '')
    WHERE id IN (SELECT id FROM users WHERE display_name IS NULL ORDER BY id LIMIT 1000);
    GET DIAGNOSTICS done = ROW_COUNT;
    EXIT WHEN done < 1000;
    COMMIT;
  END LOOP;
  LOOP
    UPDATE users SET plan = 'free'
    WHERE id IN (SELECT id FROM users WHERE plan = 'trial' ORDER BY id LIMIT 1000);
    EXIT WHEN NOT FOUND;
    COMMIT;
  END LOOP;
END $$;

-- good: each batch begins after the one before
-- base
CREATE TABLE users (id bigint PRIMARY KEY, email text);
-- migration
DO $$
DECLARE
  done bigint;
  latest bigint := 0;
BEGIN
  LOOP
    WITH batch AS (SELECT id FROM users WHERE id > latest ORDER BY id LIMIT 1000),
      changed AS (UPDATE users SET email = lower(email) FROM batch WHERE users.id = batch.id RETURNING users.id)
    SELECT max(id) INTO latest FROM changed;
    EXIT WHEN latest IS NULL;
    COMMIT;
  END LOOP;
  latest := 0;
  LOOP
    UPDATE users SET email = lower(email)
    WHERE id IN (SELECT id FROM users WHERE id > latest ORDER BY id LIMIT 1000);
    GET DIAGNOSTICS done = ROW_COUNT;
    EXIT WHEN done = 0;
    latest := (SELECT max(id) FROM (SELECT id FROM users WHERE id > latest ORDER BY id LIMIT 1000) AS batch);
    COMMIT;
  END LOOP;
END $$;

-- good: a loop of so many turns
-- base
CREATE TABLE users (id bigint PRIMARY KEY, email text);
-- migration
DO $$
DECLARE
  turns integer := 0;
BEGIN
  LOOP
    UPDATE users SET email = lower(email) WHERE id IN (SELECT id FROM users ORDER BY id LIMIT 1000);
    turns := turns + 1;
    EXIT WHEN turns = 10;
    COMMIT;
  END LOOP;
END $$;
