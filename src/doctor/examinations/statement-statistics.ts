import { quoteIdent } from "../../sql/index.ts";
import type { Examination } from "../examination.ts";

/** Evidence that no old release is left, a backfill's governor and the watch after a deploy read pg_stat_statements. */
export const statementStatistics: Examination = {
  name: "statement-statistics",
  question: "Can statements be seen in pg_stat_statements?",
  async examine({ database, facts }) {
    const { rows } = await database.query<{
      schema: string | null;
      loaded: boolean | null;
      track: string | null;
    }>(
      `SELECT (SELECT n.nspname FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace
                WHERE e.extname = 'pg_stat_statements') AS schema,
              pg_catalog.current_setting('pg_stat_statements.max', true) IS NOT NULL AS loaded,
              pg_catalog.current_setting('pg_stat_statements.track', true) AS track`,
    );
    const { schema, loaded, track } = rows[0]!;
    const means =
      "whether an old release still runs its statements, and which became slower after a deploy, cannot be seen";
    if (loaded !== true)
      return [
        {
          verdict: "warning",
          found: "it is not loaded by the server",
          means,
          next: [
            "add pg_stat_statements to shared_preload_libraries, and restart the server",
            ...(schema === null ? ["CREATE EXTENSION pg_stat_statements"] : []),
          ],
        },
      ];
    if (schema === null)
      return [
        {
          verdict: "warning",
          found: "loaded, but not in this database",
          means,
          next: ["CREATE EXTENSION pg_stat_statements"],
        },
      ];
    if (track === "none")
      return [
        {
          verdict: "warning",
          found: "pg_stat_statements.track is none",
          means,
          next: ["ALTER SYSTEM SET pg_stat_statements.track = 'top'", "SELECT pg_reload_conf()"],
        },
      ];
    if (!facts.seesOtherSessions)
      return [
        {
          verdict: "warning",
          found: "other roles' statements are hidden from this role",
          means,
          next: [`GRANT pg_monitor TO ${quoteIdent(facts.user)}`],
        },
      ];
    return [{ verdict: "ok", found: `in schema ${schema}, track = ${track}` }];
  },
};
