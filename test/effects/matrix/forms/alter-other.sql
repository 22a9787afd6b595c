-- ALTER DOMAIN, TYPE, SEQUENCE, INDEX, VIEW; RENAME and SET SCHEMA of everything

-- form: alter-domain-add-check
-- measure
ALTER DOMAIN posint ADD CONSTRAINT small_enough CHECK (VALUE < 1000);

-- form: alter-domain-add-check-rows-violate
INSERT INTO people (id, age) VALUES (1, 5000);
-- measure
ALTER DOMAIN posint ADD CONSTRAINT small_enough CHECK (VALUE < 1000);

-- form: alter-domain-add-check-not-valid
-- measure
ALTER DOMAIN posint ADD CONSTRAINT small_enough CHECK (VALUE < 1000) NOT VALID;

-- form: alter-domain-add-check-unused
CREATE DOMAIN lonely AS integer;
-- measure
ALTER DOMAIN lonely ADD CONSTRAINT small_enough CHECK (VALUE < 1000);

-- form: alter-domain-add-check-indexed-and-viewed
CREATE INDEX people_age_idx ON people (age);
CREATE VIEW ages AS SELECT id, age FROM people;
CREATE MATERIALIZED VIEW ages_kept AS SELECT id, age FROM people;
-- measure
ALTER DOMAIN posint ADD CONSTRAINT small_enough CHECK (VALUE < 1000);

-- form: alter-domain-add-check-domain-over-domain
CREATE DOMAIN tiny AS posint;
CREATE TABLE tinies (t tiny);
-- measure
ALTER DOMAIN posint ADD CONSTRAINT small_enough CHECK (VALUE < 1000);

-- form: alter-domain-add-check-partitioned
CREATE TABLE ranks (at date, r posint) PARTITION BY RANGE (at);
CREATE TABLE ranks_1 PARTITION OF ranks FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
-- measure
ALTER DOMAIN posint ADD CONSTRAINT small_enough CHECK (VALUE < 1000);

-- form: alter-domain-add-check-array
CREATE TABLE lists (l posint[]);
-- measure
ALTER DOMAIN posint ADD CONSTRAINT small_enough CHECK (VALUE < 1000);

-- form: alter-domain-add-check-in-composite
CREATE TYPE holder AS (p posint, q text);
CREATE TABLE holders (h holder);
-- measure
ALTER DOMAIN posint ADD CONSTRAINT small_enough CHECK (VALUE < 1000);

-- form: alter-domain-validate
ALTER DOMAIN posint ADD CONSTRAINT small_enough CHECK (VALUE < 1000) NOT VALID;
-- measure
ALTER DOMAIN posint VALIDATE CONSTRAINT small_enough;

-- form: alter-domain-set-not-null
-- measure
ALTER DOMAIN plain SET NOT NULL;

-- form: alter-domain-set-not-null-rows-null
INSERT INTO people (id) VALUES (1);
-- measure
ALTER DOMAIN plain SET NOT NULL;

-- form: alter-domain-add-not-null
-- pg: 17-18
-- measure
ALTER DOMAIN plain ADD CONSTRAINT there NOT NULL;

-- form: alter-domain-drop-not-null
TRUNCATE people;
ALTER DOMAIN plain SET NOT NULL;
-- measure
ALTER DOMAIN plain DROP NOT NULL;

-- form: alter-domain-set-not-null-already
TRUNCATE people;
ALTER DOMAIN plain SET NOT NULL;
-- measure
ALTER DOMAIN plain SET NOT NULL;

-- form: alter-domain-set-default
-- measure
ALTER DOMAIN plain SET DEFAULT 'x';

-- form: alter-domain-drop-constraint
-- measure
ALTER DOMAIN posint DROP CONSTRAINT posint_check;

-- form: alter-domain-drop-constraint-missing
-- measure
ALTER DOMAIN posint DROP CONSTRAINT nothing;

-- form: alter-domain-rename-constraint
-- measure
ALTER DOMAIN posint RENAME CONSTRAINT posint_check TO above_zero;

-- form: alter-domain-missing
-- measure
ALTER DOMAIN nothing SET NOT NULL;

-- form: alter-domain-rename
-- measure
ALTER DOMAIN posint RENAME TO positive;

-- form: alter-domain-set-schema
CREATE SCHEMA other;
-- measure
ALTER DOMAIN posint SET SCHEMA other;

-- form: alter-type-add-value
-- measure
ALTER TYPE mood ADD VALUE 'furious';

-- form: alter-type-add-value-before
-- measure
ALTER TYPE mood ADD VALUE IF NOT EXISTS 'fine' BEFORE 'glad';

-- form: alter-type-add-value-exists
-- measure
ALTER TYPE mood ADD VALUE 'ok';

