-- form: create-table-plain
-- measure
CREATE TABLE invoices (id bigint PRIMARY KEY, note text NOT NULL DEFAULT '')

-- form: create-table-references
-- measure
CREATE TABLE invoices (id bigint PRIMARY KEY, user_id bigint REFERENCES users (id))

-- form: create-table-references-two
-- measure
CREATE TABLE invoices (id bigint, user_id bigint, org_id bigint, FOREIGN KEY (user_id) REFERENCES users, CONSTRAINT o FOREIGN KEY (org_id) REFERENCES orgs (id) ON DELETE CASCADE)

-- form: create-table-references-self
-- measure
CREATE TABLE nodes (id bigint PRIMARY KEY, parent_id bigint REFERENCES nodes (id))

-- form: create-table-references-partitioned
TRUNCATE metrics;
ALTER TABLE metrics ADD PRIMARY KEY (id, taken_at);
-- measure
CREATE TABLE notes (metric_id bigint, taken_at date, FOREIGN KEY (metric_id, taken_at) REFERENCES metrics (id, taken_at))

-- form: create-table-references-missing-key
-- measure
CREATE TABLE invoices (id bigint, name text REFERENCES users (name))

-- form: create-table-references-missing-table
-- measure
CREATE TABLE invoices (id bigint, shop_id bigint REFERENCES shops (id))

-- form: create-table-references-not-enforced
-- pg: 18
-- measure
CREATE TABLE invoices (id bigint, user_id bigint REFERENCES users (id) NOT ENFORCED)

-- form: create-table-exists
-- measure
CREATE TABLE users (id bigint)

-- form: create-table-if-not-exists-there
-- measure
CREATE TABLE IF NOT EXISTS users (id bigint, org_id bigint REFERENCES orgs (id))

-- form: create-table-if-not-exists-new
-- measure
CREATE TABLE IF NOT EXISTS invoices (id bigint, org_id bigint REFERENCES orgs (id))

-- form: create-table-serial
-- measure
CREATE TABLE invoices (id bigserial PRIMARY KEY, n integer GENERATED ALWAYS AS IDENTITY)

-- form: create-table-default-nextval
-- measure
CREATE TABLE invoices (id bigint DEFAULT nextval('tickets') PRIMARY KEY)

-- form: create-table-default-function
-- measure
CREATE TABLE invoices (id bigint DEFAULT five(), feels mood DEFAULT 'ok', age posint)

-- form: create-table-column-of-row-type
-- measure
CREATE TABLE archived (id bigint, before_change users)

-- form: create-table-of-type
CREATE TYPE point3 AS (x float8, y float8, z float8);
-- measure
CREATE TABLE points OF point3

-- form: create-table-temporary
-- measure
CREATE TEMPORARY TABLE scratch_ids (id bigint PRIMARY KEY)

-- form: create-table-temporary-references
-- measure
CREATE TEMPORARY TABLE scratch_ids (id bigint REFERENCES users (id))

-- form: create-table-unlogged-references
-- measure
CREATE UNLOGGED TABLE caches (user_id bigint REFERENCES users (id))

-- form: create-table-references-unlogged
-- measure
CREATE TABLE logins (token text REFERENCES sessions (token))

-- form: create-table-partition-of
-- measure
CREATE TABLE metrics_2026 PARTITION OF metrics FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')

-- form: create-table-partition-of-with-default
-- measure
CREATE TABLE events_view PARTITION OF events FOR VALUES IN ('view')

-- form: create-table-partition-of-default
-- measure
CREATE TABLE metrics_rest PARTITION OF metrics DEFAULT

-- form: create-table-partition-of-second-default
-- measure
CREATE TABLE events_other PARTITION OF events DEFAULT

-- form: create-table-partition-of-overlap
-- measure
CREATE TABLE metrics_dup PARTITION OF metrics FOR VALUES FROM ('2025-06-01') TO ('2025-07-01')

-- form: create-table-partition-of-not-partitioned
-- measure
CREATE TABLE users_1 PARTITION OF users DEFAULT

-- form: create-table-partition-of-sub
-- measure
CREATE TABLE metrics_2026 PARTITION OF metrics FOR VALUES FROM ('2026-01-01') TO ('2027-01-01') PARTITION BY HASH (id)

-- form: create-table-partition-of-sub-partitioned
CREATE TABLE metrics_2026 PARTITION OF metrics FOR VALUES FROM ('2026-01-01') TO ('2027-01-01') PARTITION BY RANGE (taken_at);
-- measure
CREATE TABLE metrics_2026_01 PARTITION OF metrics_2026 FOR VALUES FROM ('2026-01-01') TO ('2026-02-01')

-- form: create-table-partition-of-with-default-partitioned
CREATE TABLE jobs (id bigint, kind text) PARTITION BY LIST (kind);
CREATE TABLE jobs_rest PARTITION OF jobs DEFAULT PARTITION BY HASH (id);
CREATE TABLE jobs_rest_0 PARTITION OF jobs_rest FOR VALUES WITH (MODULUS 1, REMAINDER 0);
-- measure
CREATE TABLE jobs_mail PARTITION OF jobs FOR VALUES IN ('mail')

