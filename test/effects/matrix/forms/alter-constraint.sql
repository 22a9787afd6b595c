-- ALTER TABLE … ADD | ALTER | VALIDATE | DROP CONSTRAINT (without foreign keys)

-- form: alter-add-check
TRUNCATE users CASCADE;
-- measure
ALTER TABLE users ADD CONSTRAINT users_score CHECK (score > 0);

-- form: alter-add-check-rows-violate
INSERT INTO orgs VALUES (1, '');
-- measure
ALTER TABLE orgs ADD CONSTRAINT filled CHECK (name <> '');

-- form: alter-add-check-not-valid
-- measure
ALTER TABLE users ADD CONSTRAINT users_score CHECK (score > 0) NOT VALID;

-- form: alter-add-check-unnamed
TRUNCATE users CASCADE;
-- measure
ALTER TABLE users ADD CHECK (score > 0);

-- form: alter-add-check-exists
-- measure
ALTER TABLE users ADD CONSTRAINT users_age_check CHECK (age > 5);

-- form: alter-add-check-not-enforced
-- pg: 18
-- measure
ALTER TABLE users ADD CONSTRAINT users_score CHECK (score > 0) NOT ENFORCED;

-- form: alter-add-check-no-inherit
-- measure
ALTER TABLE animals ADD CONSTRAINT named CHECK (name <> '') NO INHERIT;

-- form: alter-add-check-inherited
-- measure
ALTER TABLE animals ADD CONSTRAINT named CHECK (name <> '');

-- form: alter-add-check-inherited-only
-- measure
ALTER TABLE ONLY animals ADD CONSTRAINT named CHECK (name <> '');

-- form: alter-add-check-partitioned
TRUNCATE metrics;
-- measure
ALTER TABLE metrics ADD CONSTRAINT positive CHECK (value > 0);

-- form: alter-add-check-partitioned-not-valid
-- measure
ALTER TABLE metrics ADD CONSTRAINT positive CHECK (value > 0) NOT VALID;

-- form: alter-add-check-missing-column
-- measure
ALTER TABLE users ADD CONSTRAINT users_rank CHECK (rank > 0);

-- form: alter-add-check-two
TRUNCATE users CASCADE;
-- measure
ALTER TABLE users ADD CONSTRAINT a CHECK (score > 0), ADD CONSTRAINT b CHECK (name <> '') NOT VALID;

-- form: alter-add-unique
TRUNCATE users CASCADE;
-- measure
ALTER TABLE users ADD CONSTRAINT users_name_key UNIQUE (name);

-- form: alter-add-unique-rows-duplicate
INSERT INTO orgs VALUES (1, 'a'), (2, 'a');
-- measure
ALTER TABLE orgs ADD CONSTRAINT orgs_name_key UNIQUE (name);

-- form: alter-add-unique-name-taken
-- measure
ALTER TABLE users ADD CONSTRAINT users_email_key UNIQUE (email);

-- form: alter-add-unique-unnamed-two-columns
-- measure
ALTER TABLE orders ADD UNIQUE (user_id, placed_at);

-- form: alter-add-unique-deferrable
-- measure
ALTER TABLE orders ADD CONSTRAINT once UNIQUE (user_id, placed_at) DEFERRABLE INITIALLY DEFERRED;

-- form: alter-add-unique-nulls-not-distinct
-- pg: 15-18
TRUNCATE orders;
-- measure
ALTER TABLE orders ADD CONSTRAINT once UNIQUE NULLS NOT DISTINCT (note);

-- form: alter-add-unique-include
-- measure
ALTER TABLE orders ADD CONSTRAINT once UNIQUE (placed_at) INCLUDE (total);

-- form: alter-add-unique-partitioned
TRUNCATE metrics;
-- measure
ALTER TABLE metrics ADD CONSTRAINT once UNIQUE (id, taken_at);

-- form: alter-add-unique-partitioned-without-key
-- measure
ALTER TABLE metrics ADD CONSTRAINT once UNIQUE (id);

-- form: alter-add-unique-inherited
TRUNCATE animals;
-- measure
ALTER TABLE animals ADD CONSTRAINT named UNIQUE (name);

-- form: alter-add-unique-missing-column
-- measure
ALTER TABLE users ADD CONSTRAINT users_handle_key UNIQUE (handle);

-- form: alter-add-primary-key
CREATE TABLE loose (a integer NOT NULL, b text);
-- measure
ALTER TABLE loose ADD PRIMARY KEY (a);

