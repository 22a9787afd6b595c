import { quoteIdent } from "../../sql/index.ts";
import { count, each, type Examination } from "../examination.ts";

interface Role {
  readonly role: string;
  readonly sessions: number;
  /** As it is kept for the role or the database, NULL when it is not. */
  readonly kept: string | null;
}

/**
 * Of each role that has sessions here, `idle_in_transaction_session_timeout` as it is kept: for the role in this
 * database, for the role, for the database, for all (process_settings, utils/init/postinit.c). What a client sets for
 * itself is not seen.
 */
const roles = `
  WITH kept AS (
    SELECT s.setrole, pg_catalog.substr(c.setting, pg_catalog.strpos(c.setting, '=') + 1) AS value,
           CASE WHEN s.setrole <> 0 THEN 2 ELSE 0 END + CASE WHEN s.setdatabase <> 0 THEN 1 ELSE 0 END AS rank
      FROM pg_catalog.pg_db_role_setting s CROSS JOIN LATERAL pg_catalog.unnest(s.setconfig) AS c(setting)
     WHERE c.setting LIKE 'idle\\_in\\_transaction\\_session\\_timeout=%'
       AND s.setdatabase IN (0, (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())))
  SELECT a.usename AS role, pg_catalog.count(*)::pg_catalog.int4 AS sessions,
         (SELECT value FROM kept WHERE setrole IN (0, a.usesysid) ORDER BY rank DESC LIMIT 1) AS kept
    FROM pg_catalog.pg_stat_activity a
   WHERE a.datname = pg_catalog.current_database() AND a.usesysid IS NOT NULL
     AND a.application_name NOT LIKE 'lockstep/%' AND a.backend_type = 'client backend'
   GROUP BY a.usename, a.usesysid ORDER BY 2 DESC, 1`;

/** The server's own value; undefined when this session began with another one of its role or database. */
async function ofTheServer(
  database: Parameters<Examination["examine"]>[0]["database"],
): Promise<number | undefined> {
  const { rows } = await database.query<{ ms: string; source: string }>(
    `SELECT setting AS ms, source FROM pg_catalog.pg_settings WHERE name = 'idle_in_transaction_session_timeout'`,
  );
  const { ms, source } = rows[0]!;
  return ["default", "configuration file", "command line", "global"].includes(source)
    ? Number(ms)
    : undefined;
}

/** A transaction that somebody forgot keeps its locks until the session ends: this timeout ends it. */
export const timeouts: Examination = {
  name: "timeouts",
  question: "Are sessions ended that sit idle in a transaction?",
  async examine({ database }) {
    const server = await ofTheServer(database);
    const { rows } = await database.query<Role>(roles);
    const without = rows.filter(({ kept }) => (kept === null ? server === 0 : isOff(kept)));
    const unclear = rows.filter(({ kept }) => kept === null && server === undefined);
    if (without.length > 0)
      return each(
        without,
        ({ role, sessions }) => ({
          verdict: "warning",
          object: role,
          found: `idle_in_transaction_session_timeout is 0 for its ${count(sessions, "session")}, unless the client sets it`,
          means:
            "a transaction that is forgotten holds its locks for good: every ALTER TABLE waits behind it, and everybody else behind that",
          next: [`ALTER ROLE ${quoteIdent(role)} SET idle_in_transaction_session_timeout = '60s'`],
        }),
        "role",
      );
    if (unclear.length > 0)
      return [
        {
          verdict: "unknown",
          found: "this session began with a value of its own, which hides the server's",
          means: `whether sessions of ${unclear.map(({ role }) => quoteIdent(role)).join(", ")} are ended is not known`,
          next: ["lockstep doctor, as a role without settings of its own"],
        },
      ];
    if (rows.length > 0)
      return [{ verdict: "ok", found: `set for each role that is connected: ${rows.length}` }];
    if (server === 0)
      return [
        {
          verdict: "note",
          found:
            "idle_in_transaction_session_timeout is 0 on the server; no application is connected",
          means: "a transaction that is forgotten would hold its locks for good",
          next: ["ALTER SYSTEM SET idle_in_transaction_session_timeout = '60s'"],
        },
      ];
    return [
      server === undefined
        ? {
            verdict: "unknown",
            found: "no application is connected, and the server's own value is hidden",
          }
        : { verdict: "ok", found: `${server} ms on the server` },
    ];
  },
};

function isOff(value: string): boolean {
  return /^[-0.\s]+[a-z]*$/.test(value);
}
