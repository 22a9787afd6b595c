-- bad: an event trigger for every command
-- base
CREATE TABLE ddl_log (at timestamptz, tag text);
CREATE FUNCTION log_ddl() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.ddl_log VALUES (now(), TG_TAG); END $$;
CREATE TABLE users (id bigint PRIMARY KEY);
-- migration
CREATE EVENT TRIGGER log_ddl ON ddl_command_end WHEN TAG IN ('ALTER TABLE') EXECUTE FUNCTION log_ddl(); -- ! event-trigger
ALTER TABLE users ADD COLUMN email text; -- i event-trigger

-- bad: a command that fires one
-- base
CREATE TABLE ddl_log (at timestamptz, tag text);
CREATE TABLE users (id bigint PRIMARY KEY);
CREATE FUNCTION log_ddl() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN LOCK TABLE public.ddl_log; END $$;
CREATE EVENT TRIGGER log_ddl ON ddl_command_end WHEN TAG IN ('ALTER TABLE') EXECUTE FUNCTION log_ddl();
-- migration
ALTER TABLE users ADD COLUMN email text; -- i event-trigger
COMMENT ON TABLE users IS 'whoever signed up';

-- good: one that is switched off, and one that locks nothing
-- base
CREATE TABLE ddl_log (at timestamptz, tag text);
CREATE TABLE users (id bigint PRIMARY KEY);
CREATE FUNCTION log_ddl() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN LOCK TABLE public.ddl_log; END $$;
CREATE FUNCTION note_ddl() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE '%', TG_TAG; END $$;
CREATE EVENT TRIGGER log_ddl ON ddl_command_end WHEN TAG IN ('ALTER TABLE') EXECUTE FUNCTION log_ddl();
ALTER EVENT TRIGGER log_ddl DISABLE;
CREATE EVENT TRIGGER note_ddl ON ddl_command_end WHEN TAG IN ('ALTER TABLE') EXECUTE FUNCTION note_ddl();
-- migration
ALTER TABLE users ADD COLUMN email text;
ALTER EVENT TRIGGER note_ddl DISABLE;
DROP EVENT TRIGGER log_ddl;
