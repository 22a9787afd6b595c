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
