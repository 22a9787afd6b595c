-- bad: OFFSET grows while the set shrinks
-- base
CREATE TABLE users (id bigint PRIMARY KEY, full_name text, display_name text);
-- migration
DO $$ -- ! batch-skips-rows
DECLARE
  size bigint := 1000;
  skip bigint := 0;
  done bigint;
BEGIN
  LOOP
    UPDATE users SET display_name = full_name
    WHERE id IN (SELECT id FROM users WHERE display_name IS NULL ORDER BY id LIMIT size OFFSET skip);
    GET DIAGNOSTICS done = ROW_COUNT;
    EXIT WHEN done < size;
    COMMIT;
    skip := skip + size;
  END LOOP;
END $$;

-- bad: batches written out
-- base
CREATE TABLE events (id bigint PRIMARY KEY, kind text);
-- migration
DELETE FROM events WHERE id IN (SELECT id FROM events WHERE kind = 'click' ORDER BY id LIMIT 1000);
DELETE FROM events WHERE id IN (SELECT id FROM events WHERE kind = 'click' ORDER BY id LIMIT 1000 OFFSET 1000); -- ! batch-skips-rows

-- good: without OFFSET the rest moves up to be next
-- base
CREATE TABLE events (id bigint PRIMARY KEY, kind text);
-- migration
DO $$
DECLARE
  done bigint;
BEGIN
  LOOP
    DELETE FROM events WHERE id IN (SELECT id FROM events WHERE kind = 'click' ORDER BY id LIMIT 1000);
    GET DIAGNOSTICS done = ROW_COUNT;
    EXIT WHEN done = 0;
    COMMIT;
  END LOOP;
END $$;
