-- bad: a foreign key that nothing validates
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint);
CREATE INDEX orders_user_id_idx ON orders (user_id);
-- migration
ALTER TABLE orders ADD CONSTRAINT orders_user_fk FOREIGN KEY (user_id) REFERENCES users (id) NOT VALID; -- i left-unvalidated

-- bad: a check without a name
-- base
CREATE TABLE users (id bigint PRIMARY KEY, age integer);
-- migration
ALTER TABLE users ADD CHECK (age >= 0) NOT VALID; -- i left-unvalidated

-- bad: a domain's check
-- base
CREATE DOMAIN age AS integer;
CREATE TABLE users (id bigint PRIMARY KEY, age age);
-- migration
ALTER DOMAIN age ADD CONSTRAINT age_positive CHECK (VALUE >= 0) NOT VALID; -- i left-unvalidated

-- bad: an index of a partitioned table without those of its partitions
-- base
CREATE TABLE metrics (id bigint NOT NULL, taken_at date NOT NULL) PARTITION BY RANGE (taken_at);
CREATE TABLE metrics_2024 PARTITION OF metrics FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
-- migration
CREATE INDEX metrics_taken_at_idx ON ONLY metrics (taken_at); -- i left-unvalidated

-- bad: a constraint that is not enforced
-- union: 52
-- pg: 18
-- base
CREATE TABLE users (id bigint PRIMARY KEY, age integer);
-- migration
ALTER TABLE users ADD CONSTRAINT users_age_check CHECK (age >= 0) NOT ENFORCED; -- i left-unvalidated

-- good: validated in a later statement
-- union: 39, 40
-- base
CREATE TABLE users (id bigint PRIMARY KEY, age integer);
-- migration
ALTER TABLE users ADD CONSTRAINT users_age_check CHECK (age >= 0) NOT VALID;
ALTER TABLE users VALIDATE CONSTRAINT users_age_check;

-- good: the domain's check is validated
-- union: 55
-- base
CREATE DOMAIN age AS integer;
-- migration
ALTER DOMAIN age ADD CONSTRAINT age_positive CHECK (VALUE >= 0) NOT VALID;
ALTER DOMAIN age VALIDATE CONSTRAINT age_positive;

-- good: every partition's index is attached
-- union: 64
-- base
CREATE TABLE metrics (id bigint NOT NULL, taken_at date NOT NULL) PARTITION BY RANGE (taken_at);
CREATE TABLE metrics_2024 PARTITION OF metrics FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
-- migration
CREATE INDEX metrics_taken_at_idx ON ONLY metrics (taken_at);
CREATE INDEX CONCURRENTLY metrics_2024_taken_at_idx ON metrics_2024 (taken_at);
ALTER INDEX metrics_taken_at_idx ATTACH PARTITION metrics_2024_taken_at_idx;

-- good: a constraint that is enforced
-- union: 52
-- pg: 18
-- base
CREATE TABLE users (id bigint PRIMARY KEY, age integer);
-- migration
ALTER TABLE users ADD CONSTRAINT users_age_check CHECK (age >= 0) NOT VALID;
ALTER TABLE users VALIDATE CONSTRAINT users_age_check;

-- bad: a constraint that is taken off and added again
-- base
CREATE TABLE users (id bigint PRIMARY KEY, age integer);
-- migration
ALTER TABLE users ADD CONSTRAINT users_age_check CHECK (age > 0) NOT VALID;
ALTER TABLE users DROP CONSTRAINT users_age_check;
ALTER TABLE users ADD CONSTRAINT users_age_check CHECK (age >= 0) NOT VALID; -- i left-unvalidated
