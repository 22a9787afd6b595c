-- form: drop-table
-- measure
DROP TABLE sessions

-- form: drop-table-with-foreign-key
-- measure
DROP TABLE orders CASCADE

-- form: drop-table-with-matview-refused
-- measure
DROP TABLE orders

-- form: drop-table-foreign-key-child
CREATE TABLE invoices (id bigint PRIMARY KEY, user_id bigint REFERENCES users (id));
-- measure
DROP TABLE invoices

-- form: drop-table-referenced
-- measure
DROP TABLE orgs

-- form: drop-table-referenced-cascade
-- measure
DROP TABLE orgs CASCADE

-- form: drop-table-cascade-everything
-- measure
DROP TABLE users CASCADE

-- form: drop-table-two
CREATE TABLE invoices (id bigint PRIMARY KEY);
CREATE TABLE lines (id bigint PRIMARY KEY, invoice_id bigint REFERENCES invoices);
-- measure
DROP TABLE invoices, lines

-- form: drop-table-missing
-- measure
DROP TABLE shops

-- form: drop-table-if-exists-missing
-- measure
DROP TABLE IF EXISTS shops

-- form: drop-table-if-exists-missing-schema
-- measure
DROP TABLE IF EXISTS billing.shops

-- form: drop-table-is-a-view
-- measure
DROP TABLE active_users

-- form: drop-table-partition
-- measure
DROP TABLE metrics_2024

-- form: drop-table-partition-with-default
-- measure
DROP TABLE events_click

-- form: drop-table-default-partition
-- measure
DROP TABLE events_rest

-- form: drop-table-partitioned
-- measure
DROP TABLE metrics

-- form: drop-table-inheritance-child
-- measure
DROP TABLE dogs

-- form: drop-table-inheritance-parent
-- measure
DROP TABLE animals

-- form: drop-table-inheritance-parent-cascade
-- measure
DROP TABLE animals CASCADE

-- form: drop-table-identity
-- measure
DROP TABLE small

-- form: drop-table-domain-user
-- measure
DROP TABLE people

-- form: drop-table-self-reference
CREATE TABLE nodes (id bigint PRIMARY KEY, parent_id bigint REFERENCES nodes);
-- measure
DROP TABLE nodes

-- form: drop-table-row-type-used
CREATE TABLE archived (id bigint, before_change sessions);
-- measure
DROP TABLE sessions CASCADE

-- form: drop-table-row-type-used-refused
CREATE TABLE archived (id bigint, before_change sessions);
-- measure
DROP TABLE sessions

-- form: drop-table-used-by-function
CREATE FUNCTION latest(sessions) RETURNS text LANGUAGE sql AS 'SELECT $1.token';
-- measure
DROP TABLE sessions

-- form: drop-table-used-by-view-of-view
CREATE VIEW active_emails AS SELECT email FROM active_users;
ALTER TABLE users DROP COLUMN name;
-- measure
DROP TABLE users CASCADE

-- form: drop-view
-- measure
DROP VIEW active_users

-- form: drop-view-used
CREATE VIEW active_emails AS SELECT email FROM active_users;
-- measure
DROP VIEW active_users

-- form: drop-view-used-cascade
CREATE VIEW active_emails AS SELECT email FROM active_users;
-- measure
DROP VIEW active_users CASCADE

-- form: drop-view-if-exists-missing
-- measure
DROP VIEW IF EXISTS gone_users

-- form: drop-materialized-view
-- measure
DROP MATERIALIZED VIEW user_totals

-- form: drop-view-is-a-matview
-- measure
DROP VIEW user_totals

-- form: drop-index
-- measure
DROP INDEX users_name_idx

-- form: drop-index-unique
-- measure
DROP INDEX users_email_key

-- form: drop-index-two
-- measure
DROP INDEX users_name_idx, orders_user_id_idx

-- form: drop-index-primary-key
-- measure
DROP INDEX users_pkey

-- form: drop-index-primary-key-cascade
-- measure
DROP INDEX users_pkey CASCADE

-- form: drop-index-if-exists-missing
-- measure
DROP INDEX IF EXISTS users_shoe_idx

-- form: drop-index-missing
-- measure
DROP INDEX users_shoe_idx

-- form: drop-index-partitioned
-- measure
DROP INDEX metrics_taken_at_idx

-- form: drop-index-of-partition
-- measure
DROP INDEX metrics_2024_taken_at_idx

-- form: drop-index-concurrently
-- measure
DROP INDEX CONCURRENTLY users_name_idx

-- form: drop-index-concurrently-if-exists-missing
-- measure
DROP INDEX CONCURRENTLY IF EXISTS users_shoe_idx

-- form: drop-index-concurrently-partitioned
-- measure
DROP INDEX CONCURRENTLY metrics_taken_at_idx

-- form: drop-index-concurrently-two
-- measure
DROP INDEX CONCURRENTLY users_name_idx, orders_user_id_idx

-- form: drop-index-concurrently-cascade
-- measure
DROP INDEX CONCURRENTLY users_name_idx CASCADE

-- form: drop-index-referenced-key
CREATE TABLE logins (email varchar(200) REFERENCES users (email));
-- measure
DROP INDEX users_email_key

-- form: drop-index-referenced-key-cascade
CREATE TABLE logins (email varchar(200) REFERENCES users (email));
-- measure
DROP INDEX users_email_key CASCADE

-- form: drop-index-matview
-- measure
DROP INDEX user_totals_user_id_key

-- form: drop-sequence
-- measure
DROP SEQUENCE tickets

