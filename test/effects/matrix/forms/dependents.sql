-- form: update-referenced-key-set-null
CREATE TABLE tags (id bigint PRIMARY KEY); CREATE TABLE tagged (tag_id bigint REFERENCES tags (id) ON UPDATE SET NULL); INSERT INTO tags VALUES (1), (2); INSERT INTO tagged VALUES (1);
-- measure
UPDATE tags SET id = 7 WHERE id = 1

-- form: update-referenced-key-set-default
CREATE TABLE tags (id bigint PRIMARY KEY); CREATE TABLE tagged (tag_id bigint DEFAULT 2 REFERENCES tags (id) ON UPDATE SET DEFAULT); INSERT INTO tags VALUES (1), (2); INSERT INTO tagged VALUES (1);
-- measure
UPDATE tags SET id = 7 WHERE id = 1

-- form: update-referenced-key-cascade-twice
CREATE TABLE tags (id bigint PRIMARY KEY); CREATE TABLE tagged (tag_id bigint PRIMARY KEY REFERENCES tags (id) ON UPDATE CASCADE); CREATE TABLE deeper (tag_id bigint REFERENCES tagged (tag_id) ON UPDATE CASCADE); INSERT INTO tags VALUES (1), (2); INSERT INTO tagged VALUES (1); INSERT INTO deeper VALUES (1);
-- measure
UPDATE tags SET id = 7 WHERE id = 1

-- form: update-unreferenced-column
CREATE TABLE tags (id bigint PRIMARY KEY, name text); CREATE TABLE tagged (tag_id bigint REFERENCES tags (id) ON UPDATE CASCADE); INSERT INTO tags VALUES (1), (2); INSERT INTO tagged VALUES (1);
-- measure
UPDATE tags SET name = 'x' WHERE id = 1

-- form: delete-set-null-of-one-column
-- pg: 15-18
CREATE TABLE tags (id bigint, org bigint, PRIMARY KEY (org, id)); CREATE TABLE tagged (tag_id bigint, org bigint, FOREIGN KEY (org, tag_id) REFERENCES tags (org, id) ON DELETE SET NULL (tag_id)); INSERT INTO tags VALUES (1, 1); INSERT INTO tagged VALUES (1, 1);
-- measure
DELETE FROM tags WHERE id = 1 AND org = 1

-- form: update-without-trigger-of-column
CREATE FUNCTION count_orgs() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM count(*) FROM orgs; RETURN NEW; END $$;
INSERT INTO small (id, label) VALUES (900001, 'a');
CREATE TRIGGER counted AFTER UPDATE OF code ON small FOR EACH ROW EXECUTE FUNCTION count_orgs();
-- measure
UPDATE small SET label = 'x' WHERE id = 900001

-- form: update-with-trigger-of-column
CREATE FUNCTION count_orgs() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM count(*) FROM orgs; RETURN NEW; END $$;
INSERT INTO small (id, label) VALUES (900001, 'a');
CREATE TRIGGER counted AFTER UPDATE OF label ON small FOR EACH ROW EXECUTE FUNCTION count_orgs();
-- measure
UPDATE small SET label = 'x' WHERE id = 900001

-- form: insert-without-trigger-of-update
CREATE FUNCTION count_orgs() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM count(*) FROM orgs; RETURN NEW; END $$;
CREATE TRIGGER counted AFTER UPDATE OR DELETE ON small FOR EACH ROW EXECUTE FUNCTION count_orgs();
-- measure
INSERT INTO small (id, label) VALUES (900001, 'x')

-- form: delete-with-statement-trigger
CREATE FUNCTION count_orgs() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM count(*) FROM orgs; RETURN NULL; END $$;
CREATE TRIGGER counted AFTER DELETE ON small EXECUTE FUNCTION count_orgs();
-- measure
DELETE FROM small WHERE id = 3

-- form: truncate-with-trigger
CREATE FUNCTION count_orgs() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM count(*) FROM orgs; RETURN NULL; END $$;
CREATE TRIGGER counted BEFORE TRUNCATE ON small EXECUTE FUNCTION count_orgs();
-- measure
TRUNCATE small

-- form: truncate-with-trigger-of-delete
CREATE FUNCTION count_orgs() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM count(*) FROM orgs; RETURN NULL; END $$;
CREATE TRIGGER counted BEFORE DELETE ON small EXECUTE FUNCTION count_orgs();
-- measure
TRUNCATE small

-- form: insert-with-rule-of-delete
CREATE RULE kept AS ON DELETE TO small DO INSTEAD NOTHING;
-- measure
INSERT INTO small (id, label) VALUES (900001, 'x')

-- form: delete-with-disabled-rule
CREATE RULE kept AS ON DELETE TO small DO INSTEAD NOTHING;
ALTER TABLE small DISABLE RULE kept;
-- measure
DELETE FROM small WHERE id = 3

