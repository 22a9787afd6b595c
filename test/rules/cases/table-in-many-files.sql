-- bad: two files before it lock the table too
-- union: 116
-- earlier: 1_email.sql public.users; 2_plans.sql public.plans; 3_name.sql public.users public.orders
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
CREATE TABLE teams (id bigint PRIMARY KEY);
-- migration
ALTER TABLE teams ADD COLUMN name text;
ALTER TABLE users ADD COLUMN age integer; -- i table-in-many-files
ALTER TABLE users ADD COLUMN size integer;

-- good: other files lock other tables, or it so weakly that nobody waits
-- union: 116
-- earlier: 1_email.sql public.users; 2_plans.sql public.plans
-- base
CREATE TABLE users (id bigint PRIMARY KEY, email text);
CREATE TABLE teams (id bigint PRIMARY KEY);
-- migration
ALTER TABLE teams ADD COLUMN name text;
CREATE INDEX CONCURRENTLY users_email_idx ON users (email);
