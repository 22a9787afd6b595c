-- form: insert-values
-- measure
INSERT INTO orgs (id, name) VALUES (900001, 'New')

-- form: insert-with-foreign-key
-- measure
INSERT INTO users (id, org_id, name) SELECT 900001, max(id), 'New' FROM orgs

-- form: insert-foreign-key-null
-- measure
INSERT INTO users (id, name) VALUES (900001, 'New')

-- form: insert-serial
-- measure
INSERT INTO orders (user_id, total) SELECT max(id), 1 FROM users

-- form: insert-identity
-- measure
INSERT INTO small (code) VALUES ('a')

-- form: insert-identity-given
-- measure
INSERT INTO small (id, code) VALUES (900001, 'a')


-- form: insert-select-table
-- measure
INSERT INTO orgs (id, name) SELECT 900000 + id, label FROM small WHERE label IS NOT NULL

-- form: insert-default-values
-- measure
INSERT INTO small DEFAULT VALUES

-- form: insert-on-conflict-nothing
-- measure
INSERT INTO orgs (id, name) VALUES (900001, 'New') ON CONFLICT DO NOTHING

-- form: insert-on-conflict-update
-- measure
INSERT INTO orgs (id, name) VALUES (900001, 'New') ON CONFLICT (id) DO UPDATE SET name = excluded.name

-- form: insert-on-conflict-constraint
-- measure
INSERT INTO orgs (id, name) VALUES (900001, 'New') ON CONFLICT ON CONSTRAINT orgs_pkey DO NOTHING

-- form: insert-on-conflict-no-key
-- measure
INSERT INTO orgs (id, name) VALUES (900001, 'New') ON CONFLICT (name) DO NOTHING

-- form: insert-returning
-- measure
INSERT INTO orgs (id, name) VALUES (900001, 'New') RETURNING id

-- form: insert-partitioned
-- measure
INSERT INTO metrics (id, taken_at, value) VALUES (1, '2024-05-05', 1)

-- form: insert-partition
-- measure
INSERT INTO metrics_2024 (id, taken_at, value) VALUES (1, '2024-05-05', 1)

-- form: insert-partitioned-default
-- measure
INSERT INTO events (id, kind) VALUES (1, 'buy')

-- form: insert-partitioned-no-partition
-- measure
INSERT INTO metrics (id, taken_at, value) VALUES (1, '1999-05-05', 1)

-- form: insert-null-into-not-null
-- measure
INSERT INTO orgs (id) VALUES (900001)

-- form: insert-missing-column
-- measure
INSERT INTO orgs (id, shoe_size) VALUES (900001, 1)

-- form: insert-missing-table
-- measure
INSERT INTO shops (id) VALUES (1)

-- form: insert-view
-- measure
INSERT INTO active_users (id, email) VALUES (900001, 'new@example.org')

-- form: insert-nextval
-- measure
INSERT INTO orgs (id, name) VALUES (900000 + nextval('tickets'), 'New')

-- form: insert-cte
-- measure
WITH moved AS (DELETE FROM small WHERE id = 1 RETURNING id, label) INSERT INTO orgs (id, name) SELECT 900000 + id, 'x' FROM moved

-- form: insert-enum
-- measure
INSERT INTO people (id, feels, age, nick) VALUES (900001, 'ok', 4, 'nick')

-- form: insert-enum-missing-label
-- measure
INSERT INTO people (id, feels) VALUES (900001, 'angry')

-- form: insert-trigger-known
CREATE TABLE audit (id bigserial PRIMARY KEY, what text);
CREATE FUNCTION note_small() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO audit (what) VALUES (NEW.label); RETURN NEW; END $$;
CREATE TRIGGER small_note AFTER INSERT ON small FOR EACH ROW EXECUTE FUNCTION note_small();
-- measure
INSERT INTO small (code) VALUES ('a')

-- form: insert-with-recursive
-- measure
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3) INSERT INTO orgs (id, name) SELECT 900000 + i, 'n' FROM n

-- form: update-all
-- measure
UPDATE orgs SET name = 'x'

-- form: update-where-key
-- measure
UPDATE orgs SET name = 'x' WHERE id = 5

-- form: update-where-key-unknown-side
-- measure
UPDATE orgs SET name = 'x' WHERE 5 = id AND name <> 'y'

-- form: update-where-filter
-- measure
UPDATE users SET status = 'old' WHERE status = 'new'

-- form: update-where-false
-- measure
UPDATE users SET status = 'old' WHERE false

-- form: update-with-trigger
-- measure
UPDATE users SET name = 'x' WHERE id = 5

-- form: update-foreign-key-column
-- measure
UPDATE users SET org_id = 6 WHERE id = 5

-- form: update-referenced-key
CREATE TABLE tags (id bigint PRIMARY KEY); CREATE TABLE tagged (tag_id bigint REFERENCES tags (id)); INSERT INTO tags VALUES (1), (2); INSERT INTO tagged VALUES (2);
-- measure
UPDATE tags SET id = 7 WHERE id = 1

