-- ATTACH and DETACH PARTITION, inheritance, typed tables

-- form: alter-attach
TRUNCATE metrics_loose, metrics;
-- measure
ALTER TABLE metrics ATTACH PARTITION metrics_loose FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');

-- form: alter-attach-checked
TRUNCATE metrics_loose;
ALTER TABLE metrics_loose ADD CONSTRAINT bound CHECK (taken_at >= '2026-01-01' AND taken_at < '2027-01-01');
-- measure
ALTER TABLE metrics ATTACH PARTITION metrics_loose FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');

-- form: alter-attach-checked-narrower
TRUNCATE metrics_loose;
ALTER TABLE metrics_loose ADD CONSTRAINT bound CHECK (taken_at >= DATE '2026-03-01' AND taken_at < DATE '2026-04-01');
-- measure
ALTER TABLE metrics ATTACH PARTITION metrics_loose FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');

-- form: alter-attach-checked-wider
TRUNCATE metrics_loose;
ALTER TABLE metrics_loose ADD CONSTRAINT bound CHECK (taken_at >= DATE '2025-03-01' AND taken_at < DATE '2027-01-01');
-- measure
ALTER TABLE metrics ATTACH PARTITION metrics_loose FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');

-- form: alter-attach-checked-not-valid
TRUNCATE metrics_loose, metrics;
ALTER TABLE metrics_loose ADD CONSTRAINT bound CHECK (taken_at >= '2026-01-01' AND taken_at < '2027-01-01') NOT VALID;
-- measure
ALTER TABLE metrics ATTACH PARTITION metrics_loose FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');

-- form: alter-attach-checked-nullable-key
CREATE TABLE logs (at date, tag text) PARTITION BY RANGE (at);
CREATE TABLE logs_new (at date, tag text, CONSTRAINT bound CHECK (at >= '2026-01-01' AND at < '2027-01-01'));
-- measure
ALTER TABLE logs ATTACH PARTITION logs_new FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');

-- form: alter-attach-checked-nullable-key-not-null-check
CREATE TABLE logs (at date, tag text) PARTITION BY RANGE (at);
CREATE TABLE logs_new (at date, tag text, CONSTRAINT bound CHECK (at IS NOT NULL AND at >= '2026-01-01' AND at < '2027-01-01'));
-- measure
ALTER TABLE logs ATTACH PARTITION logs_new FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');

-- form: alter-attach-list
CREATE TABLE events_new (id bigint NOT NULL, kind text NOT NULL);
-- measure
ALTER TABLE events ATTACH PARTITION events_new FOR VALUES IN ('view');

-- form: alter-attach-list-checked
CREATE TABLE events_new (id bigint NOT NULL, kind text NOT NULL CHECK (kind = 'view'));
-- measure
ALTER TABLE events ATTACH PARTITION events_new FOR VALUES IN ('view');

-- form: alter-attach-list-checked-in
CREATE TABLE events_new (id bigint NOT NULL, kind text NOT NULL CHECK (kind IN ('view', 'scroll')));
-- measure
ALTER TABLE events ATTACH PARTITION events_new FOR VALUES IN ('view', 'scroll');

-- form: alter-attach-list-checked-in-subset
CREATE TABLE events_new (id bigint NOT NULL, kind text NOT NULL CHECK (kind IN ('view')));
-- measure
ALTER TABLE events ATTACH PARTITION events_new FOR VALUES IN ('view', 'scroll');

-- form: alter-attach-default-checked
TRUNCATE events_rest;
CREATE TABLE events_new (id bigint NOT NULL, kind text NOT NULL);
ALTER TABLE events_rest ADD CONSTRAINT others CHECK (kind <> 'view');
-- measure
ALTER TABLE events ATTACH PARTITION events_new FOR VALUES IN ('view');

-- form: alter-attach-default-partition
CREATE TABLE metrics_rest (id bigint NOT NULL, taken_at date NOT NULL, value double precision);
-- measure
ALTER TABLE metrics ATTACH PARTITION metrics_rest DEFAULT;

-- form: alter-attach-hash
CREATE TABLE shards (id bigint) PARTITION BY HASH (id);
CREATE TABLE shard_0 (id bigint);
-- measure
ALTER TABLE shards ATTACH PARTITION shard_0 FOR VALUES WITH (MODULUS 2, REMAINDER 0);

-- form: alter-attach-index-present
TRUNCATE metrics_loose, metrics;
CREATE INDEX metrics_loose_taken_at_idx ON metrics_loose (taken_at);
-- measure
ALTER TABLE metrics ATTACH PARTITION metrics_loose FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');