-- form: alter-add-primary-key-nullable
CREATE TABLE loose (a integer, b text);
-- measure
ALTER TABLE loose ADD CONSTRAINT loose_pkey PRIMARY KEY (a, b);

-- form: alter-add-primary-key-nullable-checked
CREATE TABLE loose (a integer CHECK (a IS NOT NULL), b text);
-- measure
ALTER TABLE loose ADD PRIMARY KEY (a);

-- form: alter-add-primary-key-exists
-- measure
ALTER TABLE users ADD PRIMARY KEY (id);

-- form: alter-add-primary-key-partitioned
TRUNCATE metrics;
-- measure
ALTER TABLE metrics ADD PRIMARY KEY (id, taken_at);

-- form: alter-add-primary-key-inherited-nullable
CREATE TABLE top (a integer, b text);
CREATE TABLE bottom (c text) INHERITS (top);
-- measure
ALTER TABLE top ADD PRIMARY KEY (a);

-- form: alter-add-primary-key-not-valid-not-null
-- pg: 18
CREATE TABLE loose (a integer, b text);
ALTER TABLE loose ADD CONSTRAINT nn NOT NULL a NOT VALID;
-- measure
ALTER TABLE loose ADD PRIMARY KEY (a);

-- form: alter-add-unique-using-index
-- measure
ALTER TABLE users ADD CONSTRAINT users_email_key UNIQUE USING INDEX users_email_key;

-- form: alter-add-unique-using-index-renamed
-- measure
ALTER TABLE users ADD CONSTRAINT one_email UNIQUE USING INDEX users_email_key;

-- form: alter-add-unique-using-index-not-unique
-- measure
ALTER TABLE users ADD CONSTRAINT one_name UNIQUE USING INDEX users_name_idx;

-- form: alter-add-unique-using-index-missing
-- measure
ALTER TABLE users ADD CONSTRAINT one_name UNIQUE USING INDEX users_nothing_idx;

-- form: alter-add-unique-using-index-partial
TRUNCATE users CASCADE;
CREATE UNIQUE INDEX part_idx ON users (name) WHERE age > 5;
-- measure
ALTER TABLE users ADD CONSTRAINT one_name UNIQUE USING INDEX part_idx;

-- form: alter-add-primary-key-using-index-not-null
CREATE TABLE loose (a integer NOT NULL, b text);
CREATE UNIQUE INDEX loose_a_idx ON loose (a);
-- measure
ALTER TABLE loose ADD CONSTRAINT loose_pkey PRIMARY KEY USING INDEX loose_a_idx;

-- form: alter-add-primary-key-using-index-nullable
CREATE TABLE loose (a integer, b text);
CREATE UNIQUE INDEX loose_a_idx ON loose (a);
-- measure
ALTER TABLE loose ADD CONSTRAINT loose_pkey PRIMARY KEY USING INDEX loose_a_idx;

-- form: alter-add-primary-key-using-index-nullable-checked
CREATE TABLE loose (a integer CONSTRAINT there CHECK (a IS NOT NULL), b text);
CREATE UNIQUE INDEX loose_a_idx ON loose (a);
-- measure
ALTER TABLE loose ADD PRIMARY KEY USING INDEX loose_a_idx;

-- form: alter-add-primary-key-swap
CREATE TABLE loose (a integer PRIMARY KEY, b bigint NOT NULL);
CREATE UNIQUE INDEX loose_b_idx ON loose (b);
-- measure
ALTER TABLE loose DROP CONSTRAINT loose_pkey, ADD CONSTRAINT loose_pkey PRIMARY KEY USING INDEX loose_b_idx;

-- form: alter-add-exclude
CREATE TABLE stays (r int4range);
-- measure
ALTER TABLE stays ADD CONSTRAINT apart EXCLUDE USING gist (r WITH &&);

-- form: alter-add-exclude-partial
CREATE TABLE stays (r int4range, gone boolean);
-- measure
ALTER TABLE stays ADD CONSTRAINT apart EXCLUDE USING gist (r WITH &&) WHERE (NOT gone);

-- form: alter-add-not-null
-- pg: 18
TRUNCATE users CASCADE;
-- measure
ALTER TABLE users ADD CONSTRAINT users_email_nn NOT NULL email;

-- form: alter-add-not-null-before-18
-- pg: 14-17
-- measure
ALTER TABLE users ADD CONSTRAINT users_email_nn NOT NULL email;

