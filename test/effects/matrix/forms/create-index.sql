-- form: create-index
-- measure
CREATE INDEX users_age_idx ON users (age)

-- form: create-index-unnamed
-- measure
CREATE INDEX ON users (age)

-- form: create-unique-index
-- measure
CREATE UNIQUE INDEX users_id_age_key ON users (id, age)

-- form: create-unique-index-duplicates
-- measure
CREATE UNIQUE INDEX users_status_key ON users (status)

-- form: create-index-expression
-- measure
CREATE INDEX users_upper_name_idx ON users (upper(name))

-- form: create-index-user-function
-- measure
CREATE INDEX users_dice_idx ON users ((age + dice()))

-- form: create-index-predicate
-- measure
CREATE INDEX users_new_idx ON users (created_at) WHERE status = 'new'

-- form: create-index-volatile-predicate
-- measure
CREATE INDEX users_recent_idx ON users (id) WHERE created_at > now()

-- form: create-index-immutable-function
CREATE FUNCTION normalize_name(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT lower($1)';
-- measure
CREATE INDEX users_normal_name_idx ON users (normalize_name(name))

-- form: create-index-function-reads
CREATE FUNCTION org_name(bigint) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT name FROM public.orgs WHERE id = $1';
-- measure
CREATE INDEX users_org_name_idx ON users (org_name(org_id))

-- form: create-index-missing-column
-- measure
CREATE INDEX users_shoe_idx ON users (shoe_size)

-- form: create-index-missing-table
-- measure
CREATE INDEX shops_id_idx ON shops (id)

-- form: create-index-if-not-exists-there
-- measure
CREATE INDEX IF NOT EXISTS users_name_idx ON users (name)

-- form: create-index-if-not-exists-new
-- measure
CREATE INDEX IF NOT EXISTS users_age_idx ON users (age)

-- form: create-index-there
-- measure
CREATE INDEX users_name_idx ON users (age)

-- form: create-index-partitioned
-- measure
CREATE INDEX metrics_value_idx ON metrics (value)

-- form: create-index-partitioned-only
-- measure
CREATE INDEX metrics_value_idx ON ONLY metrics (value)

-- form: create-index-partitioned-matching
CREATE INDEX metrics_2024_value_idx ON metrics_2024 (value);
-- measure
CREATE INDEX metrics_value_idx ON metrics (value)

-- form: create-unique-index-partitioned
-- measure
CREATE UNIQUE INDEX metrics_key ON metrics (id, taken_at)

-- form: create-unique-index-partitioned-misses-key
-- measure
CREATE UNIQUE INDEX metrics_key ON metrics (id)

-- form: create-index-partition
-- measure
CREATE INDEX metrics_2024_value_idx ON metrics_2024 (value)

-- form: create-index-inherited
-- measure
CREATE INDEX animals_name_idx ON animals (name)

-- form: create-index-materialized-view
-- measure
CREATE INDEX user_totals_total_idx ON user_totals (total)

-- form: create-index-view
-- measure
CREATE INDEX active_users_id_idx ON active_users (id)

-- form: create-index-include-gin
-- measure
CREATE INDEX users_words_idx ON users USING gin (to_tsvector('simple', name))

-- form: create-index-include
-- measure
CREATE INDEX users_age_idx ON users (age) INCLUDE (name)

-- form: create-index-nulls-not-distinct
-- pg: 15-18
-- measure
CREATE UNIQUE INDEX users_id_org_key ON users (id, org_id) NULLS NOT DISTINCT

-- form: create-index-concurrently
-- measure
CREATE INDEX CONCURRENTLY users_age_idx ON users (age)

-- form: create-index-concurrently-if-not-exists-there
-- measure
CREATE INDEX CONCURRENTLY IF NOT EXISTS users_name_idx ON users (name)

-- form: create-index-concurrently-partitioned
-- measure
CREATE INDEX CONCURRENTLY metrics_value_idx ON metrics (value)

-- form: create-index-concurrently-partition
-- measure
CREATE INDEX CONCURRENTLY metrics_2024_value_idx ON metrics_2024 (value)

-- form: create-unique-index-concurrently
-- measure
CREATE UNIQUE INDEX CONCURRENTLY users_id_age_key ON users (id, age)

-- form: create-unique-index-concurrently-duplicates
-- measure
CREATE UNIQUE INDEX CONCURRENTLY users_status_key ON users (status)

-- form: create-index-concurrently-materialized-view
-- measure
CREATE INDEX CONCURRENTLY user_totals_total_idx ON user_totals (total)

-- form: create-index-json-btree
-- measure
CREATE INDEX people_data_idx ON people (data)

-- form: create-index-collate
-- measure
CREATE INDEX users_name_c_idx ON users (name COLLATE "C" text_pattern_ops)

-- form: create-index-tablespace-default
-- measure
CREATE INDEX users_age_idx ON users (age) WITH (fillfactor = 70) TABLESPACE pg_default