-- form: alter-attach-unique-index
CREATE TABLE logs (at date NOT NULL, tag text, PRIMARY KEY (at, tag)) PARTITION BY RANGE (at);
CREATE TABLE logs_new (at date NOT NULL, tag text NOT NULL);
-- measure
ALTER TABLE logs ATTACH PARTITION logs_new FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');

-- form: alter-attach-primary-key-present
CREATE TABLE logs (at date NOT NULL, tag text, PRIMARY KEY (at, tag)) PARTITION BY RANGE (at);
CREATE TABLE logs_new (at date NOT NULL, tag text NOT NULL, PRIMARY KEY (at, tag));
-- measure
ALTER TABLE logs ATTACH PARTITION logs_new FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');

-- form: alter-attach-partitioned-with-foreign-key
TRUNCATE users, metrics_loose CASCADE;
TRUNCATE metrics;
ALTER TABLE metrics ADD CONSTRAINT metrics_user_fk FOREIGN KEY (id) REFERENCES users (id);
-- measure
ALTER TABLE metrics ATTACH PARTITION metrics_loose FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');

-- form: alter-attach-with-matching-foreign-key
TRUNCATE metrics, metrics_loose;
ALTER TABLE metrics ADD CONSTRAINT metrics_user_fk FOREIGN KEY (id) REFERENCES users (id);
ALTER TABLE metrics_loose ADD CONSTRAINT loose_user_fk FOREIGN KEY (id) REFERENCES users (id);
-- measure
ALTER TABLE metrics ATTACH PARTITION metrics_loose FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');

-- form: alter-attach-referenced-partitioned
CREATE TABLE parts (id bigint PRIMARY KEY) PARTITION BY RANGE (id);
CREATE TABLE parts_new (id bigint PRIMARY KEY);
CREATE TABLE refs (part_id bigint CONSTRAINT refs_fk REFERENCES parts (id));
-- measure
ALTER TABLE parts ATTACH PARTITION parts_new FOR VALUES FROM (0) TO (100);

-- form: alter-attach-sub-partitioned
CREATE TABLE metrics_sub (id bigint NOT NULL, taken_at date NOT NULL, value double precision) PARTITION BY RANGE (taken_at);
CREATE TABLE metrics_sub_1 PARTITION OF metrics_sub FOR VALUES FROM ('2026-01-01') TO ('2026-06-01');
CREATE TABLE metrics_sub_2 PARTITION OF metrics_sub FOR VALUES FROM ('2026-06-01') TO ('2027-01-01');
-- measure
ALTER TABLE metrics ATTACH PARTITION metrics_sub FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');

-- form: alter-attach-rows-outside
INSERT INTO metrics_loose VALUES (1, '2020-01-01', 1);
-- measure
ALTER TABLE metrics ATTACH PARTITION metrics_loose FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');

-- form: alter-attach-missing-column
CREATE TABLE metrics_thin (id bigint NOT NULL, taken_at date NOT NULL);
-- measure
ALTER TABLE metrics ATTACH PARTITION metrics_thin FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');

-- form: alter-attach-nullable-column
CREATE TABLE metrics_thin (id bigint, taken_at date NOT NULL, value double precision);
-- measure
ALTER TABLE metrics ATTACH PARTITION metrics_thin FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');

-- form: alter-attach-already
-- measure
ALTER TABLE metrics ATTACH PARTITION metrics_2024 FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');

-- form: alter-attach-missing
-- measure
ALTER TABLE metrics ATTACH PARTITION metrics_nothing FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');

-- form: alter-attach-to-plain-table
-- measure
ALTER TABLE users ATTACH PARTITION metrics_loose FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');

-- form: alter-attach-overlapping
-- measure
ALTER TABLE metrics ATTACH PARTITION metrics_loose FOR VALUES FROM ('2025-06-01') TO ('2027-01-01');

-- form: alter-detach
-- measure
ALTER TABLE metrics DETACH PARTITION metrics_2024;

-- form: alter-detach-with-default
-- measure
ALTER TABLE events DETACH PARTITION events_click;

-- form: alter-detach-default
-- measure
ALTER TABLE events DETACH PARTITION events_rest;

-- form: alter-detach-foreign-key-child
TRUNCATE metrics;
ALTER TABLE metrics ADD CONSTRAINT metrics_user_fk FOREIGN KEY (id) REFERENCES users (id);
-- measure
ALTER TABLE metrics DETACH PARTITION metrics_2024;

-- form: alter-detach-foreign-key-parent
CREATE TABLE parts (id bigint PRIMARY KEY) PARTITION BY RANGE (id);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (100);
CREATE TABLE refs (part_id bigint CONSTRAINT refs_fk REFERENCES parts (id));
-- measure
ALTER TABLE parts DETACH PARTITION parts_1;