-- form: update-referenced-key-cascade
CREATE TABLE tags (id bigint PRIMARY KEY); CREATE TABLE tagged (tag_id bigint REFERENCES tags (id) ON UPDATE CASCADE); INSERT INTO tags VALUES (1), (2); INSERT INTO tagged VALUES (2);
-- measure
UPDATE tags SET id = 7 WHERE id = 1

-- form: update-from
-- measure
UPDATE users SET name = o.name FROM orgs o WHERE o.id = users.org_id

-- form: update-from-ctid-batch
-- measure
UPDATE orgs SET name = 'x' WHERE ctid IN (SELECT ctid FROM orgs WHERE name <> 'x' LIMIT 100)

-- form: update-from-limit-batch
-- measure
UPDATE orgs SET name = 'x' WHERE id IN (SELECT id FROM orgs WHERE name <> 'x' ORDER BY id LIMIT 100 FOR UPDATE SKIP LOCKED)

-- form: update-cte-batch
-- measure
WITH batch AS (SELECT id FROM orgs WHERE name <> 'x' ORDER BY id LIMIT 100) UPDATE orgs SET name = 'x' FROM batch WHERE batch.id = orgs.id

-- form: update-between
-- measure
UPDATE orgs SET name = 'x' WHERE id BETWEEN 1 AND 100

-- form: update-in-list
-- measure
UPDATE orgs SET name = 'x' WHERE id IN (1, 2, 3)

-- form: update-partitioned
-- measure
UPDATE metrics SET value = 0

-- form: update-partitioned-pruned
-- measure
UPDATE metrics SET value = 0 WHERE taken_at = '2024-02-02'

-- form: update-inherited
-- measure
UPDATE animals SET name = 'x'

-- form: update-only
-- measure
UPDATE ONLY animals SET name = 'x'

-- form: update-view
-- measure
UPDATE active_users SET email = 'x@example.org' WHERE id = 5

-- form: update-matview
-- measure
UPDATE user_totals SET total = 0

-- form: update-sub-select
-- measure
UPDATE small SET label = (SELECT name FROM orgs WHERE orgs.id = small.id)

-- form: update-missing-column
-- measure
UPDATE orgs SET shoe_size = 1

-- form: update-unlogged
-- measure
UPDATE sessions SET user_id = 1 WHERE token = 't'

-- form: delete-all
-- measure
DELETE FROM orders

-- form: delete-where-key
-- measure
DELETE FROM small WHERE id = 1

-- form: delete-where-filter
-- measure
DELETE FROM orders WHERE placed_at < now() - interval '1 year'

-- form: delete-using
-- measure
DELETE FROM orders USING users WHERE users.id = orders.user_id AND users.status = 'gone'

-- form: delete-referenced
CREATE TABLE tags (id bigint PRIMARY KEY); CREATE TABLE tagged (tag_id bigint REFERENCES tags (id)); INSERT INTO tags VALUES (1), (2); INSERT INTO tagged VALUES (2);
-- measure
DELETE FROM tags WHERE id = 1

-- form: delete-referenced-cascade
CREATE TABLE tags (id bigint PRIMARY KEY); CREATE TABLE tagged (tag_id bigint REFERENCES tags (id) ON DELETE CASCADE); INSERT INTO tags VALUES (1), (2); INSERT INTO tagged VALUES (1);
-- measure
DELETE FROM tags WHERE id = 1

-- form: delete-referenced-set-null
CREATE TABLE tags (id bigint PRIMARY KEY); CREATE TABLE tagged (tag_id bigint REFERENCES tags (id) ON DELETE SET NULL); INSERT INTO tags VALUES (1), (2); INSERT INTO tagged VALUES (1);
-- measure
DELETE FROM tags WHERE id = 1

-- form: delete-partitioned
-- measure
DELETE FROM metrics WHERE taken_at < '2024-06-01'

-- form: delete-duplicates-ctid
-- measure
DELETE FROM small a USING small b WHERE a.ctid < b.ctid AND a.code = b.code

-- form: delete-exists
-- measure
DELETE FROM orders WHERE NOT EXISTS (SELECT 1 FROM users WHERE users.id = orders.user_id)

-- form: merge
-- pg: 15-18
-- measure
MERGE INTO orgs USING small ON orgs.id = small.id WHEN MATCHED THEN UPDATE SET name = 'x' WHEN NOT MATCHED THEN INSERT (id, name) VALUES (small.id, 'y')

-- form: merge-delete
-- pg: 15-18
-- measure
MERGE INTO small USING orgs ON orgs.id = small.id WHEN MATCHED THEN DELETE

-- form: merge-partitioned
-- pg: 15-18
-- measure
MERGE INTO metrics USING small ON metrics.id = small.id WHEN MATCHED THEN UPDATE SET value = 1

-- form: copy-to
-- measure
COPY orgs TO '/dev/null'

