-- ALTER TABLE … FOREIGN KEY, and other subcommands on tables with foreign keys

-- form: alter-add-foreign-key
-- measure
ALTER TABLE sessions ADD CONSTRAINT sessions_user_fk FOREIGN KEY (user_id) REFERENCES sessions (user_id);

-- form: alter-add-foreign-key-two-tables
CREATE TABLE logins (id bigint PRIMARY KEY, user_id bigint);
-- measure
ALTER TABLE logins ADD CONSTRAINT logins_user_fk FOREIGN KEY (user_id) REFERENCES users (id);

-- form: alter-add-foreign-key-orphans
CREATE TABLE logins (id bigint PRIMARY KEY, user_id bigint);
INSERT INTO logins VALUES (1, 1);
-- measure
ALTER TABLE logins ADD CONSTRAINT logins_user_fk FOREIGN KEY (user_id) REFERENCES users (id);

-- form: alter-add-foreign-key-implicit-columns
CREATE TABLE logins (id bigint PRIMARY KEY, user_id bigint);
-- measure
ALTER TABLE logins ADD FOREIGN KEY (user_id) REFERENCES users ON DELETE CASCADE;

-- form: alter-add-foreign-key-not-valid
CREATE TABLE logins (id bigint PRIMARY KEY, user_id bigint);
-- measure
ALTER TABLE logins ADD CONSTRAINT logins_user_fk FOREIGN KEY (user_id) REFERENCES users (id) NOT VALID;

-- form: alter-add-foreign-key-not-enforced
-- pg: 18
CREATE TABLE logins (id bigint PRIMARY KEY, user_id bigint);
-- measure
ALTER TABLE logins ADD CONSTRAINT logins_user_fk FOREIGN KEY (user_id) REFERENCES users (id) NOT ENFORCED;

-- form: alter-add-foreign-key-self
CREATE TABLE tree (id bigint PRIMARY KEY, up bigint);
-- measure
ALTER TABLE tree ADD CONSTRAINT tree_up_fk FOREIGN KEY (up) REFERENCES tree (id);

-- form: alter-add-foreign-key-name-taken
-- measure
ALTER TABLE orders ADD CONSTRAINT orders_user_fk FOREIGN KEY (user_id) REFERENCES users (id);

-- form: alter-add-foreign-key-two
CREATE TABLE logins (id bigint PRIMARY KEY, user_id bigint, org_id bigint);
-- measure
ALTER TABLE logins ADD FOREIGN KEY (user_id) REFERENCES users, ADD FOREIGN KEY (org_id) REFERENCES orgs NOT VALID;

-- form: alter-add-foreign-key-missing-parent
-- measure
ALTER TABLE orders ADD FOREIGN KEY (note) REFERENCES nothing (id);

-- form: alter-add-foreign-key-missing-column
-- measure
ALTER TABLE orders ADD FOREIGN KEY (nothing) REFERENCES users (id);

-- form: alter-add-foreign-key-type-mismatch
-- measure
ALTER TABLE orders ADD FOREIGN KEY (note) REFERENCES users (id);

-- form: alter-add-foreign-key-other-integer-type
CREATE TABLE logins (id bigint PRIMARY KEY, user_id integer);
-- measure
ALTER TABLE logins ADD FOREIGN KEY (user_id) REFERENCES users (id);

-- form: alter-add-foreign-key-no-unique-index
-- measure
ALTER TABLE orders ADD FOREIGN KEY (note) REFERENCES users (name);

-- form: alter-add-foreign-key-unique-index-parent
TRUNCATE users CASCADE;
-- measure
ALTER TABLE orders ADD FOREIGN KEY (note) REFERENCES users (email);

-- form: alter-add-foreign-key-partitioned-parent
TRUNCATE orders;
CREATE TABLE parts (id bigint PRIMARY KEY) PARTITION BY RANGE (id);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (100);
CREATE TABLE parts_2 PARTITION OF parts FOR VALUES FROM (100) TO (200);
-- measure
ALTER TABLE orders ADD CONSTRAINT part_fk FOREIGN KEY (user_id) REFERENCES parts (id);

-- form: alter-add-foreign-key-partitioned-parent-not-valid
CREATE TABLE parts (id bigint PRIMARY KEY) PARTITION BY RANGE (id);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (100);
-- measure
ALTER TABLE orders ADD CONSTRAINT part_fk FOREIGN KEY (user_id) REFERENCES parts (id) NOT VALID;