-- form: alter-detach-sub-partitioned
CREATE TABLE parts (id bigint, k text) PARTITION BY RANGE (id);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (100) PARTITION BY LIST (k);
CREATE TABLE parts_1_a PARTITION OF parts_1 FOR VALUES IN ('a');
-- measure
ALTER TABLE parts DETACH PARTITION parts_1;

-- form: alter-detach-not-a-partition
-- measure
ALTER TABLE metrics DETACH PARTITION metrics_loose;

-- form: alter-detach-concurrently
-- measure
ALTER TABLE metrics DETACH PARTITION metrics_2024 CONCURRENTLY;

-- form: alter-detach-concurrently-with-default
-- measure
ALTER TABLE events DETACH PARTITION events_click CONCURRENTLY;

-- form: alter-inherit
CREATE TABLE cats (id bigint NOT NULL, name text, lives integer);
-- measure
ALTER TABLE cats INHERIT animals;

-- form: alter-inherit-missing-column
CREATE TABLE cats (id bigint NOT NULL, lives integer);
-- measure
ALTER TABLE cats INHERIT animals;

-- form: alter-inherit-missing-check
TRUNCATE animals;
ALTER TABLE animals ADD CONSTRAINT named CHECK (name <> '');
CREATE TABLE cats (id bigint NOT NULL, name text, lives integer);
-- measure
ALTER TABLE cats INHERIT animals;

-- form: alter-inherit-twice
-- measure
ALTER TABLE dogs INHERIT animals;

-- form: alter-inherit-circular
-- measure
ALTER TABLE animals INHERIT dogs;

-- form: alter-inherit-with-children
CREATE TABLE cats (id bigint NOT NULL, name text);
CREATE TABLE kittens () INHERITS (cats);
-- measure
ALTER TABLE cats INHERIT animals;

-- form: alter-inherit-partition
-- measure
ALTER TABLE metrics_2024 INHERIT animals;

-- form: alter-no-inherit
-- measure
ALTER TABLE dogs NO INHERIT animals;

-- form: alter-no-inherit-not-parent
-- measure
ALTER TABLE dogs NO INHERIT users;

-- form: alter-of
CREATE TYPE org_shape AS (id bigint, name text);
-- measure
ALTER TABLE orgs OF org_shape;

-- form: alter-of-wrong-shape
CREATE TYPE org_shape AS (id bigint, title text);
-- measure
ALTER TABLE orgs OF org_shape;

-- form: alter-not-of
CREATE TYPE org_shape AS (id bigint, name text);
CREATE TABLE shaped OF org_shape;
-- measure
ALTER TABLE shaped NOT OF;

-- form: alter-not-of-not-typed
-- measure
ALTER TABLE orgs NOT OF;

-- form: alter-index-attach-partition
CREATE INDEX metrics_value_idx ON ONLY metrics (value);
CREATE INDEX metrics_2024_value_idx ON metrics_2024 (value);
-- measure
ALTER INDEX metrics_value_idx ATTACH PARTITION metrics_2024_value_idx;

-- form: alter-index-attach-partition-last
CREATE INDEX metrics_value_idx ON ONLY metrics (value);
CREATE INDEX metrics_2024_value_idx ON metrics_2024 (value);
CREATE INDEX metrics_2025_value_idx ON metrics_2025 (value);
ALTER INDEX metrics_value_idx ATTACH PARTITION metrics_2025_value_idx;
-- measure
ALTER INDEX metrics_value_idx ATTACH PARTITION metrics_2024_value_idx;

-- form: alter-index-attach-partition-already
CREATE INDEX metrics_value_idx ON ONLY metrics (value);
CREATE INDEX metrics_2024_value_idx ON metrics_2024 (value);
ALTER INDEX metrics_value_idx ATTACH PARTITION metrics_2024_value_idx;
-- measure
ALTER INDEX metrics_value_idx ATTACH PARTITION metrics_2024_value_idx;

-- form: alter-index-attach-partition-not-a-partition
CREATE INDEX metrics_value_idx ON ONLY metrics (value);
CREATE INDEX loose_value_idx ON metrics_loose (value);
-- measure
ALTER INDEX metrics_value_idx ATTACH PARTITION loose_value_idx;

-- form: alter-index-attach-partition-different-columns
CREATE INDEX metrics_value_idx ON ONLY metrics (value);
CREATE INDEX metrics_2024_id_idx ON metrics_2024 (id);
-- measure
ALTER INDEX metrics_value_idx ATTACH PARTITION metrics_2024_id_idx;

-- form: alter-attach-partition-identity
CREATE TABLE metrics_own (id bigint GENERATED ALWAYS AS IDENTITY, taken_at date NOT NULL, value double precision);
-- measure
ALTER TABLE metrics ATTACH PARTITION metrics_own FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
