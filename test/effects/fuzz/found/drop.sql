-- case: types that go with their schema take columns of others along
CREATE SCHEMA a; CREATE SCHEMA b;
CREATE TYPE a.pair AS (x int, y text);
CREATE TYPE a.mood AS ENUM ('x');
CREATE DOMAIN a.pos AS int;
CREATE TABLE a.t (id int);
CREATE TABLE b.u (id int, p a.pair, m a.mood, d a.pos, ps a.pair[]);
CREATE FUNCTION a.f() RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1';
CREATE VIEW b.v AS SELECT id FROM b.u;
-- measure
DROP SCHEMA a;
DROP SCHEMA a CASCADE;
-- keep
DROP SCHEMA a CASCADE;

-- case: columns and routines of a row type go with its table
CREATE SCHEMA a; CREATE SCHEMA b;
CREATE TABLE a.t (id int, n text);
CREATE VIEW a.v AS SELECT 1 AS x;
CREATE TABLE b.u (id int, r a.t, rs a.t[], w a.v);
CREATE DOMAIN b.d AS a.t CHECK (VALUE IS NOT NULL);
CREATE TABLE b.w (id int, d b.d);
CREATE TYPE b.comp AS (x int, r a.t);
CREATE FUNCTION b.full_name(r a.t) RETURNS text LANGUAGE sql STABLE AS 'SELECT r.n';
CREATE FUNCTION b.two() RETURNS a.t LANGUAGE sql STABLE AS 'SELECT NULL::a.t';
CREATE TABLE b.x (id int, n text DEFAULT b.full_name(NULL));
-- measure
DROP TABLE a.t;
DROP TABLE a.t CASCADE;
DROP VIEW a.v CASCADE;
DROP SCHEMA a CASCADE;
DROP SCHEMA a;
-- keep
DROP SCHEMA a CASCADE;

-- case: columns and routines of a type go with it
CREATE SCHEMA a;
CREATE TABLE a.t (id int, n text);
CREATE TABLE u (id int, r a.t);
CREATE FUNCTION full_name(r a.t) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT r.n';
CREATE TYPE ty AS (a int);
CREATE FUNCTION g(ty) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1';
CREATE TABLE z (id int DEFAULT g(NULL));
-- measure
DROP TYPE ty;
DROP TYPE ty CASCADE;
-- keep
DROP TYPE ty CASCADE;
DROP TABLE a.t CASCADE;

-- case: domains that call a function which goes
CREATE SCHEMA o;
CREATE FUNCTION ok(n int) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT n > 0';
CREATE FUNCTION five() RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 5';
CREATE FUNCTION o.ok(n int) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT n > 0';
CREATE DOMAIN d AS int DEFAULT five() CHECK (ok(VALUE)) CONSTRAINT b CHECK (VALUE < 10);
CREATE DOMAIN e AS int CHECK (o.ok(VALUE));
CREATE TABLE t (id int, d d, e e);
CREATE TABLE u (id int, f e);
-- measure
DROP FUNCTION ok(int);
DROP FUNCTION ok(int) CASCADE;
DROP FUNCTION five() CASCADE;
DROP FUNCTION five();
DROP SCHEMA o;
DROP SCHEMA o CASCADE;
ALTER DOMAIN d DROP CONSTRAINT b;
-- keep
DROP FUNCTION ok(int) CASCADE;
DROP SCHEMA o CASCADE;
DROP FUNCTION five() CASCADE;
