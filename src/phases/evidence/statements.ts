import { setTimeout as sleep } from "node:timers/promises";
import { maskLiterals, quoteIdent } from "../../sql/index.ts";
import type { Session } from "../../pg/index.ts";
import type { Going } from "../goes.ts";
import type { Sign } from "./finding.ts";
import { namesWhatGoes, takesAllColumns } from "./names-in.ts";

/** What the sessions that are open have sent last. A session that lives is no proof that others are gone. */
export async function sessionsSay(session: Session, going: Going): Promise<Sign> {
  const { rows } = await session.query<{ pid: number; who: string; query: string }>(
    `SELECT pid, pg_catalog.concat_ws(', ', usename, nullif(application_name, '')) AS who, query
       FROM pg_catalog.pg_stat_activity
      WHERE datname = pg_catalog.current_database() AND backend_type = 'client backend'
        AND pid <> pg_catalog.pg_backend_pid() AND application_name NOT LIKE 'lockstep/%' AND query <> ''`,
  );
  const says = (kind: Sign["says"], text: string): Sign => ({
    source: "sessions",
    says: kind,
    text,
  });
  for (const { pid, who, query } of rows)
    if (await namesWhatGoes(query, going))
      return says("runs", `session ${pid} (${who}) has sent: ${await shown(query)}`);
  const hidden = rows.filter(({ query }) => query === "<insufficient privilege>").length;
  if (hidden > 0)
    return says(
      "unknown",
      `what ${hidden} sessions send may not be seen by this role (pg_read_all_stats)`,
    );
  return says(
    "unknown",
    `none of ${rows.length} open sessions has sent a statement that names what goes as its last`,
  );
}

/** What was sent in a stretch of time, by pg_stat_statements. */
export async function statementsSay(
  session: Session,
  going: Going,
  { quietMs, signal }: { readonly quietMs: number; readonly signal?: AbortSignal | undefined },
): Promise<Sign> {
  const says = (kind: Sign["says"], text: string): Sign => ({
    source: "statements",
    says: kind,
    text,
  });
  if (going.tables.length + going.columns.length === 0 || going.labels.length > 0)
    return says("unknown", "no statement can tell: both releases use the same names, or labels go");
  const schema = await extensionSchema(session);
  if (schema === undefined) return says("unknown", "pg_stat_statements is not installed");
  try {
    const untracked = await untrackedRoles(session);
    if (untracked !== undefined)
      return says("unknown", `pg_stat_statements.track is none ${untracked}`);
    const before = await readCalls(session, schema, going);
    await sleep(quietMs, undefined, signal === undefined ? {} : { signal });
    const after = await readCalls(session, schema, going);
    if (before.kept !== after.kept)
      return says("unknown", "pg_stat_statements was reset, or had no room, while it was watched");
    if (after.hidden > 0)
      return says(
        "unknown",
        `the text of ${after.hidden} statements may not be seen by this role (pg_read_all_stats)`,
      );
    const sent = [...after.calls]
      .map(([id, one]) => ({ ...one, calls: one.calls - (before.calls.get(id)?.calls ?? 0) }))
      .filter(({ calls }) => calls > 0);
    const one = sent.find(({ isNamed }) => isNamed) ?? sent[0];
    if (one !== undefined) {
      const text = `${one.calls} times within ${seconds(quietMs)}: ${await shown(one.query)}`;
      return one.isNamed
        ? says("runs", text)
        : says("unknown", `${text}; it takes all columns, those that go among them`);
    }
    return says(
      "gone",
      `no statement named what goes within ${seconds(quietMs)}, by pg_stat_statements`,
    );
  } catch (error) {
    if ((error as Error).name === "AbortError") throw error;
    return says("unknown", `pg_stat_statements cannot be read: ${(error as Error).message}`);
  }
}

async function extensionSchema(session: Session): Promise<string | undefined> {
  const { rows } = await session.query<{ schema: string }>(
    `SELECT n.nspname AS schema FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace
      WHERE e.extname = 'pg_stat_statements'`,
  );
  return rows[0]?.schema;
}

/** For whom nothing is counted; undefined when every session is. */
async function untrackedRoles(session: Session): Promise<string | undefined> {
  const { rows } = await session.query<{ whose: string }>(
    `SELECT 'in this session' AS whose WHERE pg_catalog.current_setting('pg_stat_statements.track', true) IS NOT DISTINCT FROM 'none'
     UNION ALL SELECT pg_catalog.format('for role %s', coalesce(nullif(s.setrole, 0)::pg_catalog.regrole::text, 'any'))
       FROM pg_catalog.pg_db_role_setting s LEFT JOIN pg_catalog.pg_database d ON d.oid = s.setdatabase
      WHERE (s.setdatabase = 0 OR d.datname = pg_catalog.current_database()) AND 'pg_stat_statements.track=none' = ANY (s.setconfig)`,
  );
  return rows[0]?.whose;
}

interface Calls {
  /** Changes when counts were thrown away. */
  readonly kept: string;
  readonly calls: ReadonlyMap<string, Call>;
  readonly hidden: number;
}

interface Call {
  readonly calls: number;
  readonly query: string;
  /** Whether it names what goes; else it takes all columns. */
  readonly isNamed: boolean;
}

async function readCalls(session: Session, schema: string, going: Going): Promise<Calls> {
  const from = quoteIdent(schema);
  const { rows: info } = await session.query<{ kept: string }>(
    `SELECT pg_catalog.format('%s %s', dealloc, stats_reset) AS kept FROM ${from}.pg_stat_statements_info`,
  );
  const { rows } = await session.query<{ id: string; calls: string; query: string | null }>(
    `SELECT pg_catalog.format('%s %s %s', userid, queryid, toplevel) AS id, calls, query FROM ${from}.pg_stat_statements
      WHERE dbid = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())`,
  );
  const calls = new Map<string, Call>();
  let hidden = 0;
  for (const { id, calls: count, query } of rows)
    if (query === null || query === "<insufficient privilege>") hidden++;
    else {
      const isNamed = await namesWhatGoes(query, going);
      if (isNamed || (await takesAllColumns(query, going)))
        calls.set(id, { calls: Number(count), query, isNamed });
    }
  return { kept: info[0]!.kept, calls, hidden };
}

async function shown(query: string): Promise<string> {
  const masked = await maskLiterals(query);
  const line = masked.replaceAll(/\s+/g, " ").trim();
  return line.length > 160 ? `${line.slice(0, 159)}…` : line;
}

function seconds(ms: number): string {
  return `${Math.round(ms / 100) / 10} s`;
}