-- form: alter-type-add-value-exists-if-not-exists
-- measure
ALTER TYPE mood ADD VALUE IF NOT EXISTS 'ok';

-- form: alter-type-add-value-missing-neighbour
-- measure
ALTER TYPE mood ADD VALUE 'fine' AFTER 'nothing';

-- form: alter-type-rename-value
-- measure
ALTER TYPE mood RENAME VALUE 'ok' TO 'fine';

-- form: alter-type-rename-value-missing
-- measure
ALTER TYPE mood RENAME VALUE 'nothing' TO 'fine';

-- form: alter-type-rename-value-taken
-- measure
ALTER TYPE mood RENAME VALUE 'ok' TO 'sad';

-- form: alter-type-rename
-- measure
ALTER TYPE mood RENAME TO feeling;

-- form: alter-type-set-schema
CREATE SCHEMA other;
-- measure
ALTER TYPE mood SET SCHEMA other;

-- form: alter-type-missing-enum
-- measure
ALTER TYPE nothing ADD VALUE 'x';

-- form: alter-type-composite-add-attribute
CREATE TYPE pair AS (a integer, b text);
-- measure
ALTER TYPE pair ADD ATTRIBUTE c integer;

-- form: alter-type-composite-add-attribute-used
CREATE TYPE pair AS (a integer, b text);
CREATE TABLE holders (p pair);
-- measure
ALTER TYPE pair ADD ATTRIBUTE c integer;

-- form: alter-type-composite-add-attribute-typed-table
CREATE TYPE pair AS (a integer, b text);
CREATE TABLE pairs OF pair;
-- measure
ALTER TYPE pair ADD ATTRIBUTE c integer;

-- form: alter-type-composite-add-attribute-typed-table-cascade
CREATE TYPE pair AS (a integer, b text);
CREATE TABLE pairs OF pair;
-- measure
ALTER TYPE pair ADD ATTRIBUTE c integer CASCADE;

-- form: alter-type-composite-drop-attribute
CREATE TYPE pair AS (a integer, b text);
CREATE TABLE holders (p pair);
-- measure
ALTER TYPE pair DROP ATTRIBUTE b;

-- form: alter-type-composite-alter-attribute
CREATE TYPE pair AS (a integer, b text);
-- measure
ALTER TYPE pair ALTER ATTRIBUTE a TYPE bigint;

-- form: alter-type-composite-alter-attribute-used
CREATE TYPE pair AS (a integer, b text);
CREATE TABLE holders (p pair);
-- measure
ALTER TYPE pair ALTER ATTRIBUTE a TYPE bigint;

-- form: alter-type-composite-alter-attribute-typed-table-cascade
CREATE TYPE pair AS (a integer, b text);
CREATE TABLE pairs OF pair;
-- measure
ALTER TYPE pair ALTER ATTRIBUTE a TYPE bigint CASCADE;

-- form: alter-type-composite-rename-attribute
CREATE TYPE pair AS (a integer, b text);
CREATE TABLE holders (p pair);
-- measure
ALTER TYPE pair RENAME ATTRIBUTE a TO first;

-- form: alter-type-composite-rename
CREATE TYPE pair AS (a integer, b text);
-- measure
ALTER TYPE pair RENAME TO couple;

-- form: alter-type-composite-set-schema
CREATE SCHEMA other;
CREATE TYPE pair AS (a integer, b text);
-- measure
ALTER TYPE pair SET SCHEMA other;

-- form: alter-sequence-increment
-- measure
ALTER SEQUENCE tickets INCREMENT BY 10;

-- form: alter-sequence-restart
-- measure
ALTER SEQUENCE tickets RESTART WITH 1000;

-- form: alter-sequence-type
-- measure
ALTER SEQUENCE tickets AS integer;

-- form: alter-sequence-owned-by
-- measure
ALTER SEQUENCE tickets OWNED BY users.id;

-- form: alter-sequence-owned-by-none
-- measure
ALTER SEQUENCE orders_id_seq OWNED BY NONE;

-- form: alter-sequence-serial
-- measure
ALTER SEQUENCE orders_id_seq RESTART;

-- form: alter-sequence-identity
-- measure
ALTER SEQUENCE small_id_seq RESTART WITH 5;

-- form: alter-sequence-identity-owned-by
-- measure
ALTER SEQUENCE small_id_seq OWNED BY NONE;

-- form: alter-sequence-missing
-- measure
ALTER SEQUENCE nothing RESTART;

-- form: alter-sequence-missing-if-exists
-- measure
ALTER SEQUENCE IF EXISTS nothing RESTART;

-- form: alter-sequence-set-logged
-- pg: 15-18
CREATE UNLOGGED SEQUENCE quick;
-- measure
ALTER SEQUENCE quick SET LOGGED;

