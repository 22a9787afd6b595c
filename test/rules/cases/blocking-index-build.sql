-- bad: an index of an existing table
-- union: 58
-- base
CREATE TABLE users (id bigint PRIMARY KEY, email text);
-- migration
CREATE INDEX users_email_idx ON users (email); -- ! blocking-index-build

-- bad: a unique index without a name
-- union: 58
-- base
CREATE TABLE users (id bigint PRIMARY KEY, email text);
-- migration
CREATE UNIQUE INDEX ON users (lower(email)) WHERE email IS NOT NULL; -- ! blocking-index-build

-- good: an index built concurrently
-- union: 58
-- base
CREATE TABLE users (id bigint PRIMARY KEY, email text);
-- migration
CREATE INDEX CONCURRENTLY users_email_idx ON users (email);

-- good: an index of a table that the same file makes
-- union: 58
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
-- migration
CREATE TABLE posts (id bigint PRIMARY KEY, slug text);
CREATE INDEX posts_slug_idx ON posts (slug);

-- good: an index of a materialized view, which nobody writes to
-- union: 58
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
CREATE MATERIALIZED VIEW ids AS SELECT id FROM users;
-- migration
CREATE UNIQUE INDEX ids_key ON ids (id);

-- bad: a UNIQUE constraint
-- union: 43
-- base
CREATE TABLE users (id bigint PRIMARY KEY, email text, tenant bigint);
-- migration
ALTER TABLE users ADD CONSTRAINT users_email_key UNIQUE (tenant, email) INCLUDE (id); -- ! blocking-index-build

-- bad: a UNIQUE constraint that is deferrable and has no name
-- union: 43
-- base
CREATE TABLE users (id bigint PRIMARY KEY, position integer);
-- migration
ALTER TABLE users ADD UNIQUE (position) DEFERRABLE INITIALLY DEFERRED; -- ! blocking-index-build

-- bad: a primary key
-- union: 43
-- base
CREATE TABLE users (id bigint NOT NULL, email text);
-- migration
ALTER TABLE users ADD PRIMARY KEY (id); -- ! blocking-index-build

-- bad: a primary key over a column that may be null
-- union: 43
-- base
CREATE TABLE users (id bigint, email text);
-- migration
ALTER TABLE users ADD CONSTRAINT users_pkey PRIMARY KEY (id); -- ! blocking-index-build

-- good: a constraint over an index that is there
-- union: 43, 44
-- base
CREATE TABLE users (id bigint PRIMARY KEY, email text);
-- migration
CREATE UNIQUE INDEX CONCURRENTLY users_email_key ON users (email);
ALTER TABLE users ADD CONSTRAINT users_email_key UNIQUE USING INDEX users_email_key;

-- bad: a new column that is unique
-- union: 11
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
-- migration
ALTER TABLE users ADD COLUMN handle text UNIQUE; -- ! blocking-index-build

-- bad: an EXCLUDE constraint, which no index can be built for beforehand
-- union: 45
-- base
CREATE TABLE bookings (id bigint PRIMARY KEY, during tstzrange);
-- migration
ALTER TABLE bookings ADD CONSTRAINT no_overlap EXCLUDE USING gist (during WITH &&); -- ! blocking-index-build

-- bad: REINDEX
-- union: 60
-- base
CREATE TABLE users (id bigint PRIMARY KEY, email text);
CREATE INDEX users_email_idx ON users (email);
-- migration
REINDEX TABLE users; -- ! blocking-index-build
REINDEX INDEX users_email_idx; -- ! blocking-index-build

-- good: REINDEX CONCURRENTLY
-- union: 60
-- base
CREATE TABLE users (id bigint PRIMARY KEY, email text);
CREATE INDEX users_email_idx ON users (email);
-- migration
REINDEX INDEX CONCURRENTLY users_email_idx;

-- bad: an index of a partitioned table
-- union: 65
-- base
CREATE TABLE metrics (id bigint, taken_at date NOT NULL) PARTITION BY RANGE (taken_at);
CREATE TABLE metrics_2024 PARTITION OF metrics FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE metrics_2025 PARTITION OF metrics FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
-- migration
CREATE INDEX metrics_id_idx ON metrics (id); -- ! blocking-index-build

-- bad: an index of a table whose partitions are partitioned, without a limit on waits
-- union: 65
-- runner: none
-- base
CREATE TABLE "Metrics" (id bigint, kind text, taken_at date NOT NULL) PARTITION BY RANGE (taken_at);
CREATE TABLE metrics_2024 PARTITION OF "Metrics" FOR VALUES FROM ('2024-01-01') TO ('2025-01-01') PARTITION BY LIST (kind);
CREATE TABLE metrics_2024_click PARTITION OF metrics_2024 FOR VALUES IN ('click');
CREATE TABLE metrics_2024_rest PARTITION OF metrics_2024 DEFAULT;
CREATE TABLE metrics_2025 PARTITION OF "Metrics" FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
-- migration
CREATE INDEX ON "Metrics" (lower(kind)) WHERE id > 0; -- ! blocking-index-build, lock-without-timeout

