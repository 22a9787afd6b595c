-- bad: on 14.2
-- union: 69
-- pg: 14
-- sizes: public.users 500000 rows 90000000 bytes
-- server: 14.2 (Debian 14.2-1.pgdg110+1)
-- base
CREATE TABLE users (id bigint PRIMARY KEY, email text);
-- migration
CREATE INDEX CONCURRENTLY users_email_idx ON users (email); -- ! corrupt-index-build
REINDEX INDEX CONCURRENTLY users_pkey; -- ! corrupt-index-build

-- good: on 14.4, and what is not built
-- union: 69
-- pg: 14
-- sizes: public.users 500000 rows 90000000 bytes
-- server: 14.4
-- base
CREATE TABLE users (id bigint PRIMARY KEY, email text);
-- migration
CREATE INDEX CONCURRENTLY users_email_idx ON users (email);
DROP INDEX CONCURRENTLY users_email_idx;
