-- bad: a serial column
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
-- migration
CREATE TABLE things (id bigserial PRIMARY KEY); -- i prefer-identity

-- good: an identity column
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
-- migration
CREATE TABLE things (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY);
