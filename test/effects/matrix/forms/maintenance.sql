-- form: truncate
-- measure
TRUNCATE sessions

-- form: truncate-referenced
-- measure
TRUNCATE orgs

-- form: truncate-cascade
-- measure
TRUNCATE orgs CASCADE

-- form: truncate-both
-- measure
TRUNCATE users, orders

-- form: truncate-restart-identity
-- measure
TRUNCATE small RESTART IDENTITY

-- form: truncate-serial-restart-identity
-- measure
TRUNCATE orders RESTART IDENTITY

-- form: truncate-partitioned
-- measure
TRUNCATE metrics

-- form: truncate-partition
-- measure
TRUNCATE metrics_2024

-- form: truncate-inherited
-- measure
TRUNCATE animals

-- form: truncate-only
-- measure
TRUNCATE ONLY animals

-- form: truncate-view
-- measure
TRUNCATE active_users

-- form: truncate-missing
-- measure
TRUNCATE shops

-- form: truncate-only-partitioned
-- measure
TRUNCATE ONLY metrics

-- form: truncate-matview
-- measure
TRUNCATE user_totals

-- form: reindex-table
-- measure
REINDEX TABLE users

-- form: reindex-index
-- measure
REINDEX INDEX users_name_idx

-- form: reindex-index-unique
-- measure
REINDEX INDEX orgs_pkey

-- form: reindex-table-no-index
-- measure
REINDEX TABLE dogs

-- form: reindex-table-partitioned
-- measure
REINDEX TABLE metrics

-- form: reindex-table-concurrently-partitioned
-- measure
REINDEX TABLE CONCURRENTLY metrics;

-- form: reindex-index-partitioned
-- measure
REINDEX INDEX metrics_taken_at_idx

-- form: reindex-table-partition
-- measure
REINDEX TABLE metrics_2024

-- form: reindex-matview
-- measure
REINDEX TABLE user_totals

-- form: reindex-index-concurrently
-- measure
REINDEX INDEX CONCURRENTLY users_name_idx

-- form: reindex-table-concurrently
-- measure
REINDEX TABLE CONCURRENTLY users

-- form: reindex-schema
-- measure
REINDEX SCHEMA public

-- form: reindex-missing
-- measure
REINDEX INDEX users_shoe_idx

-- form: reindex-index-of-table-name
-- measure
REINDEX INDEX users

-- form: reindex-view
-- measure
REINDEX TABLE active_users

-- form: reindex-option-concurrently-off
-- measure
REINDEX (CONCURRENTLY false) TABLE orgs

-- form: cluster
-- measure
CLUSTER users USING users_created_at_idx

-- form: cluster-no-index
-- measure
CLUSTER orgs

-- form: cluster-again
ALTER TABLE orgs CLUSTER ON orgs_pkey;
-- measure
CLUSTER orgs

-- form: cluster-all
-- measure
CLUSTER

-- form: cluster-partitioned
-- measure
CLUSTER metrics USING metrics_taken_at_idx

-- form: cluster-missing-index
-- measure
CLUSTER users USING users_shoe_idx

-- form: vacuum
-- measure
VACUUM users

-- form: vacuum-analyze
-- measure
VACUUM (ANALYZE) users, orders

-- form: vacuum-full
-- measure
VACUUM FULL users

-- form: vacuum-full-partitioned
-- measure
VACUUM FULL metrics

-- form: vacuum-partitioned
-- measure
VACUUM metrics

-- form: vacuum-all
-- measure
VACUUM

-- form: vacuum-missing
-- measure
VACUUM shops

-- form: vacuum-full-matview
-- measure
VACUUM FULL user_totals

-- form: analyze
-- measure
ANALYZE users

-- form: analyze-columns
-- measure
ANALYZE users (name)

-- form: analyze-partitioned
-- measure
ANALYZE metrics

-- form: analyze-all
-- measure
ANALYZE

-- form: analyze-inherited
-- measure
ANALYZE animals

-- form: analyze-matview
-- measure
ANALYZE user_totals

-- form: analyze-view
-- measure
ANALYZE active_users

-- form: analyze-missing
-- measure
ANALYZE shops
