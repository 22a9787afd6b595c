-- form: create-view
-- measure
CREATE VIEW org_names AS SELECT id, name FROM orgs

-- form: create-view-join
-- measure
CREATE VIEW org_users AS SELECT o.name, u.email FROM orgs o LEFT JOIN active_users u ON u.id = o.id

-- form: create-view-there
-- measure
CREATE VIEW active_users AS SELECT id FROM users

-- form: create-or-replace-view-new
-- measure
CREATE OR REPLACE VIEW org_names AS SELECT id, name FROM orgs

-- form: create-or-replace-view
-- measure
CREATE OR REPLACE VIEW active_users AS SELECT id, email FROM users WHERE status <> 'away'

-- form: create-or-replace-view-more-columns
-- measure
CREATE OR REPLACE VIEW active_users AS SELECT id, email, name FROM users

-- form: create-or-replace-view-fewer-columns
-- measure
CREATE OR REPLACE VIEW active_users AS SELECT id FROM users

-- form: create-or-replace-view-renamed-column
-- measure
CREATE OR REPLACE VIEW active_users AS SELECT id AS user_id, email FROM users

-- form: create-or-replace-view-retyped-column
-- measure
CREATE OR REPLACE VIEW active_users AS SELECT id, email::text FROM users

-- form: create-or-replace-view-is-a-table
-- measure
CREATE OR REPLACE VIEW orgs AS SELECT 1 AS id

-- form: create-view-missing-table
-- measure
CREATE VIEW shop_names AS SELECT id FROM shops

-- form: create-view-recursive
-- measure
CREATE RECURSIVE VIEW counted (n) AS SELECT 1 UNION ALL SELECT n + 1 FROM counted WHERE n < 10

-- form: create-view-temporary
-- measure
CREATE TEMPORARY VIEW org_names AS SELECT id, name FROM orgs

-- form: create-view-function
-- measure
CREATE VIEW fives AS SELECT five() AS five, nextval('tickets') AS ticket

-- form: create-view-partitioned
-- measure
CREATE VIEW all_metrics AS SELECT * FROM metrics

-- form: create-materialized-view
-- measure
CREATE MATERIALIZED VIEW org_counts AS SELECT org_id, count(*) AS users FROM users GROUP BY org_id

-- form: create-materialized-view-no-data
-- measure
CREATE MATERIALIZED VIEW org_counts AS SELECT org_id, count(*) AS users FROM users GROUP BY org_id WITH NO DATA

-- form: create-materialized-view-if-not-exists-there
-- measure
CREATE MATERIALIZED VIEW IF NOT EXISTS user_totals AS SELECT 1 AS one

-- form: create-materialized-view-of-view
-- measure
CREATE MATERIALIZED VIEW active_copy AS SELECT * FROM active_users

-- form: refresh-materialized-view
-- measure
REFRESH MATERIALIZED VIEW user_totals

-- form: refresh-materialized-view-concurrently
-- measure
REFRESH MATERIALIZED VIEW CONCURRENTLY user_totals

-- form: refresh-materialized-view-concurrently-no-key
DROP INDEX user_totals_user_id_key;
-- measure
REFRESH MATERIALIZED VIEW CONCURRENTLY user_totals

-- form: refresh-materialized-view-concurrently-not-populated
CREATE MATERIALIZED VIEW org_counts AS SELECT org_id, count(*) AS users FROM users GROUP BY org_id WITH NO DATA;
CREATE UNIQUE INDEX ON org_counts (org_id);
-- measure
REFRESH MATERIALIZED VIEW CONCURRENTLY org_counts

-- form: refresh-materialized-view-no-data
-- measure
REFRESH MATERIALIZED VIEW user_totals WITH NO DATA

-- form: refresh-materialized-view-of-view
CREATE MATERIALIZED VIEW active_copy AS SELECT * FROM active_users;
-- measure
REFRESH MATERIALIZED VIEW active_copy

-- form: refresh-view
-- measure
REFRESH MATERIALIZED VIEW active_users

-- form: create-rule
-- measure
CREATE RULE no_delete AS ON DELETE TO small DO INSTEAD NOTHING

-- form: create-or-replace-rule
CREATE RULE no_delete AS ON DELETE TO small DO INSTEAD NOTHING;
-- measure
CREATE OR REPLACE RULE no_delete AS ON DELETE TO small DO INSTEAD NOTHING

-- form: create-rule-action
-- measure
CREATE RULE also_org AS ON INSERT TO small DO ALSO INSERT INTO orgs (id, name) VALUES (NEW.id, 'rule')

