-- SET and DROP NOT NULL, defaults

-- form: alter-set-not-null
TRUNCATE users CASCADE;
-- measure
ALTER TABLE users ALTER COLUMN email SET NOT NULL;

-- form: alter-set-not-null-rows-null
INSERT INTO users (id) VALUES (1);
-- measure
ALTER TABLE users ALTER COLUMN email SET NOT NULL;

-- form: alter-set-not-null-already
-- measure
ALTER TABLE users ALTER COLUMN status SET NOT NULL;

-- form: alter-set-not-null-primary-key
-- measure
ALTER TABLE users ALTER COLUMN id SET NOT NULL;

-- form: alter-set-not-null-valid-check
TRUNCATE users CASCADE;
ALTER TABLE users ADD CONSTRAINT users_email_there CHECK (email IS NOT NULL);
-- measure
ALTER TABLE users ALTER COLUMN email SET NOT NULL;

-- form: alter-set-not-null-valid-check-anded
TRUNCATE users CASCADE;
ALTER TABLE users ADD CONSTRAINT users_email_there CHECK (email IS NOT NULL AND length(email) > 3);
-- measure
ALTER TABLE users ALTER COLUMN email SET NOT NULL;

-- form: alter-set-not-null-check-ored
TRUNCATE users CASCADE;
ALTER TABLE users ADD CONSTRAINT users_email_there CHECK (email IS NOT NULL OR name IS NOT NULL);
-- measure
ALTER TABLE users ALTER COLUMN email SET NOT NULL;

-- form: alter-set-not-null-check-or-of-ands
TRUNCATE users CASCADE;
ALTER TABLE users ADD CONSTRAINT users_email_there CHECK ((email IS NOT NULL AND age > 1) OR (email IS NOT NULL AND age < 1));
-- measure
ALTER TABLE users ALTER COLUMN email SET NOT NULL;

-- form: alter-set-not-null-check-double-negation
TRUNCATE users CASCADE;
ALTER TABLE users ADD CONSTRAINT users_email_there CHECK (NOT (email IS NULL));
-- measure
ALTER TABLE users ALTER COLUMN email SET NOT NULL;

-- form: alter-set-not-null-check-not-or
TRUNCATE users CASCADE;
ALTER TABLE users ADD CONSTRAINT users_email_there CHECK (NOT (email IS NULL OR age > 5));
-- measure
ALTER TABLE users ALTER COLUMN email SET NOT NULL;

-- form: alter-set-not-null-check-strict-operator
TRUNCATE users CASCADE;
ALTER TABLE users ADD CONSTRAINT users_email_there CHECK (email <> '');
-- measure
ALTER TABLE users ALTER COLUMN email SET NOT NULL;

-- form: alter-set-not-null-check-is-not-null-and-strict
TRUNCATE users CASCADE;
ALTER TABLE users ADD CONSTRAINT users_email_there CHECK ((length(email) > 0) IS TRUE);
-- measure
ALTER TABLE users ALTER COLUMN email SET NOT NULL;

-- form: alter-set-not-null-check-is-distinct
TRUNCATE users CASCADE;
ALTER TABLE users ADD CONSTRAINT users_email_there CHECK (email IS DISTINCT FROM NULL);
-- measure
ALTER TABLE users ALTER COLUMN email SET NOT NULL;

-- form: alter-set-not-null-two-checks
TRUNCATE users CASCADE;
ALTER TABLE users ADD CONSTRAINT one CHECK (age > 3), ADD CONSTRAINT two CHECK (name IS NOT NULL AND email IS NOT NULL);
-- measure
ALTER TABLE users ALTER COLUMN email SET NOT NULL, ALTER COLUMN name SET NOT NULL;

-- form: alter-set-not-null-invalid-check
TRUNCATE users CASCADE;
ALTER TABLE users ADD CONSTRAINT users_email_there CHECK (email IS NOT NULL) NOT VALID;
-- measure
ALTER TABLE users ALTER COLUMN email SET NOT NULL;

-- form: alter-set-not-null-validated-check
TRUNCATE users CASCADE;
ALTER TABLE users ADD CONSTRAINT users_email_there CHECK (email IS NOT NULL) NOT VALID;
ALTER TABLE users VALIDATE CONSTRAINT users_email_there;
-- measure
ALTER TABLE users ALTER COLUMN email SET NOT NULL;