-- form: alter-sequence-cache
-- measure
ALTER SEQUENCE tickets CACHE 100 NO CYCLE MAXVALUE 9999;

-- form: alter-sequence-rename
-- measure
ALTER SEQUENCE tickets RENAME TO passes;

-- form: alter-sequence-set-schema
CREATE SCHEMA other;
-- measure
ALTER SEQUENCE tickets SET SCHEMA other;

-- form: alter-sequence-set-schema-owned
CREATE SCHEMA other;
-- measure
ALTER SEQUENCE orders_id_seq SET SCHEMA other;

-- form: alter-index-rename
-- measure
ALTER INDEX users_name_idx RENAME TO users_by_name;

-- form: alter-index-rename-constraint
-- measure
ALTER INDEX users_pkey RENAME TO users_key;

-- form: alter-index-rename-on-table
-- measure
ALTER INDEX users RENAME TO customers;

-- form: alter-table-rename-on-index
-- measure
ALTER TABLE users_name_idx RENAME TO users_by_name;

-- form: alter-index-rename-missing
-- measure
ALTER INDEX nothing RENAME TO something;

-- form: alter-index-rename-missing-if-exists
-- measure
ALTER INDEX IF EXISTS nothing RENAME TO something;

-- form: alter-index-rename-partitioned
-- measure
ALTER INDEX metrics_taken_at_idx RENAME TO metrics_by_day;

-- form: alter-index-depends-on-extension
-- measure
ALTER INDEX users_name_idx NO DEPENDS ON EXTENSION plpgsql;

-- form: alter-table-rename
-- measure
ALTER TABLE users RENAME TO customers;

-- form: alter-table-rename-taken
-- measure
ALTER TABLE users RENAME TO orders;

-- form: alter-table-rename-missing-if-exists
-- measure
ALTER TABLE IF EXISTS nothing RENAME TO something;

-- form: alter-table-rename-partition
-- measure
ALTER TABLE metrics_2024 RENAME TO metrics_old;

-- form: alter-table-rename-partitioned
-- measure
ALTER TABLE metrics RENAME TO readings;

-- form: alter-table-rename-column
-- measure
ALTER TABLE users RENAME COLUMN name TO full_name;

-- form: alter-table-rename-column-viewed
-- measure
ALTER TABLE users RENAME email TO mail;

-- form: alter-table-rename-column-taken
-- measure
ALTER TABLE users RENAME COLUMN name TO email;

-- form: alter-table-rename-column-missing
-- measure
ALTER TABLE users RENAME COLUMN nothing TO something;

-- form: alter-table-rename-column-indexed-referenced
-- measure
ALTER TABLE orgs RENAME COLUMN id TO org_id;

-- form: alter-table-rename-column-partitioned
-- measure
ALTER TABLE metrics RENAME COLUMN value TO reading;

-- form: alter-table-rename-column-partition
-- measure
ALTER TABLE metrics_2024 RENAME COLUMN value TO reading;

-- form: alter-table-rename-column-inherited
-- measure
ALTER TABLE animals RENAME COLUMN name TO called;

-- form: alter-table-rename-column-inherited-only
-- measure
ALTER TABLE ONLY animals RENAME COLUMN name TO called;

-- form: alter-table-rename-column-child
-- measure
ALTER TABLE dogs RENAME COLUMN breed TO kind;

-- form: alter-table-rename-column-typed
CREATE TYPE org_shape AS (id bigint, name text);
CREATE TABLE shaped OF org_shape;
-- measure
ALTER TABLE shaped RENAME COLUMN name TO title;

-- form: alter-table-rename-constraint-check
-- measure
ALTER TABLE users RENAME CONSTRAINT users_age_check TO age_positive;

-- form: alter-table-rename-constraint-primary-key
-- measure
ALTER TABLE users RENAME CONSTRAINT users_pkey TO users_key;

-- form: alter-table-rename-constraint-foreign-key
-- measure
ALTER TABLE orders RENAME CONSTRAINT orders_user_fk TO orders_customer_fk;

-- form: alter-table-rename-constraint-missing
-- measure
ALTER TABLE orders RENAME CONSTRAINT nothing TO something;

-- form: alter-table-rename-constraint-inherited
TRUNCATE animals;
ALTER TABLE animals ADD CONSTRAINT named CHECK (name <> '');
-- measure
ALTER TABLE animals RENAME CONSTRAINT named TO has_name;

-- form: alter-table-rename-constraint-unique-partitioned
TRUNCATE metrics;
ALTER TABLE metrics ADD CONSTRAINT once UNIQUE (id, taken_at);
-- measure
ALTER TABLE metrics RENAME CONSTRAINT once TO single;

-- form: alter-view-rename
-- measure
ALTER VIEW active_users RENAME TO live_users;

