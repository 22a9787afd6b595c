-- bad: a column that is not there
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
-- migration
ALTER TABLE users DROP COLUMN email; -- ! fails-always

-- bad: a view uses the column
-- union: 33
-- base
CREATE TABLE users (id bigint PRIMARY KEY, email text);
CREATE VIEW mails AS SELECT email FROM users;
-- migration
ALTER TABLE users ALTER COLUMN email TYPE varchar(200); -- ! fails-always

-- bad: an index that stands behind a constraint
-- union: 71
-- base
CREATE TABLE users (id bigint PRIMARY KEY, email text);
-- migration
DROP INDEX users_pkey; -- ! fails-always

-- bad: CREATE INDEX CONCURRENTLY of a partitioned table
-- union: 64
-- base
CREATE TABLE metrics (id bigint, taken_at date NOT NULL) PARTITION BY RANGE (taken_at);
-- migration
CREATE INDEX CONCURRENTLY metrics_id_idx ON metrics (id); -- ! fails-always

-- bad: a foreign key of a partitioned table that is checked later
-- union: 46
-- pg: 14-17
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
CREATE TABLE metrics (user_id bigint, taken_at date NOT NULL) PARTITION BY RANGE (taken_at);
CREATE INDEX ON metrics (user_id);
-- migration
ALTER TABLE metrics ADD CONSTRAINT metrics_user_fk FOREIGN KEY (user_id) REFERENCES users (id) NOT VALID; -- ! fails-always

-- good: the column that is there
-- base
CREATE TABLE users (id bigint PRIMARY KEY, email text);
-- migration
ALTER TABLE users ALTER COLUMN email SET DEFAULT '';

-- good: IF EXISTS says that it may be missing
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
-- migration
ALTER TABLE users DROP COLUMN IF EXISTS email;

-- bad: a foreign key between collations of which one takes different texts for equal
-- union: 56
-- pg: 18
-- base
CREATE COLLATION any_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE COLLATION copied FROM any_case;
CREATE TABLE codes (code text COLLATE any_case PRIMARY KEY);
CREATE TABLE plain (code text PRIMARY KEY);
CREATE TABLE found (code text COLLATE copied);
-- migration
CREATE TABLE uses (id bigint PRIMARY KEY, code text REFERENCES codes (code)); -- ! fails-always
CREATE TABLE used (id bigint PRIMARY KEY, code text COLLATE any_case REFERENCES plain (code)); -- ! fails-always
ALTER TABLE found ADD CONSTRAINT found_code FOREIGN KEY (code) REFERENCES codes (code) NOT VALID; -- ! fails-always

-- good: a foreign key with the same collation on both sides
-- union: 56
-- base
CREATE COLLATION any_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE TABLE codes (code text COLLATE any_case PRIMARY KEY);
-- migration
CREATE TABLE uses (id bigint PRIMARY KEY, code text COLLATE any_case REFERENCES codes (code));
CREATE INDEX uses_code_idx ON uses (code);

-- good: a view that does not use the column
-- union: 33
-- base
CREATE TABLE users (id bigint PRIMARY KEY, name varchar(10), email varchar(20));
CREATE VIEW mails AS SELECT email FROM users;
-- migration
ALTER TABLE users ALTER COLUMN name TYPE varchar(30);

-- good: the index goes with its constraint
-- union: 71
-- base
CREATE TABLE users (id bigint PRIMARY KEY, position integer CONSTRAINT users_position UNIQUE DEFERRABLE);
CREATE UNIQUE INDEX users_position_idx ON users (position);
-- migration
ALTER TABLE users DROP CONSTRAINT users_position;

-- good: a foreign key of a partitioned table that is checked later
-- union: 46
-- pg: 18
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
CREATE TABLE metrics (user_id bigint, taken_at date NOT NULL) PARTITION BY RANGE (taken_at);
CREATE INDEX ON metrics (user_id);
-- migration
ALTER TABLE metrics ADD CONSTRAINT metrics_user_fk FOREIGN KEY (user_id) REFERENCES users (id) NOT VALID;
ALTER TABLE metrics VALIDATE CONSTRAINT metrics_user_fk;

-- bad: a primary key without the column that a partition is partitioned by
-- union: 71
-- base
CREATE TABLE metrics (id bigint NOT NULL, taken_at date NOT NULL, region text NOT NULL) PARTITION BY RANGE (taken_at);
CREATE TABLE metrics_2024 PARTITION OF metrics FOR VALUES FROM ('2024-01-01') TO ('2025-01-01') PARTITION BY LIST (region);
CREATE TABLE metrics_2024_eu PARTITION OF metrics_2024 FOR VALUES IN ('eu');
-- migration
ALTER TABLE metrics ADD PRIMARY KEY (id, taken_at); -- ! fails-always

-- bad: a unique index without the column that a partition is partitioned by
-- union: 71
-- base
CREATE TABLE metrics (id bigint NOT NULL, taken_at date NOT NULL, region text NOT NULL) PARTITION BY RANGE (taken_at);
CREATE TABLE metrics_2024 PARTITION OF metrics FOR VALUES FROM ('2024-01-01') TO ('2025-01-01') PARTITION BY LIST (region);
-- migration
CREATE UNIQUE INDEX ON metrics (id, taken_at); -- ! fails-always