-- form: alter-set-not-null-and-drop-check
TRUNCATE users CASCADE;
ALTER TABLE users ADD CONSTRAINT users_email_there CHECK (email IS NOT NULL);
-- measure
ALTER TABLE users ALTER COLUMN email SET NOT NULL, DROP CONSTRAINT users_email_there;

-- form: alter-set-not-null-and-add-check
TRUNCATE users CASCADE;
-- measure
ALTER TABLE users ALTER COLUMN email SET NOT NULL, ADD CONSTRAINT users_email_there CHECK (email IS NOT NULL);

-- form: alter-set-not-null-two-columns
TRUNCATE users CASCADE;
-- measure
ALTER TABLE users ALTER COLUMN email SET NOT NULL, ALTER COLUMN name SET NOT NULL;

-- form: alter-set-not-null-one-proven-one-not
TRUNCATE users CASCADE;
ALTER TABLE users ADD CONSTRAINT users_email_there CHECK (email IS NOT NULL);
-- measure
ALTER TABLE users ALTER COLUMN email SET NOT NULL, ALTER COLUMN name SET NOT NULL;

-- form: alter-set-not-null-partitioned
TRUNCATE metrics;
-- measure
ALTER TABLE metrics ALTER COLUMN value SET NOT NULL;

-- form: alter-set-not-null-partitioned-check
TRUNCATE metrics;
ALTER TABLE metrics ADD CONSTRAINT there CHECK (value IS NOT NULL);
-- measure
ALTER TABLE metrics ALTER COLUMN value SET NOT NULL;

-- form: alter-set-not-null-partitioned-one-already
TRUNCATE metrics;
ALTER TABLE metrics_2024 ALTER COLUMN value SET NOT NULL;
-- measure
ALTER TABLE metrics ALTER COLUMN value SET NOT NULL;

-- form: alter-set-not-null-partitioned-already
-- measure
ALTER TABLE metrics ALTER COLUMN taken_at SET NOT NULL;

-- form: alter-set-not-null-partitioned-only
-- measure
ALTER TABLE ONLY metrics ALTER COLUMN value SET NOT NULL;

-- form: alter-set-not-null-partition
TRUNCATE metrics_2024;
-- measure
ALTER TABLE metrics_2024 ALTER COLUMN value SET NOT NULL;

-- form: alter-set-not-null-inherited
TRUNCATE animals;
-- measure
ALTER TABLE animals ALTER COLUMN name SET NOT NULL;

-- form: alter-set-not-null-inherited-only
TRUNCATE animals;
-- measure
ALTER TABLE ONLY animals ALTER COLUMN name SET NOT NULL;

-- form: alter-set-not-null-missing-column
-- measure
ALTER TABLE users ALTER COLUMN missing SET NOT NULL;

-- form: alter-set-not-null-view
-- measure
ALTER TABLE active_users ALTER COLUMN email SET NOT NULL;

-- form: alter-set-not-null-foreign-table
CREATE FOREIGN DATA WRAPPER fdw;
CREATE SERVER remote FOREIGN DATA WRAPPER fdw;
CREATE FOREIGN TABLE far (id bigint) SERVER remote;
-- measure
ALTER FOREIGN TABLE far ALTER COLUMN id SET NOT NULL;

-- form: alter-set-not-null-not-valid-exists
-- pg: 18
TRUNCATE users CASCADE;
ALTER TABLE users ADD CONSTRAINT users_email_nn NOT NULL email NOT VALID;
-- measure
ALTER TABLE users ALTER COLUMN email SET NOT NULL;

-- form: alter-set-not-null-virtual-column
-- pg: 18
TRUNCATE users CASCADE;
ALTER TABLE users ADD COLUMN n integer GENERATED ALWAYS AS (length(name)) VIRTUAL;
-- measure
ALTER TABLE users ALTER COLUMN n SET NOT NULL;

-- form: alter-set-not-null-quoted
CREATE TABLE "Mixed Case" ("Some Col" text);
-- measure
ALTER TABLE "Mixed Case" ALTER COLUMN "Some Col" SET NOT NULL;

-- form: alter-drop-not-null
-- measure
ALTER TABLE users ALTER COLUMN status DROP NOT NULL;

-- form: alter-drop-not-null-already
-- measure
ALTER TABLE users ALTER COLUMN email DROP NOT NULL;