-- form: create-rule-there
CREATE RULE no_delete AS ON DELETE TO small DO INSTEAD NOTHING;
-- measure
CREATE RULE no_delete AS ON DELETE TO small DO INSTEAD NOTHING

-- form: create-trigger
-- measure
CREATE TRIGGER orders_touch BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION touch()

-- form: create-trigger-after-statement
-- measure
CREATE TRIGGER orders_touch AFTER INSERT OR UPDATE ON orders FOR EACH STATEMENT EXECUTE FUNCTION touch()

-- form: create-trigger-constraint
-- measure
CREATE CONSTRAINT TRIGGER orders_touch AFTER INSERT ON orders DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION touch()

-- form: create-trigger-constraint-from
-- measure
CREATE CONSTRAINT TRIGGER orders_touch AFTER INSERT ON orders FROM users DEFERRABLE FOR EACH ROW EXECUTE FUNCTION touch()

-- form: create-trigger-there
-- measure
CREATE TRIGGER users_touch BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION touch()

-- form: create-or-replace-trigger
-- measure
CREATE OR REPLACE TRIGGER users_touch BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION touch()

-- form: create-trigger-when
-- measure
CREATE TRIGGER orders_touch BEFORE UPDATE OF total ON orders FOR EACH ROW WHEN (NEW.total > 5) EXECUTE FUNCTION touch()

-- form: create-trigger-partitioned
-- measure
CREATE TRIGGER metrics_touch AFTER INSERT ON metrics FOR EACH ROW EXECUTE FUNCTION touch()

-- form: create-trigger-partitioned-statement
-- measure
CREATE TRIGGER metrics_touch AFTER INSERT ON metrics FOR EACH STATEMENT EXECUTE FUNCTION touch()

-- form: create-trigger-view
-- measure
CREATE TRIGGER active_touch INSTEAD OF UPDATE ON active_users FOR EACH ROW EXECUTE FUNCTION touch()

-- form: create-trigger-missing-function
-- measure
CREATE TRIGGER orders_touch BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION stamp()

-- form: create-trigger-not-a-trigger-function
-- measure
CREATE TRIGGER orders_touch BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION five()

-- form: create-trigger-instead-of-table
-- measure
CREATE TRIGGER orders_touch INSTEAD OF UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION touch()

-- form: create-policy
-- measure
CREATE POLICY own ON users USING (id = 1)

-- form: create-policy-sub-select
-- measure
CREATE POLICY own ON users USING (org_id IN (SELECT id FROM orgs))

-- form: create-policy-there
CREATE POLICY own ON users USING (id = 1);
-- measure
CREATE POLICY own ON users USING (id = 2)

-- form: alter-policy-expression
CREATE POLICY own ON users USING (id = 1);
-- measure
ALTER POLICY own ON users USING (org_id IN (SELECT id FROM orgs))

-- form: create-statistics
-- measure
CREATE STATISTICS users_stats ON org_id, age FROM users

-- form: create-statistics-if-not-exists-there
CREATE STATISTICS users_stats ON org_id, age FROM users;
-- measure
CREATE STATISTICS IF NOT EXISTS users_stats ON org_id, age FROM users

-- form: alter-statistics-target
CREATE STATISTICS users_stats ON org_id, age FROM users;
-- measure
ALTER STATISTICS users_stats SET STATISTICS 100

-- form: create-publication-table
-- measure
CREATE PUBLICATION feed FOR TABLE users, orders

-- form: create-publication-all
-- measure
CREATE PUBLICATION feed FOR ALL TABLES

-- form: create-publication-empty
-- measure
CREATE PUBLICATION feed

-- form: create-publication-partitioned
-- measure
CREATE PUBLICATION feed FOR TABLE metrics

-- form: create-publication-schema
-- pg: 15-18
-- measure
CREATE PUBLICATION feed FOR TABLES IN SCHEMA public

-- form: alter-publication-add-table
CREATE PUBLICATION feed FOR TABLE users;
-- measure
ALTER PUBLICATION feed ADD TABLE orders

-- form: alter-publication-set-table
CREATE PUBLICATION feed FOR TABLE users;
-- measure
ALTER PUBLICATION feed SET TABLE orders

-- form: alter-publication-drop-table
CREATE PUBLICATION feed FOR TABLE users;
-- measure
ALTER PUBLICATION feed DROP TABLE users

-- form: alter-publication-options
CREATE PUBLICATION feed FOR TABLE users;
-- measure
ALTER PUBLICATION feed SET (publish = 'insert')

-- form: create-publication-inherited
-- measure
CREATE PUBLICATION feed FOR TABLE animals