-- form: alter-add-foreign-key-partitioned-child
TRUNCATE users, metrics CASCADE;
-- measure
ALTER TABLE metrics ADD CONSTRAINT metrics_user_fk FOREIGN KEY (id) REFERENCES users (id);

-- form: alter-add-foreign-key-partitioned-child-not-valid
-- measure
ALTER TABLE metrics ADD CONSTRAINT metrics_user_fk FOREIGN KEY (id) REFERENCES users (id) NOT VALID;

-- form: alter-add-foreign-key-partitioned-child-only
-- measure
ALTER TABLE ONLY metrics ADD CONSTRAINT metrics_user_fk FOREIGN KEY (id) REFERENCES users (id);

-- form: alter-add-foreign-key-partition
TRUNCATE users, metrics_2024 CASCADE;
-- measure
ALTER TABLE metrics_2024 ADD CONSTRAINT metrics_user_fk FOREIGN KEY (id) REFERENCES users (id);

-- form: alter-add-foreign-key-inherited
-- measure
ALTER TABLE animals ADD CONSTRAINT animals_user_fk FOREIGN KEY (id) REFERENCES users (id);

-- form: alter-add-foreign-key-to-view
-- measure
ALTER TABLE orders ADD FOREIGN KEY (user_id) REFERENCES active_users (id);

-- form: alter-add-foreign-key-unlogged-parent
CREATE UNLOGGED TABLE fast (id bigint PRIMARY KEY);
-- measure
ALTER TABLE orders ADD FOREIGN KEY (user_id) REFERENCES fast (id);

-- form: alter-validate-foreign-key
CREATE TABLE logins (id bigint PRIMARY KEY, user_id bigint);
ALTER TABLE logins ADD CONSTRAINT logins_user_fk FOREIGN KEY (user_id) REFERENCES users (id) NOT VALID;
-- measure
ALTER TABLE logins VALIDATE CONSTRAINT logins_user_fk;

-- form: alter-validate-foreign-key-orphans
CREATE TABLE logins (id bigint PRIMARY KEY, user_id bigint);
INSERT INTO logins VALUES (1, 1);
ALTER TABLE logins ADD CONSTRAINT logins_user_fk FOREIGN KEY (user_id) REFERENCES users (id) NOT VALID;
-- measure
ALTER TABLE logins VALIDATE CONSTRAINT logins_user_fk;

-- form: alter-validate-foreign-key-already
-- measure
ALTER TABLE orders VALIDATE CONSTRAINT orders_user_fk;

-- form: alter-validate-foreign-key-partitioned-child
-- pg: 18
TRUNCATE users, metrics CASCADE;
ALTER TABLE metrics ADD CONSTRAINT metrics_user_fk FOREIGN KEY (id) REFERENCES users (id) NOT VALID;
-- measure
ALTER TABLE metrics VALIDATE CONSTRAINT metrics_user_fk;

-- form: alter-validate-foreign-key-partitioned-parent
TRUNCATE orders;
CREATE TABLE parts (id bigint PRIMARY KEY) PARTITION BY RANGE (id);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (100);
ALTER TABLE orders ADD CONSTRAINT part_fk FOREIGN KEY (user_id) REFERENCES parts (id) NOT VALID;
-- measure
ALTER TABLE orders VALIDATE CONSTRAINT part_fk;

-- form: alter-validate-foreign-key-self
CREATE TABLE tree (id bigint PRIMARY KEY, up bigint);
ALTER TABLE tree ADD CONSTRAINT tree_up_fk FOREIGN KEY (up) REFERENCES tree (id) NOT VALID;
-- measure
ALTER TABLE tree VALIDATE CONSTRAINT tree_up_fk;

-- form: alter-validate-foreign-key-with-check
CREATE TABLE logins (id bigint PRIMARY KEY, user_id bigint);
ALTER TABLE logins ADD CONSTRAINT logins_user_fk FOREIGN KEY (user_id) REFERENCES users (id) NOT VALID, ADD CONSTRAINT c CHECK (id > 0) NOT VALID;
-- measure
ALTER TABLE logins VALIDATE CONSTRAINT logins_user_fk, VALIDATE CONSTRAINT c;