-- form: alter-view-rename-column
-- measure
ALTER VIEW active_users RENAME COLUMN email TO mail;

-- form: alter-view-set-default
-- measure
ALTER VIEW active_users ALTER COLUMN email SET DEFAULT 'x';

-- form: alter-view-set-schema
CREATE SCHEMA other;
-- measure
ALTER VIEW active_users SET SCHEMA other;

-- form: alter-view-missing
-- measure
ALTER VIEW nothing RENAME TO something;

-- form: alter-view-on-table
-- measure
ALTER VIEW users RENAME TO customers;

-- form: alter-matview-rename
-- measure
ALTER MATERIALIZED VIEW user_totals RENAME TO totals;

-- form: alter-matview-rename-column
-- measure
ALTER MATERIALIZED VIEW user_totals RENAME COLUMN total TO sum;

-- form: alter-matview-set-schema
CREATE SCHEMA other;
-- measure
ALTER MATERIALIZED VIEW user_totals SET SCHEMA other;

-- form: alter-matview-cluster-on
-- measure
ALTER MATERIALIZED VIEW user_totals CLUSTER ON user_totals_user_id_key;

-- form: alter-table-set-schema
CREATE SCHEMA other;
-- measure
ALTER TABLE users SET SCHEMA other;

-- form: alter-table-set-schema-serial
CREATE SCHEMA other;
-- measure
ALTER TABLE orders SET SCHEMA other;

-- form: alter-table-set-schema-partitioned
CREATE SCHEMA other;
-- measure
ALTER TABLE metrics SET SCHEMA other;

-- form: alter-table-set-schema-same
-- measure
ALTER TABLE users SET SCHEMA public;

-- form: alter-table-set-schema-missing
-- measure
ALTER TABLE users SET SCHEMA nowhere;

-- form: alter-table-set-schema-taken
CREATE SCHEMA other;
CREATE TABLE other.users (id bigint);
-- measure
ALTER TABLE users SET SCHEMA other;

-- form: alter-schema-rename
CREATE SCHEMA other;
CREATE TABLE other.t (id bigint);
-- measure
ALTER SCHEMA other RENAME TO another;

-- form: alter-schema-rename-missing
-- measure
ALTER SCHEMA nothing RENAME TO something;

-- form: alter-trigger-rename
-- measure
ALTER TRIGGER users_touch ON users RENAME TO users_touched;

-- form: alter-trigger-rename-missing
-- measure
ALTER TRIGGER nothing ON users RENAME TO users_touched;

-- form: alter-trigger-rename-partitioned
CREATE TRIGGER seen BEFORE INSERT ON metrics FOR EACH ROW EXECUTE FUNCTION touch();
-- measure
ALTER TRIGGER seen ON metrics RENAME TO saw;

-- form: alter-policy-rename
CREATE POLICY mine ON orders USING (note = 'x');
-- measure
ALTER POLICY mine ON orders RENAME TO ours;

-- form: alter-rule-rename
CREATE RULE quiet AS ON UPDATE TO orders WHERE NEW.note = 'x' DO INSTEAD NOTHING;
-- measure
ALTER RULE quiet ON orders RENAME TO silent;

-- form: alter-function-rename
-- measure
ALTER FUNCTION five() RENAME TO cinq;

-- form: alter-function-rename-missing
-- measure
ALTER FUNCTION six() RENAME TO sechs;

-- form: alter-function-set-schema
CREATE SCHEMA other;
-- measure
ALTER FUNCTION five() SET SCHEMA other;

-- form: alter-statistics-rename
CREATE STATISTICS small_stats ON code, label FROM small;
-- measure
ALTER STATISTICS small_stats RENAME TO other_stats;

-- form: alter-foreign-table-rename
CREATE FOREIGN DATA WRAPPER fdw;
CREATE SERVER remote FOREIGN DATA WRAPPER fdw;
CREATE FOREIGN TABLE far (id bigint) SERVER remote;
-- measure
ALTER FOREIGN TABLE far RENAME TO further;

-- form: alter-foreign-table-options
CREATE FOREIGN DATA WRAPPER fdw;
CREATE SERVER remote FOREIGN DATA WRAPPER fdw;
CREATE FOREIGN TABLE far (id bigint) SERVER remote;
-- measure
ALTER FOREIGN TABLE far OPTIONS (ADD a 'b');

-- form: alter-foreign-table-column-options
CREATE FOREIGN DATA WRAPPER fdw;
CREATE SERVER remote FOREIGN DATA WRAPPER fdw;
CREATE FOREIGN TABLE far (id bigint) SERVER remote;
-- measure
ALTER FOREIGN TABLE far ALTER COLUMN id OPTIONS (ADD a 'b');

-- form: alter-table-set-schema-same-serial
-- measure
ALTER TABLE orders SET SCHEMA public;
