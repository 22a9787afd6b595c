-- bad: a check against the clock
-- union: 53
-- base
CREATE TABLE offers (id bigint PRIMARY KEY, ends_at timestamptz);
-- migration
ALTER TABLE offers ADD CONSTRAINT offers_open CHECK (ends_at > now()) NOT VALID; -- ! volatile-check
ALTER TABLE offers VALIDATE CONSTRAINT offers_open;

-- bad: a volatile function
-- union: 53
-- base
CREATE FUNCTION is_email(address text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RETURN address LIKE '%@%'; END $$;
-- migration
CREATE TABLE users (id bigint PRIMARY KEY, email text CHECK (is_email(email))); -- ! volatile-check

-- good: columns with each other, and an immutable function
-- union: 53
-- base
CREATE FUNCTION is_email(address text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN address LIKE '%@%'; END $$;
-- migration
CREATE TABLE users (
  id bigint PRIMARY KEY,
  email text CHECK (is_email(email)),
  starts_at timestamptz DEFAULT now(),
  ends_at timestamptz,
  CHECK (ends_at > starts_at)
);