-- form: alter-add-not-null-not-valid
-- pg: 18
-- measure
ALTER TABLE users ADD CONSTRAINT users_email_nn NOT NULL email NOT VALID;

-- form: alter-add-not-null-proven
-- pg: 18
TRUNCATE users CASCADE;
ALTER TABLE users ADD CONSTRAINT there CHECK (email IS NOT NULL);
-- measure
ALTER TABLE users ADD CONSTRAINT users_email_nn NOT NULL email;

-- form: alter-add-not-null-already
-- pg: 18
-- measure
ALTER TABLE users ADD CONSTRAINT users_status_not_null NOT NULL status;

-- form: alter-add-not-null-already-other-name
-- pg: 18
-- measure
ALTER TABLE users ADD CONSTRAINT filled NOT NULL status;

-- form: alter-add-not-null-partitioned
-- pg: 18
TRUNCATE metrics;
-- measure
ALTER TABLE metrics ADD CONSTRAINT nn NOT NULL value;

-- form: alter-add-not-null-partitioned-not-valid
-- pg: 18
-- measure
ALTER TABLE metrics ADD CONSTRAINT nn NOT NULL value NOT VALID;

-- form: alter-validate-not-null
-- pg: 18
TRUNCATE users CASCADE;
ALTER TABLE users ADD CONSTRAINT users_email_nn NOT NULL email NOT VALID;
-- measure
ALTER TABLE users VALIDATE CONSTRAINT users_email_nn;

-- form: alter-validate-not-null-proven
-- pg: 18
TRUNCATE users CASCADE;
ALTER TABLE users ADD CONSTRAINT users_email_nn NOT NULL email NOT VALID;
ALTER TABLE users ADD CONSTRAINT there CHECK (email IS NOT NULL);
-- measure
ALTER TABLE users VALIDATE CONSTRAINT users_email_nn;

-- form: alter-validate-not-null-partitioned
-- pg: 18
TRUNCATE metrics;
ALTER TABLE metrics ADD CONSTRAINT nn NOT NULL value NOT VALID;
-- measure
ALTER TABLE metrics VALIDATE CONSTRAINT nn;

-- form: alter-validate-check
TRUNCATE users CASCADE;
ALTER TABLE users ADD CONSTRAINT users_score CHECK (score > 0) NOT VALID;
-- measure
ALTER TABLE users VALIDATE CONSTRAINT users_score;

-- form: alter-validate-check-rows-violate
INSERT INTO orgs VALUES (1, '');
ALTER TABLE orgs ADD CONSTRAINT filled CHECK (name <> '') NOT VALID;
-- measure
ALTER TABLE orgs VALIDATE CONSTRAINT filled;

-- form: alter-validate-check-already
-- measure
ALTER TABLE users VALIDATE CONSTRAINT users_age_check;

-- form: alter-validate-check-inherited
ALTER TABLE animals ADD CONSTRAINT named CHECK (name <> '') NOT VALID;
-- measure
ALTER TABLE animals VALIDATE CONSTRAINT named;

-- form: alter-validate-check-inherited-only
ALTER TABLE animals ADD CONSTRAINT named CHECK (name <> '') NOT VALID;
-- measure
ALTER TABLE ONLY animals VALIDATE CONSTRAINT named;

-- form: alter-validate-check-inherited-child-already
ALTER TABLE animals ADD CONSTRAINT named CHECK (name <> '') NOT VALID;
ALTER TABLE dogs VALIDATE CONSTRAINT named;
-- measure
ALTER TABLE animals VALIDATE CONSTRAINT named;

-- form: alter-validate-check-partitioned
TRUNCATE metrics;
ALTER TABLE metrics ADD CONSTRAINT positive CHECK (value > 0) NOT VALID;
-- measure
ALTER TABLE metrics VALIDATE CONSTRAINT positive;

-- form: alter-validate-missing
-- measure
ALTER TABLE users VALIDATE CONSTRAINT nothing;

-- form: alter-validate-unique
-- measure
ALTER TABLE users VALIDATE CONSTRAINT users_pkey;

-- form: alter-validate-with-set-statistics
TRUNCATE users CASCADE;
ALTER TABLE users ADD CONSTRAINT users_score CHECK (score > 0) NOT VALID;
-- measure
ALTER TABLE users VALIDATE CONSTRAINT users_score, ALTER COLUMN email SET STATISTICS 200;