-- form: copy-query-to
-- measure
COPY (SELECT id FROM orgs) TO '/dev/null'

-- form: copy-from-program
-- measure
COPY orgs FROM PROGRAM 'printf "900001\tNew\n"'

-- form: copy-from-partitioned
-- measure
COPY metrics FROM PROGRAM 'printf "1\t2024-05-05\t1\n"'

-- form: copy-from-foreign-key
-- measure
COPY users (id, org_id) FROM PROGRAM 'printf "900001\t\\\\N\n"'

-- form: select-count
-- measure
SELECT count(*) FROM orgs

-- form: select-where-key
-- measure
SELECT name FROM orgs WHERE id = 5

-- form: select-join
-- measure
SELECT o.name, u.name FROM users u JOIN orgs o ON o.id = u.org_id WHERE u.id = 5

-- form: select-for-update
-- measure
SELECT id FROM orgs WHERE id = 5 FOR UPDATE

-- form: select-for-share-of
-- measure
SELECT u.id FROM users u JOIN orgs o ON o.id = u.org_id WHERE u.id = 5 FOR SHARE OF u

-- form: select-for-update-view
-- measure
SELECT id FROM active_users WHERE id = 5 FOR UPDATE

-- form: select-view
-- measure
SELECT * FROM active_users

-- form: select-matview
-- measure
SELECT * FROM user_totals

-- form: select-partitioned
-- measure
SELECT * FROM metrics

-- form: select-partitioned-pruned
-- measure
SELECT * FROM metrics WHERE taken_at = '2024-02-02'

-- form: select-inherited
-- measure
SELECT * FROM animals

-- form: select-sub-select
-- measure
SELECT (SELECT max(id) FROM orgs), EXISTS (SELECT 1 FROM small)

-- form: select-cte
-- measure
WITH o AS (SELECT * FROM orgs) SELECT * FROM o

-- form: select-cte-unused
-- measure
WITH o AS (SELECT * FROM orgs) SELECT 1

-- form: select-cte-writes
-- measure
WITH gone AS (DELETE FROM small WHERE id = 2 RETURNING id) SELECT count(*) FROM gone

-- form: select-union
-- measure
SELECT id FROM orgs UNION ALL SELECT id FROM people

-- form: select-constant
-- measure
SELECT 1

-- form: select-nextval
-- measure
SELECT nextval('tickets')

-- form: select-setval
-- measure
SELECT setval('tickets', 100)

-- form: select-setval-serial
-- measure
SELECT setval(pg_get_serial_sequence('orders', 'id'), (SELECT max(id) FROM orders))

-- form: select-setval-regclass
-- measure
SELECT setval('public.tickets'::regclass, 100, false)

-- form: select-currval-sequence
-- measure
SELECT last_value FROM tickets

-- form: select-set-config
-- measure
SELECT set_config('lock_timeout', '1s', true)

-- form: select-advisory-lock
-- measure
SELECT pg_advisory_xact_lock(1)

-- form: select-sql-function
CREATE FUNCTION clear_small() RETURNS void LANGUAGE sql AS 'DELETE FROM small';
-- measure
SELECT clear_small()

-- form: select-plpgsql-function
CREATE FUNCTION clear_small() RETURNS void LANGUAGE plpgsql AS $$ BEGIN DELETE FROM small; END $$;
-- measure
SELECT clear_small()

-- form: select-sql-function-returns
CREATE FUNCTION org_count() RETURNS bigint LANGUAGE sql STABLE AS 'SELECT count(*) FROM orgs';
-- measure
SELECT org_count()

-- form: select-function-atomic
CREATE FUNCTION clear_small() RETURNS void LANGUAGE sql BEGIN ATOMIC DELETE FROM small; END;
-- measure
SELECT clear_small()

-- form: select-plpgsql-function-missing
-- measure
SELECT no_such_function()

-- form: select-missing-table
-- measure
SELECT * FROM shops

-- form: select-missing-column
-- measure
SELECT shoe_size FROM orgs

-- form: select-catalog
-- measure
SELECT relname FROM pg_class WHERE relname = 'users'

-- form: select-size
-- measure
SELECT pg_relation_size('users')

-- form: select-lateral
-- measure
SELECT * FROM orgs o, LATERAL (SELECT id FROM users u WHERE u.org_id = o.id LIMIT 1) u

-- form: values
-- measure
VALUES (1), (2)

-- form: explain
-- measure
EXPLAIN SELECT * FROM orgs

-- form: explain-analyze
-- measure
EXPLAIN ANALYZE DELETE FROM small WHERE id = 3

-- form: prepare
-- measure
PREPARE one AS SELECT * FROM orgs WHERE id = $1

-- form: execute
PREPARE one AS DELETE FROM small WHERE id = $1;
-- measure
EXECUTE one (1)

-- form: declare-cursor
-- measure
DECLARE c CURSOR FOR SELECT * FROM orgs
