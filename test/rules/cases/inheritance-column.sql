-- bad: a column type with a default
-- union: 18
-- base
CREATE TABLE posts (id bigint PRIMARY KEY, title text);
-- migration
ALTER TABLE posts ADD COLUMN type text NOT NULL DEFAULT 'Article'; -- i inheritance-column

-- good: without a default, with null, in a new table, and by another name
-- union: 18
-- base
CREATE TABLE posts (id bigint PRIMARY KEY, title text);
-- migration
ALTER TABLE posts ADD COLUMN type text;
ALTER TABLE posts ADD COLUMN kind text NOT NULL DEFAULT 'article';
CREATE TABLE notes (id bigint PRIMARY KEY, type text DEFAULT 'Note');