-- form: alter-constraint-deferrable
-- measure
ALTER TABLE orders ALTER CONSTRAINT orders_user_fk DEFERRABLE INITIALLY DEFERRED;

-- form: alter-constraint-deferrable-partitioned-child
TRUNCATE metrics;
ALTER TABLE metrics ADD CONSTRAINT metrics_user_fk FOREIGN KEY (id) REFERENCES users (id);
-- measure
ALTER TABLE metrics ALTER CONSTRAINT metrics_user_fk DEFERRABLE;

-- form: alter-constraint-deferrable-check
-- measure
ALTER TABLE users ALTER CONSTRAINT users_age_check DEFERRABLE;

-- form: alter-constraint-not-enforced
-- pg: 18
-- measure
ALTER TABLE orders ALTER CONSTRAINT orders_user_fk NOT ENFORCED;

-- form: alter-constraint-enforced
-- pg: 18
ALTER TABLE orders ALTER CONSTRAINT orders_user_fk NOT ENFORCED;
-- measure
ALTER TABLE orders ALTER CONSTRAINT orders_user_fk ENFORCED;

-- form: alter-drop-foreign-key
-- measure
ALTER TABLE orders DROP CONSTRAINT orders_user_fk;

-- form: alter-drop-foreign-key-if-exists
-- measure
ALTER TABLE IF EXISTS orders DROP CONSTRAINT IF EXISTS orders_user_fk;

-- form: alter-drop-foreign-key-self
CREATE TABLE tree (id bigint PRIMARY KEY, up bigint CONSTRAINT tree_up_fk REFERENCES tree);
-- measure
ALTER TABLE tree DROP CONSTRAINT tree_up_fk;

-- form: alter-drop-foreign-key-partitioned-child
TRUNCATE metrics;
ALTER TABLE metrics ADD CONSTRAINT metrics_user_fk FOREIGN KEY (id) REFERENCES users (id);
-- measure
ALTER TABLE metrics DROP CONSTRAINT metrics_user_fk;

-- form: alter-drop-foreign-key-partition-inherited
TRUNCATE metrics;
ALTER TABLE metrics ADD CONSTRAINT metrics_user_fk FOREIGN KEY (id) REFERENCES users (id);
-- measure
ALTER TABLE metrics_2024 DROP CONSTRAINT metrics_user_fk;

-- form: alter-drop-foreign-key-partitioned-parent
TRUNCATE orders;
CREATE TABLE parts (id bigint PRIMARY KEY) PARTITION BY RANGE (id);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (100);
ALTER TABLE orders ADD CONSTRAINT part_fk FOREIGN KEY (user_id) REFERENCES parts (id);
-- measure
ALTER TABLE orders DROP CONSTRAINT part_fk;

-- form: alter-drop-and-add-foreign-key
-- measure
ALTER TABLE orders DROP CONSTRAINT orders_user_fk, ADD CONSTRAINT orders_user_fk FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE;

-- form: alter-drop-and-add-foreign-key-not-valid
-- measure
ALTER TABLE orders DROP CONSTRAINT orders_user_fk, ADD CONSTRAINT orders_user_fk FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE NOT VALID;

-- form: alter-drop-column
-- measure
ALTER TABLE users DROP COLUMN age;

-- form: alter-drop-column-foreign-key
-- measure
ALTER TABLE orders DROP COLUMN user_id CASCADE;

-- form: alter-drop-column-foreign-key-no-view
-- measure
ALTER TABLE users DROP COLUMN org_id;

-- form: alter-drop-column-referenced
-- measure
ALTER TABLE orgs DROP COLUMN id;

-- form: alter-drop-column-referenced-cascade
-- measure
ALTER TABLE orgs DROP COLUMN id CASCADE;

-- form: alter-drop-column-view
-- measure
ALTER TABLE users DROP COLUMN email;

-- form: alter-drop-column-view-cascade
-- measure
ALTER TABLE users DROP COLUMN email CASCADE;

-- form: alter-drop-column-matview-cascade
-- measure
ALTER TABLE orders DROP COLUMN total CASCADE;

-- form: alter-drop-column-view-over-view-cascade
CREATE VIEW outer_users AS SELECT id FROM active_users;
-- measure
ALTER TABLE users DROP COLUMN email CASCADE;

-- form: alter-drop-column-indexed
-- measure
ALTER TABLE users DROP COLUMN name;