-- form: delete-instead-nothing
CREATE RULE kept AS ON DELETE TO small DO INSTEAD NOTHING;
-- measure
DELETE FROM small WHERE id = 3

-- form: insert-view-with-trigger-of-update
CREATE VIEW few AS SELECT id, label FROM small;
CREATE FUNCTION pass() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE TRIGGER passed INSTEAD OF UPDATE ON few FOR EACH ROW EXECUTE FUNCTION pass();
-- measure
INSERT INTO few (id, label) VALUES (900001, 'x')

-- form: insert-view-instead-of
CREATE VIEW few AS SELECT id, label FROM small;
CREATE FUNCTION pass() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO orgs (id, name) VALUES (900001, 'x'); RETURN NEW; END $$;
CREATE TRIGGER passed INSTEAD OF INSERT ON few FOR EACH ROW EXECUTE FUNCTION pass();
-- measure
INSERT INTO few (id, label) VALUES (900001, 'x')

-- form: drop-table-policy-reads
CREATE POLICY known ON orders USING (EXISTS (SELECT 1 FROM small WHERE small.id = user_id));
-- measure
DROP TABLE small

-- form: drop-table-policy-reads-cascade
CREATE POLICY known ON orders USING (EXISTS (SELECT 1 FROM small WHERE small.id = user_id));
-- measure
DROP TABLE small CASCADE

-- form: drop-table-rule-writes
CREATE RULE noted AS ON DELETE TO orders DO ALSO INSERT INTO small (label) VALUES ('gone');
-- measure
DROP TABLE small

-- form: drop-table-rule-writes-cascade
CREATE RULE noted AS ON DELETE TO orders DO ALSO INSERT INTO small (label) VALUES ('gone');
-- measure
DROP TABLE small CASCADE

-- form: drop-table-constraint-trigger-from
CREATE CONSTRAINT TRIGGER watched AFTER INSERT ON orders FROM small FOR EACH ROW EXECUTE FUNCTION touch();
-- measure
DROP TABLE small

-- form: drop-table-published
CREATE PUBLICATION feed FOR TABLE small, orgs;
-- measure
DROP TABLE small

-- form: drop-table-with-own-policy-and-rule
CREATE POLICY own ON small USING (id > 0); CREATE RULE kept AS ON DELETE TO small DO INSTEAD NOTHING;
-- measure
DROP TABLE small

-- form: drop-type-typed-table
CREATE TYPE pair AS (a integer, b text); CREATE TABLE pairs OF pair;
-- measure
DROP TYPE pair

-- form: drop-type-typed-table-cascade
CREATE TYPE pair AS (a integer, b text); CREATE TABLE pairs OF pair;
-- measure
DROP TYPE pair CASCADE

-- form: drop-publication-missing
-- measure
DROP PUBLICATION nowhere

-- form: create-publication-taken
CREATE PUBLICATION feed FOR TABLE users;
-- measure
CREATE PUBLICATION feed

-- form: alter-publication-missing
-- measure
ALTER PUBLICATION nowhere ADD TABLE users

-- form: publication-set-same-table
CREATE PUBLICATION feed FOR TABLE users, orgs;
-- measure
ALTER PUBLICATION feed SET TABLE orgs

-- form: publication-add-table-twice
CREATE PUBLICATION feed FOR TABLE users;
-- measure
ALTER PUBLICATION feed ADD TABLE users

-- form: publication-drop-table-not-in-it
CREATE PUBLICATION feed FOR TABLE users;
-- measure
ALTER PUBLICATION feed DROP TABLE orgs

-- form: publication-all-tables-add-table
CREATE PUBLICATION feed FOR ALL TABLES;
-- measure
ALTER PUBLICATION feed ADD TABLE users

-- form: publication-set-schema
-- pg: 15-18
CREATE PUBLICATION feed FOR TABLE users;
-- measure
ALTER PUBLICATION feed SET TABLES IN SCHEMA public

-- form: cluster-all-some
ALTER TABLE orgs CLUSTER ON orgs_pkey;
ALTER TABLE orders CLUSTER ON orders_pkey;
-- measure
CLUSTER

-- form: cluster-after-without-cluster
ALTER TABLE orgs CLUSTER ON orgs_pkey;
ALTER TABLE orgs SET WITHOUT CLUSTER;
-- measure
CLUSTER orgs

-- form: reassign-owned-table
CREATE ROLE lockstep_form_reassigning;
ALTER TABLE orgs OWNER TO lockstep_form_reassigning;
CREATE VIEW mine AS SELECT 1 AS one;
ALTER VIEW mine OWNER TO lockstep_form_reassigning;
-- measure
REASSIGN OWNED BY lockstep_form_reassigning TO CURRENT_USER

