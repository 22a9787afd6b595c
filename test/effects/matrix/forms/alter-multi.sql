-- Several subcommands in one ALTER TABLE; whole-statement lock strength

-- form: alter-multi-statistics-and-options
-- measure
ALTER TABLE users ALTER COLUMN email SET STATISTICS 100, SET (fillfactor = 80);

-- form: alter-multi-foreign-key-and-trigger
CREATE TABLE logins (id bigint PRIMARY KEY, user_id bigint);
-- measure
ALTER TABLE logins ADD FOREIGN KEY (user_id) REFERENCES users NOT VALID, DISABLE TRIGGER USER;

-- form: alter-multi-foreign-key-and-column
CREATE TABLE logins (id bigint PRIMARY KEY);
-- measure
ALTER TABLE logins ADD COLUMN user_id bigint, ADD CONSTRAINT logins_user_fk FOREIGN KEY (user_id) REFERENCES users (id);

-- form: alter-multi-column-and-foreign-key-not-valid
CREATE TABLE logins (id bigint PRIMARY KEY);
-- measure
ALTER TABLE logins ADD COLUMN user_id bigint, ADD CONSTRAINT logins_user_fk FOREIGN KEY (user_id) REFERENCES users (id) NOT VALID;

-- form: alter-multi-column-and-unique
-- measure
ALTER TABLE orders ADD COLUMN code text, ADD CONSTRAINT orders_code_key UNIQUE (code);

-- form: alter-multi-column-and-not-null
TRUNCATE orders;
-- measure
ALTER TABLE orders ADD COLUMN code text, ALTER COLUMN code SET NOT NULL;

-- form: alter-multi-column-default-and-not-null
-- measure
ALTER TABLE orders ADD COLUMN code text DEFAULT 'x', ALTER COLUMN code SET NOT NULL;

-- form: alter-multi-column-default-then-dropped
-- measure
ALTER TABLE orders ADD COLUMN code text NOT NULL DEFAULT 'x', ALTER COLUMN code DROP DEFAULT;

-- form: alter-multi-column-then-set-default-volatile
-- measure
ALTER TABLE orders ADD COLUMN token uuid, ALTER COLUMN token SET DEFAULT gen_random_uuid();

-- form: alter-multi-drop-and-add-same-column
-- measure
ALTER TABLE users DROP COLUMN age, ADD COLUMN age bigint;

-- form: alter-multi-type-and-default
-- measure
ALTER TABLE users ALTER COLUMN status DROP DEFAULT, ALTER COLUMN status TYPE varchar(20), ALTER COLUMN status SET DEFAULT 'new';

-- form: alter-multi-type-and-not-null
TRUNCATE users CASCADE;
-- measure
ALTER TABLE users ALTER COLUMN score TYPE double precision, ALTER COLUMN score SET NOT NULL;

-- form: alter-multi-type-no-rewrite-and-not-null
TRUNCATE small;
-- measure
ALTER TABLE small ALTER COLUMN label TYPE text, ALTER COLUMN label SET NOT NULL;

-- form: alter-multi-rewrite-and-check
TRUNCATE users CASCADE;
-- measure
ALTER TABLE users ADD COLUMN dice double precision DEFAULT random(), ADD CONSTRAINT users_score CHECK (score > 0);

-- form: alter-multi-rewrite-and-unique
-- measure
ALTER TABLE orders ALTER COLUMN user_id TYPE numeric, ADD CONSTRAINT once UNIQUE (note);

-- form: alter-multi-two-uniques
TRUNCATE orders;
-- measure
ALTER TABLE orders ADD UNIQUE (note), ADD UNIQUE (placed_at, user_id);

-- form: alter-multi-check-and-unlogged
-- measure
ALTER TABLE people ADD CHECK (id > 0), SET UNLOGGED;

-- form: alter-multi-drop-constraint-and-index
-- measure
ALTER TABLE orders DROP CONSTRAINT orders_pkey, ADD PRIMARY KEY (id, placed_at);

-- form: alter-multi-rls-and-policy-owner
-- measure
ALTER TABLE users ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY, OWNER TO CURRENT_USER;

-- form: alter-multi-partitioned
TRUNCATE metrics;
-- measure
ALTER TABLE metrics ADD COLUMN unit text, ALTER COLUMN value SET NOT NULL, ADD CHECK (value > 0) NOT VALID;

-- form: alter-multi-inherited
-- measure
ALTER TABLE animals ADD COLUMN legs integer DEFAULT 4, ADD CONSTRAINT named CHECK (name <> '');

-- form: alter-multi-second-fails
-- measure
ALTER TABLE users ADD COLUMN fine text, DROP COLUMN missing;

-- form: alter-multi-add-column-and-primary-key
CREATE TABLE loose (a integer);
-- measure
ALTER TABLE loose ADD COLUMN id bigint NOT NULL, ADD PRIMARY KEY (id);

-- form: alter-multi-add-column-bigserial-and-primary-key
CREATE TABLE loose (a integer);
-- measure
ALTER TABLE loose ADD COLUMN id bigserial, ADD CONSTRAINT loose_pkey PRIMARY KEY (id);

-- form: alter-multi-three-levels
CREATE TABLE tree (id integer, k text) PARTITION BY RANGE (id);
CREATE TABLE tree_1 PARTITION OF tree FOR VALUES FROM (0) TO (100) PARTITION BY LIST (k);
CREATE TABLE tree_1_a PARTITION OF tree_1 FOR VALUES IN ('a');
CREATE TABLE tree_1_b PARTITION OF tree_1 DEFAULT;
-- measure
ALTER TABLE tree ADD COLUMN n integer NOT NULL DEFAULT 4, ADD CHECK (n > 2);

-- form: alter-multi-set-statistics-and-foreign-key-validate
CREATE TABLE logins (id bigint PRIMARY KEY, user_id bigint);
ALTER TABLE logins ADD CONSTRAINT logins_user_fk FOREIGN KEY (user_id) REFERENCES users (id) NOT VALID;
-- measure
ALTER TABLE logins VALIDATE CONSTRAINT logins_user_fk, ALTER COLUMN user_id SET NOT NULL;

-- form: alter-multi-search-path
CREATE SCHEMA app;
CREATE TABLE app.users (id bigint PRIMARY KEY, tag varchar(10));
DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET search_path = app, public', current_database()); END $$;
SET search_path = app, public;
-- measure
ALTER TABLE users ALTER COLUMN tag TYPE text;

-- form: alter-multi-qualified
CREATE SCHEMA app;
CREATE TABLE app.users (id bigint PRIMARY KEY, tag varchar(10));
CREATE TABLE app.visits (user_id bigint);
-- measure
ALTER TABLE app.visits ADD CONSTRAINT visits_fk FOREIGN KEY (user_id) REFERENCES app.users (id);

-- form: alter-all-in-tablespace
-- measure
ALTER TABLE ALL IN TABLESPACE pg_default SET TABLESPACE pg_default;
