-- bad: a new table without it where all others have it
-- union: 99
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
CREATE TABLE teams (id bigint PRIMARY KEY);
CREATE TABLE notes (id bigint PRIMARY KEY);
ALTER TABLE users ENABLE ROW LEVEL SECURITY;
ALTER TABLE teams ENABLE ROW LEVEL SECURITY;
ALTER TABLE notes ENABLE ROW LEVEL SECURITY;
-- migration
CREATE TABLE invoices (id bigint PRIMARY KEY, owner_id bigint); -- ! row-security-gap

-- bad: enabled without a policy
-- union: 99
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
-- migration
ALTER TABLE users ENABLE ROW LEVEL SECURITY; -- ! row-security-gap

-- good: enabled with a policy
-- union: 99
-- transaction: file
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
CREATE TABLE teams (id bigint PRIMARY KEY);
CREATE TABLE notes (id bigint PRIMARY KEY);
ALTER TABLE users ENABLE ROW LEVEL SECURITY;
ALTER TABLE teams ENABLE ROW LEVEL SECURITY;
ALTER TABLE notes ENABLE ROW LEVEL SECURITY;
-- migration
CREATE TABLE invoices (id bigint PRIMARY KEY, owner_id bigint);
CREATE POLICY invoices_own ON invoices USING (owner_id = 1);
ALTER TABLE invoices ENABLE ROW LEVEL SECURITY;

-- good: a schema that does without
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
CREATE TABLE teams (id bigint PRIMARY KEY);
CREATE TABLE notes (id bigint PRIMARY KEY);
ALTER TABLE users ENABLE ROW LEVEL SECURITY;
-- migration
CREATE TABLE invoices (id bigint PRIMARY KEY, owner_id bigint);
