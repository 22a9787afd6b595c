-- bad: SET NOT NULL that nothing proves
-- union: 20
-- base
CREATE TABLE users (id bigint PRIMARY KEY, email text);
-- migration
ALTER TABLE users ALTER COLUMN email SET NOT NULL; -- ! blocking-scan

-- good: SET NOT NULL proved by a validated CHECK
-- union: 20, 21, 23, 24
-- base
CREATE TABLE users (id bigint PRIMARY KEY, email text);
-- migration
ALTER TABLE users ADD CONSTRAINT email_set CHECK (email IS NOT NULL) NOT VALID;
ALTER TABLE users VALIDATE CONSTRAINT email_set;
ALTER TABLE users ALTER COLUMN email SET NOT NULL;
ALTER TABLE users DROP CONSTRAINT email_set;

-- good: a CHECK that says more proves it too
-- union: 22
-- base
CREATE TABLE users (id bigint PRIMARY KEY, email text, CONSTRAINT mail CHECK (email IS NOT NULL AND email <> ''));
-- migration
ALTER TABLE users ALTER COLUMN email SET NOT NULL;

-- bad: a CHECK that is not validated proves nothing
-- union: 23
-- base
CREATE TABLE users (id bigint PRIMARY KEY, email text);
-- migration
ALTER TABLE users ADD CONSTRAINT email_set CHECK (email IS NOT NULL) NOT VALID; -- i left-unvalidated
ALTER TABLE users ALTER COLUMN email SET NOT NULL; -- ! blocking-scan

-- bad: another constraint that is validated proves nothing
-- union: 24
-- base
CREATE TABLE users (id bigint PRIMARY KEY, email text, age integer);
ALTER TABLE users ADD CONSTRAINT age_check CHECK (age > 0) NOT VALID;
-- migration
ALTER TABLE users VALIDATE CONSTRAINT age_check;
ALTER TABLE users ALTER COLUMN email SET NOT NULL; -- ! blocking-scan

-- good: NOT NULL as a constraint that is validated later
-- union: 25
-- pg: 18
-- base
CREATE TABLE users (id bigint PRIMARY KEY, email text);
-- migration
ALTER TABLE users ADD CONSTRAINT email_set NOT NULL email NOT VALID;
ALTER TABLE users VALIDATE CONSTRAINT email_set;

-- bad: a primary key over a column that may be null
-- union: 26
-- base
CREATE TABLE users (id bigint, email text);
CREATE UNIQUE INDEX users_key ON users (id);
-- migration
ALTER TABLE users ADD CONSTRAINT users_key PRIMARY KEY USING INDEX users_key; -- ! blocking-scan

-- good: a primary key over a column that may not
-- union: 26
-- base
CREATE TABLE users (id bigint NOT NULL, email text);
CREATE UNIQUE INDEX users_key ON users (id);
-- migration
ALTER TABLE users ADD CONSTRAINT users_key PRIMARY KEY USING INDEX users_key;

-- bad: a CHECK that looks at every row
-- union: 39
-- base
CREATE TABLE users (id bigint PRIMARY KEY, age integer);
-- migration
ALTER TABLE users ADD CONSTRAINT age_check CHECK (age > 0); -- ! blocking-scan

-- bad: a CHECK without a name
-- union: 39
-- base
CREATE TABLE "User" (id bigint PRIMARY KEY, "Age" integer);
-- migration
ALTER TABLE "User" ADD CHECK ("Age" > 0); -- ! blocking-scan

-- good: the CHECK in two steps
-- union: 39
-- base
CREATE TABLE users (id bigint PRIMARY KEY, age integer);
-- migration
ALTER TABLE users ADD CONSTRAINT age_check CHECK (age > 0) NOT VALID;
ALTER TABLE users VALIDATE CONSTRAINT age_check;

-- bad: a new column with a CHECK, although every row has null there
-- union: 10
-- base
CREATE TABLE users (id bigint PRIMARY KEY, email text);
-- migration
ALTER TABLE users ADD COLUMN age integer CHECK (age > 0); -- ! blocking-scan

-- bad: VALIDATE together with something that locks more
-- union: 42
-- base
CREATE TABLE users (id bigint PRIMARY KEY, age integer);
ALTER TABLE users ADD CONSTRAINT age_check CHECK (age > 0) NOT VALID;
-- migration
ALTER TABLE users ADD COLUMN email text, VALIDATE CONSTRAINT age_check; -- ! blocking-scan

-- good: VALIDATE by itself
-- union: 42
-- base
CREATE TABLE users (id bigint PRIMARY KEY, age integer);
ALTER TABLE users ADD CONSTRAINT age_check CHECK (age > 0) NOT VALID;
-- migration
ALTER TABLE users ADD COLUMN email text;
ALTER TABLE users VALIDATE CONSTRAINT age_check;

-- bad: a wider type of a column with a CHECK
-- union: 32
-- base
CREATE TABLE users (id bigint PRIMARY KEY, name varchar(20) CHECK (name <> ''));
-- migration
ALTER TABLE users ALTER COLUMN name TYPE varchar(40); -- ! blocking-scan

