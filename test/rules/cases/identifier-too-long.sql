-- bad: a constraint's name is cut
-- base
CREATE TABLE users (id bigint PRIMARY KEY, email text);
-- migration
CREATE INDEX CONCURRENTLY users_email_lookup_for_the_sign_in_page_and_the_newsletter_job_idx ON users (email); -- ! identifier-too-long

-- bad: two names that are one
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
-- migration
CREATE TABLE a_table_name_that_goes_on_and_on_until_nobody_can_tell_the_ends_one (id bigint); -- ! identifier-too-long
CREATE TABLE IF NOT EXISTS a_table_name_that_goes_on_and_on_until_nobody_can_tell_the_ends_two (id bigint); -- ! identifier-too-long

-- good: just long enough, and a long string
-- base
CREATE TABLE users (id bigint PRIMARY KEY, email text);
-- migration
CREATE INDEX CONCURRENTLY users_email_lookup_for_the_sign_in_page_and_the_newsletter_idx1 ON users (email);
COMMENT ON TABLE users IS 'a text that goes on and on and on and on until it is longer than any name may be';