-- form: drop-sequence-owned
-- measure
DROP SEQUENCE orders_id_seq

-- form: drop-sequence-owned-cascade
-- measure
DROP SEQUENCE orders_id_seq CASCADE

-- form: drop-sequence-identity
-- measure
DROP SEQUENCE small_id_seq

-- form: drop-sequence-default
ALTER TABLE people ALTER COLUMN id SET DEFAULT nextval('tickets');
-- measure
DROP SEQUENCE tickets CASCADE

-- form: drop-type
CREATE TYPE size AS ENUM ('s', 'm');
-- measure
DROP TYPE size

-- form: drop-type-used
-- measure
DROP TYPE mood

-- form: drop-type-cascade
-- measure
DROP TYPE mood CASCADE

-- form: drop-type-composite
CREATE TYPE point3 AS (x float8, y float8, z float8);
-- measure
DROP TYPE point3

-- form: drop-type-composite-used-cascade
CREATE TYPE point3 AS (x float8, y float8, z float8);
ALTER TABLE people ADD COLUMN place point3;
-- measure
DROP TYPE point3 CASCADE

-- form: drop-domain-cascade
-- measure
DROP DOMAIN posint CASCADE

-- form: drop-domain-used
-- measure
DROP DOMAIN posint

-- form: drop-type-if-exists-missing
-- measure
DROP TYPE IF EXISTS feeling

-- form: drop-function
-- measure
DROP FUNCTION five()

-- form: drop-function-trigger-used
-- measure
DROP FUNCTION touch()

-- form: drop-function-trigger-cascade
-- measure
DROP FUNCTION touch() CASCADE

-- form: drop-function-default-cascade
ALTER TABLE people ALTER COLUMN id SET DEFAULT five();
-- measure
DROP FUNCTION five() CASCADE

-- form: drop-function-missing
-- measure
DROP FUNCTION six()

-- form: drop-function-if-exists-missing
-- measure
DROP FUNCTION IF EXISTS six(integer)

-- form: drop-function-no-arguments-list
-- measure
DROP FUNCTION dice

-- form: drop-function-index-cascade
CREATE FUNCTION normalize_name(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT lower($1)';
CREATE INDEX users_normal_name_idx ON users (normalize_name(name));
-- measure
DROP FUNCTION normalize_name(text) CASCADE

-- form: drop-procedure
CREATE PROCEDURE nothing() LANGUAGE sql AS 'SELECT 1';
-- measure
DROP PROCEDURE nothing()

-- form: drop-schema-empty
CREATE SCHEMA billing;
-- measure
DROP SCHEMA billing

-- form: drop-schema-not-empty
CREATE SCHEMA billing; CREATE TABLE billing.invoices (id bigint REFERENCES users (id));
-- measure
DROP SCHEMA billing

-- form: drop-schema-cascade
CREATE SCHEMA billing; CREATE TABLE billing.invoices (id bigint PRIMARY KEY, user_id bigint REFERENCES users (id)); CREATE VIEW invoice_ids AS SELECT id FROM billing.invoices;
-- measure
DROP SCHEMA billing CASCADE

-- form: drop-schema-if-exists-missing
-- measure
DROP SCHEMA IF EXISTS billing CASCADE

-- form: drop-trigger
-- measure
DROP TRIGGER users_touch ON users

-- form: drop-trigger-missing
-- measure
DROP TRIGGER users_stamp ON users

-- form: drop-trigger-if-exists-missing
-- measure
DROP TRIGGER IF EXISTS users_stamp ON users

-- form: drop-trigger-if-exists-missing-table
-- measure
DROP TRIGGER IF EXISTS shops_stamp ON shops

-- form: drop-trigger-partitioned
CREATE TRIGGER metrics_touch AFTER INSERT ON metrics FOR EACH ROW EXECUTE FUNCTION touch();
-- measure
DROP TRIGGER metrics_touch ON metrics

-- form: drop-rule
CREATE RULE no_delete AS ON DELETE TO small DO INSTEAD NOTHING;
-- measure
DROP RULE no_delete ON small

-- form: drop-policy
CREATE POLICY own ON users USING (id = 1);
-- measure
DROP POLICY own ON users

-- form: drop-policy-if-exists-missing
-- measure
DROP POLICY IF EXISTS own ON users

-- form: drop-statistics
CREATE STATISTICS users_stats ON org_id, age FROM users;
-- measure
DROP STATISTICS users_stats

-- form: drop-extension-missing
-- measure
DROP EXTENSION IF EXISTS hstore

-- form: drop-extension-plpgsql-used
-- measure
DROP EXTENSION plpgsql

-- form: drop-publication
CREATE PUBLICATION feed FOR TABLE users;
-- measure
DROP PUBLICATION feed

-- form: drop-owned
CREATE ROLE lockstep_form_owner;
-- measure
DROP OWNED BY lockstep_form_owner

-- form: drop-foreign-table
CREATE FOREIGN DATA WRAPPER dummy;
CREATE SERVER elsewhere FOREIGN DATA WRAPPER dummy;
CREATE FOREIGN TABLE remote_users (id bigint) SERVER elsewhere;
-- measure
DROP FOREIGN TABLE remote_users

-- form: drop-server-cascade
CREATE FOREIGN DATA WRAPPER dummy;
CREATE SERVER elsewhere FOREIGN DATA WRAPPER dummy;
CREATE FOREIGN TABLE remote_users (id bigint) SERVER elsewhere;
-- measure
DROP SERVER elsewhere CASCADE

-- form: drop-cast-missing
-- measure
DROP CAST IF EXISTS (text AS mood)