-- bad: a constraint of a domain reads every table that uses it
-- union: 54
-- base
CREATE DOMAIN score AS integer;
CREATE TABLE results (id bigint PRIMARY KEY, points score);
-- migration
ALTER DOMAIN score ADD CONSTRAINT positive CHECK (VALUE > 0); -- ! blocking-scan

-- good: a constraint of a domain for new values only
-- union: 54, 55
-- base
CREATE DOMAIN score AS integer;
CREATE TABLE results (id bigint PRIMARY KEY, points score);
-- migration
ALTER DOMAIN score ADD CONSTRAINT small CHECK (VALUE < 1000000000) NOT VALID; -- i left-unvalidated

-- bad: a partition is read when it is attached
-- union: 91
-- base
CREATE TABLE metrics (id bigint, taken_at date NOT NULL) PARTITION BY RANGE (taken_at);
CREATE TABLE metrics_2025 (id bigint, taken_at date NOT NULL);
-- migration
ALTER TABLE metrics ATTACH PARTITION metrics_2025 FOR VALUES FROM ('2025-01-01') TO ('2026-01-01'); -- ! blocking-scan

-- good: a partition whose CHECK proves that it fits
-- union: 91
-- base
CREATE TABLE metrics (id bigint, taken_at date NOT NULL) PARTITION BY RANGE (taken_at);
CREATE TABLE metrics_2025 (id bigint, taken_at date NOT NULL,
  CONSTRAINT bound CHECK (taken_at IS NOT NULL AND taken_at >= '2025-01-01' AND taken_at < '2026-01-01'));
-- migration
ALTER TABLE metrics ATTACH PARTITION metrics_2025 FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');

-- bad: a new partition beside a default partition
-- union: 93
-- base
CREATE TABLE metrics (id bigint, taken_at date NOT NULL) PARTITION BY RANGE (taken_at);
CREATE TABLE metrics_rest PARTITION OF metrics DEFAULT;
-- migration
CREATE TABLE metrics_2025 PARTITION OF metrics FOR VALUES FROM ('2025-01-01') TO ('2026-01-01'); -- ! blocking-scan

-- good: a new partition without a default partition
-- union: 93
-- base
CREATE TABLE metrics (id bigint, taken_at date NOT NULL) PARTITION BY RANGE (taken_at);
-- migration
CREATE TABLE metrics_2025 PARTITION OF metrics FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');

-- bad: validating a constraint of a domain
-- union: 54
-- base
CREATE DOMAIN score AS integer;
CREATE TABLE results (id bigint PRIMARY KEY, points score);
ALTER DOMAIN score ADD CONSTRAINT small CHECK (VALUE < 1000000000) NOT VALID;
-- migration
ALTER DOMAIN score VALIDATE CONSTRAINT small; -- ! blocking-scan

-- good: the bare column, then the CHECK in two steps
-- union: 10
-- base
CREATE TABLE users (id bigint PRIMARY KEY, email text);
-- migration
ALTER TABLE users ADD COLUMN age integer;
ALTER TABLE users ADD CONSTRAINT age_check CHECK (age > 0) NOT VALID;
ALTER TABLE users VALIDATE CONSTRAINT age_check;

-- bad: a CHECK that allows null beside something else proves nothing
-- union: 22
-- base
CREATE TABLE users (id bigint PRIMARY KEY, email text, CONSTRAINT mail CHECK (email IS NOT NULL OR id < 0));
-- migration
ALTER TABLE users ALTER COLUMN email SET NOT NULL; -- ! blocking-scan

-- bad: NOT NULL as a constraint that is checked at once
-- union: 25
-- pg: 18
-- base
CREATE TABLE users (id bigint PRIMARY KEY, email text);
-- migration
ALTER TABLE users ADD CONSTRAINT email_set NOT NULL email; -- ! blocking-scan

-- good: a partition that is attached beside a default partition whose CHECK leaves its rows out
-- union: 91, 93
-- base
CREATE TABLE metrics (id bigint, taken_at date NOT NULL) PARTITION BY RANGE (taken_at);
CREATE TABLE metrics_rest PARTITION OF metrics DEFAULT;
ALTER TABLE metrics_rest ADD CONSTRAINT metrics_rest_bound
  CHECK (NOT (taken_at IS NOT NULL AND taken_at >= '2025-01-01' AND taken_at < '2026-01-01'));
-- migration
CREATE TABLE metrics_2025 PARTITION OF metrics FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');

-- bad: a partition that is attached beside a default partition that is read for it
-- union: 91
-- base
CREATE TABLE metrics (id bigint, taken_at date NOT NULL) PARTITION BY RANGE (taken_at);
CREATE TABLE metrics_rest PARTITION OF metrics DEFAULT;
CREATE TABLE metrics_2025 (id bigint, taken_at date NOT NULL,
  CONSTRAINT bound CHECK (taken_at IS NOT NULL AND taken_at >= '2025-01-01' AND taken_at < '2026-01-01'));
-- migration
ALTER TABLE metrics ATTACH PARTITION metrics_2025 FOR VALUES FROM ('2025-01-01') TO ('2026-01-01'); -- ! blocking-scan