-- form: drop-owned-table
CREATE ROLE lockstep_form_owning;
ALTER TABLE dogs OWNER TO lockstep_form_owning;
-- measure
DROP OWNED BY lockstep_form_owning

-- form: drop-owned-granted
CREATE ROLE lockstep_form_granted;
GRANT SELECT ON orgs TO lockstep_form_granted;
GRANT SELECT (id) ON users TO lockstep_form_granted;
-- measure
DROP OWNED BY lockstep_form_granted

-- form: drop-owned-missing-role
-- measure
DROP OWNED BY nobody_at_all

-- form: grant-missing-role
-- measure
GRANT SELECT ON orgs TO nobody_at_all

-- form: create-role-taken
CREATE ROLE lockstep_form_taken;
-- measure
CREATE ROLE lockstep_form_taken

-- form: drop-role-missing
-- measure
DROP ROLE nobody_at_all

-- form: create-table-in-missing-tablespace
-- measure
CREATE TABLE somewhere (id bigint) TABLESPACE nowhere

-- form: create-table-using-missing-access-method
-- measure
CREATE TABLE somewhere (id bigint) USING nothing

-- form: create-index-in-missing-tablespace
-- measure
CREATE INDEX ON orgs (name) TABLESPACE nowhere

-- form: create-index-using-missing-access-method
-- measure
CREATE INDEX ON orgs USING nothing (name)

-- form: drop-access-method-cascade
CREATE ACCESS METHOD heap_too TYPE TABLE HANDLER heap_tableam_handler;
CREATE TABLE stored (id bigint) USING heap_too;
-- measure
DROP ACCESS METHOD heap_too CASCADE

-- form: drop-access-method-used
CREATE ACCESS METHOD heap_too TYPE TABLE HANDLER heap_tableam_handler;
CREATE TABLE stored (id bigint) USING heap_too;
-- measure
DROP ACCESS METHOD heap_too

-- form: drop-server-in-use
CREATE FOREIGN DATA WRAPPER dummy;
CREATE SERVER elsewhere FOREIGN DATA WRAPPER dummy;
CREATE FOREIGN TABLE remote_users (id bigint) SERVER elsewhere;
-- measure
DROP SERVER elsewhere

-- form: drop-server-of-no-table-cascade
CREATE FOREIGN DATA WRAPPER dummy;
CREATE SERVER elsewhere FOREIGN DATA WRAPPER dummy;
CREATE SERVER nearby FOREIGN DATA WRAPPER dummy;
CREATE FOREIGN TABLE remote_users (id bigint) SERVER elsewhere;
-- measure
DROP SERVER nearby CASCADE

-- form: drop-wrapper-cascade
CREATE FOREIGN DATA WRAPPER dummy;
CREATE SERVER elsewhere FOREIGN DATA WRAPPER dummy;
CREATE FOREIGN TABLE remote_users (id bigint) SERVER elsewhere;
-- measure
DROP FOREIGN DATA WRAPPER dummy CASCADE

-- form: drop-index-clustered
ALTER TABLE orgs CLUSTER ON orgs_pkey; CREATE INDEX orgs_name_idx ON orgs (name); ALTER TABLE orgs CLUSTER ON orgs_name_idx;
-- measure
DROP INDEX orgs_name_idx

-- form: update-view-instead-of
CREATE VIEW few AS SELECT id, label FROM small WHERE label <> 'y';
CREATE FUNCTION pass() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO orgs (id, name) VALUES (900001, 'x'); RETURN NEW; END $$;
CREATE TRIGGER passed INSTEAD OF UPDATE ON few FOR EACH ROW EXECUTE FUNCTION pass();
INSERT INTO small (id, label) VALUES (900001, 'a');
-- measure
UPDATE few SET label = 'x' WHERE id = 900001

-- form: delete-view-instead-of
CREATE VIEW few AS SELECT id, label FROM small WHERE label <> 'y';
CREATE FUNCTION pass() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO orgs (id, name) VALUES (900001, 'x'); RETURN OLD; END $$;
CREATE TRIGGER passed INSTEAD OF DELETE ON few FOR EACH ROW EXECUTE FUNCTION pass();
INSERT INTO small (id, label) VALUES (900001, 'a');
-- measure
DELETE FROM few WHERE id = 900001

-- form: move-all-in-tablespace-missing
-- measure
ALTER TABLE ALL IN TABLESPACE nowhere SET TABLESPACE pg_default

-- form: move-all-in-tablespace-global
-- measure
ALTER TABLE ALL IN TABLESPACE pg_default SET TABLESPACE pg_global

-- form: alter-view-instead-nothing
CREATE VIEW few AS SELECT id, label FROM small;
CREATE RULE kept AS ON UPDATE TO few DO INSTEAD NOTHING;
-- measure
UPDATE few SET label = 'x' WHERE id = 3