-- form: alter-validate-with-set-default
TRUNCATE users CASCADE;
ALTER TABLE users ADD CONSTRAINT users_score CHECK (score > 0) NOT VALID;
-- measure
ALTER TABLE users VALIDATE CONSTRAINT users_score, ALTER COLUMN age SET DEFAULT 4;

-- form: alter-validate-two
TRUNCATE users CASCADE;
ALTER TABLE users ADD CONSTRAINT a CHECK (score > 0) NOT VALID, ADD CONSTRAINT b CHECK (name <> '') NOT VALID;
-- measure
ALTER TABLE users VALIDATE CONSTRAINT a, VALIDATE CONSTRAINT b;

-- form: alter-add-not-valid-and-validate
TRUNCATE users CASCADE;
-- measure
ALTER TABLE users ADD CONSTRAINT a CHECK (score > 0) NOT VALID, VALIDATE CONSTRAINT a;

-- form: alter-drop-check
-- measure
ALTER TABLE users DROP CONSTRAINT users_age_check;

-- form: alter-drop-check-inherited
TRUNCATE animals;
ALTER TABLE animals ADD CONSTRAINT named CHECK (name <> '');
-- measure
ALTER TABLE animals DROP CONSTRAINT named;

-- form: alter-drop-check-inherited-only
TRUNCATE animals;
ALTER TABLE animals ADD CONSTRAINT named CHECK (name <> '');
-- measure
ALTER TABLE ONLY animals DROP CONSTRAINT named;

-- form: alter-drop-check-inherited-from-child
TRUNCATE animals;
ALTER TABLE animals ADD CONSTRAINT named CHECK (name <> '');
-- measure
ALTER TABLE dogs DROP CONSTRAINT named;

-- form: alter-drop-check-partitioned
TRUNCATE metrics;
ALTER TABLE metrics ADD CONSTRAINT positive CHECK (value > 0);
-- measure
ALTER TABLE metrics DROP CONSTRAINT positive;

-- form: alter-drop-unique
TRUNCATE users CASCADE;
ALTER TABLE users ADD CONSTRAINT users_name_key UNIQUE (name);
-- measure
ALTER TABLE users DROP CONSTRAINT users_name_key;

-- form: alter-drop-unique-partitioned
TRUNCATE metrics;
ALTER TABLE metrics ADD CONSTRAINT once UNIQUE (id, taken_at);
-- measure
ALTER TABLE metrics DROP CONSTRAINT once;

-- form: alter-drop-unique-of-partition
TRUNCATE metrics;
ALTER TABLE metrics ADD CONSTRAINT once UNIQUE (id, taken_at);
-- measure
ALTER TABLE metrics_2024 DROP CONSTRAINT metrics_2024_id_taken_at_key;

-- form: alter-drop-primary-key-referenced
-- measure
ALTER TABLE orgs DROP CONSTRAINT orgs_pkey;

-- form: alter-drop-primary-key-referenced-cascade
-- measure
ALTER TABLE orgs DROP CONSTRAINT orgs_pkey CASCADE;

-- form: alter-drop-primary-key
-- measure
ALTER TABLE people DROP CONSTRAINT people_pkey;

-- form: alter-drop-primary-key-inherited
-- measure
ALTER TABLE animals DROP CONSTRAINT animals_pkey;

-- form: alter-drop-constraint-missing
-- measure
ALTER TABLE users DROP CONSTRAINT nothing;

-- form: alter-drop-constraint-missing-if-exists
-- measure
ALTER TABLE users DROP CONSTRAINT IF EXISTS nothing;

-- form: alter-drop-not-null-constraint
-- pg: 18
-- measure
ALTER TABLE users DROP CONSTRAINT users_status_not_null;

-- form: alter-drop-not-null-constraint-partitioned
-- pg: 18
-- measure
ALTER TABLE metrics DROP CONSTRAINT metrics_id_not_null;

-- form: alter-drop-unique-view-group-by
CREATE VIEW per_org AS SELECT id, name, count(*) FROM orgs GROUP BY id;
-- measure
ALTER TABLE orgs DROP CONSTRAINT orgs_pkey CASCADE;

-- form: alter-constraint-not-null-no-inherit
-- pg: 18
CREATE TABLE top (a integer NOT NULL NO INHERIT);
CREATE TABLE bottom () INHERITS (top);
-- measure
ALTER TABLE top ALTER CONSTRAINT top_a_not_null INHERIT;

-- form: alter-constraint-not-null-to-no-inherit
-- pg: 18
-- measure
ALTER TABLE users ALTER CONSTRAINT users_status_not_null NO INHERIT;
