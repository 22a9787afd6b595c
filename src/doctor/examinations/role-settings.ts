import { quoteIdent } from "../../sql/index.ts";
import { each, type Examination } from "../examination.ts";

interface Row {
  readonly role: string | null;
  readonly database: string | null;
  readonly name: string;
  readonly value: string;
  readonly mine: boolean;
}

/** What a setting that is kept for a role or database does to changes of the schema. */
const meanings: Readonly<Record<string, string>> = {
  search_path:
    "names without a schema mean something else in this role's migrations than in others'",
  session_replication_role: "triggers and foreign keys do not fire: rows that break them come in",
  default_transaction_read_only: "nothing can be written",
  default_transaction_isolation:
    "statements of a long transaction see its beginning, and may fail with 40001",
  row_security: "queries that row security would filter fail instead",
  check_function_bodies: "a function that does not fit its tables is found out when it is called",
  transform_null_equals: "x = NULL is read as x IS NULL",
  synchronous_commit: "what was committed may be gone after a crash, or on a standby",
  role: "objects are made by, and belong to, another role than the one that logs in",
};

const kept = `
  SELECT r.rolname AS role, d.datname AS database, pg_catalog.split_part(c.setting, '=', 1) AS name,
         pg_catalog.substr(c.setting, pg_catalog.strpos(c.setting, '=') + 1) AS value,
         coalesce(r.rolname = current_user, true) AS mine
    FROM pg_catalog.pg_db_role_setting s
    LEFT JOIN pg_catalog.pg_roles r ON r.oid = s.setrole
    LEFT JOIN pg_catalog.pg_database d ON d.oid = s.setdatabase
   CROSS JOIN LATERAL pg_catalog.unnest(s.setconfig) AS c(setting)
   WHERE s.setdatabase = 0 OR d.datname = pg_catalog.current_database()
   ORDER BY mine DESC, 1 NULLS FIRST, 3`;

export const roleSettings: Examination = {
  name: "role-settings",
  question: "Are no settings kept for roles or the database that change what a migration means?",
  async examine({ database }) {
    const { rows } = await database.query<Row>(kept);
    const telling = rows.filter(
      ({ name, value }) => meanings[name] !== undefined && !isUsual(name, value),
    );
    if (telling.length === 0)
      return [
        {
          verdict: "ok",
          found:
            rows.length === 0
              ? "none is kept"
              : `${rows.length} kept, none of them of this kind (timeouts have a line of their own)`,
        },
      ];
    return each(
      telling,
      ({ role, database: where, name, value, mine }) => {
        const whose = `${role ?? "every role"}${where === null ? "" : ` in ${where}`}`;
        const dangerous =
          mine && ["session_replication_role", "default_transaction_read_only"].includes(name);
        return {
          verdict: dangerous ? "danger" : mine ? "warning" : "note",
          object: whose,
          found: `${name} = ${value}`,
          means: meanings[name],
          next: [resetOf({ role, database: where, name })],
        };
      },
      "setting",
    );
  },
};

/** Values that are the server's own default anyway. */
function isUsual(name: string, value: string): boolean {
  const usual: Readonly<Record<string, string>> = {
    search_path: '"$user", public',
    session_replication_role: "origin",
    default_transaction_read_only: "off",
    default_transaction_isolation: "read committed",
    row_security: "on",
    check_function_bodies: "on",
    transform_null_equals: "off",
    synchronous_commit: "on",
  };
  const own = usual[name];
  if (own === "on" || own === "off") return own === (isOn(value) ? "on" : "off");
  return own === value.toLowerCase();
}

/** Kept as it was written: `true`, `ON`, `1`, or a beginning of these (parse_bool_with_len, utils/adt/bool.c). */
function isOn(value: string): boolean {
  return /^(?:t|tr|tru|true|y|ye|yes|on|1)$/i.test(value);
}

function resetOf({ role, database, name }: Pick<Row, "role" | "database" | "name">): string {
  if (role === null) return `ALTER DATABASE ${quoteIdent(database!)} RESET ${name}`;
  const where = database === null ? "" : ` IN DATABASE ${quoteIdent(database)}`;
  return `ALTER ROLE ${quoteIdent(role)}${where} RESET ${name}`;
}