-- form: create-table-partition-of-with-foreign-key
ALTER TABLE metrics ADD COLUMN user_id bigint REFERENCES users (id);
-- measure
CREATE TABLE metrics_2026 PARTITION OF metrics FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')

-- form: create-table-partition-of-referenced
TRUNCATE metrics;
ALTER TABLE metrics ADD PRIMARY KEY (id, taken_at);
CREATE TABLE notes (metric_id bigint, taken_at date, FOREIGN KEY (metric_id, taken_at) REFERENCES metrics (id, taken_at));
-- measure
CREATE TABLE metrics_2026 PARTITION OF metrics FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')

-- form: create-table-partition-of-if-not-exists-there
-- measure
CREATE TABLE IF NOT EXISTS metrics_2025 PARTITION OF metrics FOR VALUES FROM ('2025-01-01') TO ('2026-01-01')

-- form: create-table-partition-of-hash
CREATE TABLE shards (id bigint) PARTITION BY HASH (id);
-- measure
CREATE TABLE shards_0 PARTITION OF shards FOR VALUES WITH (MODULUS 4, REMAINDER 0)

-- form: create-table-partitioned
-- measure
CREATE TABLE visits (id bigint, at date) PARTITION BY RANGE (at)

-- form: create-table-partitioned-unique-misses-key
-- measure
CREATE TABLE visits (id bigint PRIMARY KEY, at date) PARTITION BY RANGE (at)

-- form: create-table-inherits
-- measure
CREATE TABLE cats (claws integer) INHERITS (animals)

-- form: create-table-inherits-two
-- measure
CREATE TABLE hybrids (n integer) INHERITS (dogs, small)

-- form: create-table-inherits-with-children
-- measure
CREATE TABLE puppies (weeks integer) INHERITS (dogs)

-- form: create-table-inherits-partitioned
-- measure
CREATE TABLE odd () INHERITS (metrics)

-- form: create-table-like
-- measure
CREATE TABLE users_copy (LIKE users)

-- form: create-table-like-all
-- measure
CREATE TABLE users_copy (LIKE users INCLUDING ALL)

-- form: create-table-like-indexes
-- measure
CREATE TABLE users_copy (LIKE users INCLUDING INDEXES)

-- form: create-table-like-defaults-serial
-- measure
CREATE TABLE orders_copy (LIKE orders INCLUDING DEFAULTS)

-- form: create-table-like-identity
-- measure
CREATE TABLE small_copy (LIKE small INCLUDING ALL)

-- form: create-table-like-view
-- measure
CREATE TABLE copied (LIKE active_users)

-- form: create-table-as
-- measure
CREATE TABLE totals AS SELECT user_id, sum(total) AS total FROM orders GROUP BY user_id

-- form: create-table-as-view
-- measure
CREATE TABLE copied AS SELECT * FROM active_users

-- form: create-table-as-no-data
-- measure
CREATE TABLE copied AS SELECT * FROM users WITH NO DATA

-- form: create-table-as-table
-- measure
CREATE TABLE copied AS TABLE users

-- form: create-table-as-if-not-exists-there
-- measure
CREATE TABLE IF NOT EXISTS small AS SELECT * FROM users

-- form: create-table-as-there
-- measure
CREATE TABLE small AS SELECT * FROM users

-- form: select-into
-- measure
SELECT id, name INTO copied FROM users WHERE id < 100

-- form: create-table-as-missing
-- measure
CREATE TABLE copied AS SELECT * FROM shops

-- form: create-table-missing-schema
-- measure
CREATE TABLE billing.invoices (id bigint)

-- form: create-table-missing-type
-- measure
CREATE TABLE invoices (id bigint, feels feeling)

-- form: create-table-exclusion
-- measure
CREATE TABLE bookings (during tsrange, EXCLUDE USING gist (during WITH &&))

-- form: create-schema
-- measure
CREATE SCHEMA billing

-- form: create-schema-if-not-exists-there
-- measure
CREATE SCHEMA IF NOT EXISTS public

-- form: create-schema-there
-- measure
CREATE SCHEMA public

-- form: create-schema-with-table
-- measure
CREATE SCHEMA billing CREATE TABLE invoices (id bigint, user_id bigint REFERENCES public.users (id))

-- form: create-foreign-table
CREATE FOREIGN DATA WRAPPER dummy;
CREATE SERVER elsewhere FOREIGN DATA WRAPPER dummy;
-- measure
CREATE FOREIGN TABLE remote_users (id bigint) SERVER elsewhere

-- form: create-foreign-table-partition-of
CREATE FOREIGN DATA WRAPPER dummy;
CREATE SERVER elsewhere FOREIGN DATA WRAPPER dummy;
-- measure
CREATE FOREIGN TABLE metrics_old PARTITION OF metrics FOR VALUES FROM ('2020-01-01') TO ('2021-01-01') SERVER elsewhere
