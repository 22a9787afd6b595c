-- form: do-nothing
-- measure
DO $$ BEGIN NULL; END $$

-- form: do-update
-- measure
DO $$ BEGIN UPDATE orgs SET name = 'x' WHERE id = 1; END $$

-- form: do-alter
-- measure
DO $$ BEGIN ALTER TABLE small ADD COLUMN note text; END $$

-- form: do-if-exists-taken
-- measure
DO $$ BEGIN IF EXISTS (SELECT 1 FROM orgs WHERE id = 1) THEN DELETE FROM small; END IF; END $$

-- form: do-if-false
-- measure
DO $$ BEGIN IF false THEN DROP TABLE users CASCADE; END IF; END $$

-- form: do-if-catalog
-- measure
DO $$ BEGIN IF NOT EXISTS (SELECT 1 FROM information_schema.columns WHERE table_name = 'small' AND column_name = 'note') THEN ALTER TABLE small ADD COLUMN note text; END IF; END $$

-- form: do-exception-duplicate
-- measure
DO $$ BEGIN ALTER TABLE small ADD CONSTRAINT small_org_fk FOREIGN KEY (id) REFERENCES orgs (id) NOT VALID; EXCEPTION WHEN duplicate_object THEN NULL; END $$

-- form: do-exception-taken
-- measure
DO $$ BEGIN CREATE TYPE mood AS ENUM ('x'); EXCEPTION WHEN duplicate_object THEN NULL; END $$

-- form: do-loop-while
-- measure
DO $$ DECLARE n integer; BEGIN LOOP UPDATE orgs SET name = 'y' WHERE id IN (SELECT id FROM orgs WHERE name <> 'y' LIMIT 1000); GET DIAGNOSTICS n = ROW_COUNT; EXIT WHEN n = 0; END LOOP; END $$

-- form: do-for-query
-- measure
DO $$ DECLARE r record; BEGIN FOR r IN SELECT id FROM orgs WHERE id < 3 LOOP UPDATE small SET label = 'z' WHERE id = r.id; END LOOP; END $$

-- form: do-for-integer
-- measure
DO $$ BEGIN FOR i IN 1..3 LOOP INSERT INTO orgs (id, name) VALUES (900000 + i, 'x'); END LOOP; END $$

-- form: do-execute-constant
-- measure
DO $$ BEGIN EXECUTE 'ALTER TABLE small ADD COLUMN note text'; END $$

-- form: do-execute-format
-- measure
DO $$ BEGIN EXECUTE format('ALTER TABLE %I ADD COLUMN note text', 'small'); END $$

-- form: do-execute-concatenated
-- measure
DO $$ BEGIN EXECUTE 'ALTER TABLE ' || 'small' || ' ADD COLUMN note text'; END $$

-- form: do-perform
CREATE FUNCTION clear_small() RETURNS void LANGUAGE plpgsql AS $$ BEGIN DELETE FROM small; END $$;
-- measure
DO $$ BEGIN PERFORM clear_small(); END $$

-- form: do-select-into
-- measure
DO $$ DECLARE n bigint; BEGIN SELECT count(*) INTO n FROM orgs; n := n + (SELECT count(*) FROM small); END $$

-- form: do-commit
-- measure
DO $$ BEGIN UPDATE orgs SET name = 'x' WHERE id = 1; COMMIT; END $$

-- form: do-raise
-- measure
DO $$ BEGIN RAISE NOTICE 'x'; END $$

-- form: do-raise-exception
-- measure
DO $$ BEGIN RAISE EXCEPTION 'stop'; END $$

-- form: do-return-early
-- measure
DO $$ BEGIN RETURN; DELETE FROM small; END $$

-- form: do-nested
-- measure
DO $outer$ BEGIN DO $inner$ BEGIN DELETE FROM small WHERE id = 1; END $inner$; END $outer$

-- form: do-case
-- measure
DO $$ DECLARE n integer := 1; BEGIN CASE n WHEN 1 THEN DELETE FROM small; ELSE NULL; END CASE; END $$

-- form: do-declare-default
-- measure
DO $$ DECLARE n bigint := (SELECT max(id) FROM orgs); BEGIN NULL; END $$

-- form: do-syntax-error
-- measure
DO $$ BEGIN UPDATE orgs SET; END $$

-- form: do-create-table
-- measure
DO $$ BEGIN CREATE TABLE invoices (id bigint PRIMARY KEY, org_id bigint REFERENCES orgs (id)); CREATE INDEX ON invoices (org_id); END $$

-- form: do-cursor
-- measure
DO $$ DECLARE c CURSOR FOR SELECT id FROM orgs; BEGIN OPEN c; CLOSE c; END $$

-- form: do-other-language
-- measure
DO LANGUAGE sql 'SELECT 1'

-- form: call-procedure
CREATE PROCEDURE clear_all() LANGUAGE plpgsql AS $$ BEGIN DELETE FROM small; END $$;
-- measure
CALL clear_all()

-- form: call-procedure-sql
CREATE PROCEDURE clear_all() LANGUAGE sql AS 'DELETE FROM small';
-- measure
CALL clear_all()

-- form: call-missing
-- measure
CALL clear_nothing()