-- form: alter-drop-column-index-multi
CREATE INDEX orders_pair_idx ON orders (placed_at, note) INCLUDE (total);
-- measure
ALTER TABLE orders DROP COLUMN note;

-- form: alter-drop-column-index-predicate
CREATE INDEX orders_open_idx ON orders (placed_at) WHERE note IS NULL;
-- measure
ALTER TABLE orders DROP COLUMN note;

-- form: alter-drop-column-serial
CREATE TABLE ticketed (id serial, a text);
-- measure
ALTER TABLE ticketed DROP COLUMN id;

-- form: alter-drop-column-serial-primary-key
-- measure
ALTER TABLE orders DROP COLUMN id;

-- form: alter-drop-column-identity
-- measure
ALTER TABLE small DROP COLUMN id;

-- form: alter-drop-column-sequence-used-elsewhere
CREATE TABLE ticketed (id serial, a text);
CREATE TABLE borrower (id integer DEFAULT nextval('ticketed_id_seq'));
-- measure
ALTER TABLE ticketed DROP COLUMN id;

-- form: alter-drop-column-sequence-used-elsewhere-cascade
CREATE TABLE ticketed (id serial, a text);
CREATE TABLE borrower (id integer DEFAULT nextval('ticketed_id_seq'));
-- measure
ALTER TABLE ticketed DROP COLUMN id CASCADE;

-- form: alter-drop-column-generated-source
CREATE TABLE sums (a integer, b integer GENERATED ALWAYS AS (a * 2) STORED);
-- measure
ALTER TABLE sums DROP COLUMN a;

-- form: alter-drop-column-generated-source-cascade
CREATE TABLE sums (a integer, b integer GENERATED ALWAYS AS (a * 2) STORED);
-- measure
ALTER TABLE sums DROP COLUMN a CASCADE;

-- form: alter-drop-column-missing
-- measure
ALTER TABLE users DROP COLUMN missing;

-- form: alter-drop-column-missing-if-exists
-- measure
ALTER TABLE users DROP COLUMN IF EXISTS missing;

-- form: alter-drop-column-partitioned
-- measure
ALTER TABLE metrics DROP COLUMN value;

-- form: alter-drop-column-partitioned-indexed
CREATE INDEX metrics_value_idx ON metrics (value);
-- measure
ALTER TABLE metrics DROP COLUMN value;

-- form: alter-drop-column-partition-key
-- measure
ALTER TABLE metrics DROP COLUMN taken_at;

-- form: alter-drop-column-partitioned-only
-- measure
ALTER TABLE ONLY metrics DROP COLUMN value;

-- form: alter-drop-column-partition
-- measure
ALTER TABLE metrics_2024 DROP COLUMN value;

-- form: alter-drop-column-inherited
-- measure
ALTER TABLE animals DROP COLUMN name;

-- form: alter-drop-column-inherited-only
-- measure
ALTER TABLE ONLY animals DROP COLUMN name;

-- form: alter-drop-column-of-child-inherited
-- measure
ALTER TABLE dogs DROP COLUMN name;

-- form: alter-drop-column-policy
CREATE POLICY mine ON orders USING (note = 'x');
-- measure
ALTER TABLE orders DROP COLUMN note;

-- form: alter-drop-column-trigger-of
CREATE TRIGGER noted BEFORE UPDATE OF note ON orders FOR EACH ROW EXECUTE FUNCTION touch();
-- measure
ALTER TABLE orders DROP COLUMN note;

-- form: alter-drop-column-statistics
CREATE STATISTICS small_stats ON code, label FROM small;
-- measure
ALTER TABLE small DROP COLUMN label;

-- form: alter-drop-column-multi-column-unique
CREATE TABLE pairs (a integer, b integer, UNIQUE (a, b));
-- measure
ALTER TABLE pairs DROP COLUMN b;

-- form: alter-drop-column-multi-column-check
CREATE TABLE pairs (a integer, b integer, CHECK (a < b));
-- measure
ALTER TABLE pairs DROP COLUMN b;

-- form: alter-drop-two-columns
-- measure
ALTER TABLE users DROP COLUMN age, DROP COLUMN score;

-- form: alter-drop-column-typed-default-function
CREATE TABLE called (a integer DEFAULT five(), b integer);
-- measure
ALTER TABLE called DROP COLUMN a;