-- form: alter-drop-not-null-primary-key
-- measure
ALTER TABLE users ALTER COLUMN id DROP NOT NULL;

-- form: alter-drop-not-null-identity
CREATE TABLE numbered (n integer GENERATED ALWAYS AS IDENTITY);
-- measure
ALTER TABLE numbered ALTER COLUMN n DROP NOT NULL;

-- form: alter-drop-not-null-partitioned
-- measure
ALTER TABLE metrics ALTER COLUMN id DROP NOT NULL;

-- form: alter-drop-not-null-partition-of-not-null
-- measure
ALTER TABLE metrics_2024 ALTER COLUMN id DROP NOT NULL;

-- form: alter-drop-not-null-inherited
TRUNCATE animals;
ALTER TABLE animals ALTER COLUMN name SET NOT NULL;
-- measure
ALTER TABLE animals ALTER COLUMN name DROP NOT NULL;

-- form: alter-set-default
-- measure
ALTER TABLE users ALTER COLUMN age SET DEFAULT 18;

-- form: alter-set-default-volatile
-- measure
ALTER TABLE users ALTER COLUMN score SET DEFAULT random();

-- form: alter-set-default-sequence
-- measure
ALTER TABLE users ALTER COLUMN id SET DEFAULT nextval('tickets');

-- form: alter-set-default-partitioned
-- measure
ALTER TABLE metrics ALTER COLUMN value SET DEFAULT 0;

-- form: alter-set-default-inherited-only
-- measure
ALTER TABLE ONLY animals ALTER COLUMN name SET DEFAULT 'x';

-- form: alter-set-default-view
-- measure
ALTER TABLE active_users ALTER COLUMN email SET DEFAULT 'x';

-- form: alter-set-default-identity-column
-- measure
ALTER TABLE small ALTER COLUMN id SET DEFAULT 5;

-- form: alter-set-default-wrong-type
-- measure
ALTER TABLE users ALTER COLUMN age SET DEFAULT 'many';

-- form: alter-drop-default
-- measure
ALTER TABLE users ALTER COLUMN status DROP DEFAULT;

-- form: alter-drop-default-serial
-- measure
ALTER TABLE orders ALTER COLUMN id DROP DEFAULT;

-- form: alter-drop-default-none
-- measure
ALTER TABLE users ALTER COLUMN age DROP DEFAULT;

-- form: alter-drop-default-generated
ALTER TABLE users ADD COLUMN n integer GENERATED ALWAYS AS (length(name)) STORED;
-- measure
ALTER TABLE users ALTER COLUMN n DROP DEFAULT;

-- form: alter-add-identity
CREATE TABLE numbered (n integer NOT NULL);
-- measure
ALTER TABLE numbered ALTER COLUMN n ADD GENERATED BY DEFAULT AS IDENTITY;

-- form: alter-add-identity-nullable
CREATE TABLE numbered (n integer);
-- measure
ALTER TABLE numbered ALTER COLUMN n ADD GENERATED BY DEFAULT AS IDENTITY;

-- form: alter-add-identity-has-default
-- measure
ALTER TABLE orders ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY;

-- form: alter-set-identity
-- measure
ALTER TABLE small ALTER COLUMN id SET GENERATED ALWAYS;

-- form: alter-set-identity-restart
-- measure
ALTER TABLE small ALTER COLUMN id RESTART WITH 1000;

-- form: alter-set-identity-options
-- measure
ALTER TABLE small ALTER COLUMN id SET INCREMENT BY 5 SET CACHE 10;

-- form: alter-set-identity-not-identity
-- measure
ALTER TABLE users ALTER COLUMN id SET GENERATED ALWAYS;

-- form: alter-drop-identity
-- measure
ALTER TABLE small ALTER COLUMN id DROP IDENTITY;

-- form: alter-drop-identity-if-exists-none
-- measure
ALTER TABLE users ALTER COLUMN id DROP IDENTITY IF EXISTS;

-- form: alter-drop-identity-none
-- measure
ALTER TABLE users ALTER COLUMN id DROP IDENTITY;

-- form: alter-add-identity-domain
ALTER TABLE people ALTER COLUMN age SET NOT NULL;
-- measure
ALTER TABLE people ALTER COLUMN age ADD GENERATED ALWAYS AS IDENTITY;
