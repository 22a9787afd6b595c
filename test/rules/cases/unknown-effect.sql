-- good: a query is known
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
-- migration
SELECT 1;