-- good: the indexes of a partitioned table one by one
-- union: 64, 65
-- base
CREATE TABLE metrics (id bigint, taken_at date NOT NULL) PARTITION BY RANGE (taken_at);
CREATE TABLE metrics_2024 PARTITION OF metrics FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
-- migration
CREATE INDEX metrics_id_idx ON ONLY metrics (id);
CREATE INDEX CONCURRENTLY metrics_2024_id_idx ON metrics_2024 (id);
ALTER INDEX metrics_id_idx ATTACH PARTITION metrics_2024_id_idx;

-- bad: another collation of an indexed column
-- union: 31
-- base
CREATE TABLE users (id bigint PRIMARY KEY, email text);
CREATE INDEX users_email_idx ON users (email);
-- migration
ALTER TABLE users ALTER COLUMN email TYPE text COLLATE "C"; -- ! blocking-index-build

-- good: another collation where no index has the column
-- union: 31
-- base
CREATE TABLE users (id bigint PRIMARY KEY, email text);
-- migration
ALTER TABLE users ALTER COLUMN email TYPE text COLLATE "C";

-- good: a small table, by the sizes of production
-- sizes: public.users 400 rows 90000 bytes
-- base
CREATE TABLE users (id bigint PRIMARY KEY, email text);
-- migration
CREATE INDEX users_email_idx ON users (email); -- i blocking-index-build

-- good: the column, then its index, then the constraint
-- union: 11
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
-- migration
ALTER TABLE users ADD COLUMN handle text;
CREATE UNIQUE INDEX CONCURRENTLY users_handle_key ON users (handle);
ALTER TABLE users ADD CONSTRAINT users_handle_key UNIQUE USING INDEX users_handle_key;

-- good: an EXCLUDE constraint of a new table
-- union: 45
-- base
CREATE TABLE rooms (id bigint PRIMARY KEY);
-- migration
CREATE TABLE bookings (id bigint PRIMARY KEY, during tstzrange);
ALTER TABLE bookings ADD CONSTRAINT no_overlap EXCLUDE USING gist (during WITH &&);

-- bad: times that were UTC keep their rows, but not their indexes
-- union: 30
-- base
CREATE TABLE events (id bigint PRIMARY KEY, at timestamp);
CREATE INDEX events_at_idx ON events (at);
-- migration
SET timezone = 'UTC';
ALTER TABLE events ALTER COLUMN at TYPE timestamptz; -- ! blocking-index-build -- i breaks-running-release

-- bad: a key over a span of time, which no index can be built for beforehand
-- pg: 18
-- base
CREATE TABLE stays (id int4range NOT NULL, during daterange NOT NULL);
-- migration
ALTER TABLE stays ADD CONSTRAINT stays_pkey PRIMARY KEY (id, during WITHOUT OVERLAPS); -- ! blocking-index-build

-- good: matters of taste: more than three columns, no name, a hash index, and one that there is already
-- union: 68
-- base
CREATE TABLE users (id bigint PRIMARY KEY, email text, a int, b int, c int, d int);
CREATE INDEX users_email ON users (email);
-- migration
CREATE INDEX CONCURRENTLY users_wide ON users (a, b, c, d);
CREATE INDEX CONCURRENTLY ON users (b);
CREATE INDEX CONCURRENTLY users_hash ON users USING hash (email);
CREATE INDEX CONCURRENTLY users_email_again ON users (email);

-- bad: the same ones, built while writes wait
-- union: 68
-- base
CREATE TABLE users (id bigint PRIMARY KEY, email text, a int, b int, c int, d int);
-- migration
CREATE INDEX users_wide ON users (a, b, c, d); -- ! blocking-index-build
CREATE INDEX ON users (b); -- ! blocking-index-build
CREATE INDEX users_hash ON users USING hash (email); -- ! blocking-index-build

-- bad: a primary key in the place of another
-- base
CREATE TABLE users (id bigint CONSTRAINT users_pkey PRIMARY KEY, email text NOT NULL);
-- migration
ALTER TABLE users DROP CONSTRAINT users_pkey, ADD CONSTRAINT users_pkey PRIMARY KEY (id, email); -- ! blocking-index-build -- i breaks-running-release

-- bad: an index that is there already on some databases
-- base
CREATE TABLE users (id bigint PRIMARY KEY, email text);
-- migration
CREATE INDEX IF NOT EXISTS users_email_idx ON users (email); -- ! blocking-index-build
