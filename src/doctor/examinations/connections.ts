import type { Examination } from "../examination.ts";

interface Row {
  readonly used: number;
  readonly most: number;
  readonly reserved: number;
}

/** A deploy starts new instances while the old ones still hold their connections, and Lockstep needs four. */
const share = { warning: 0.7, danger: 0.9 };

export const connections: Examination = {
  name: "connections",
  question: "Are there connections left for a second set of instances?",
  async examine({ database }) {
    const { rows } = await database.query<Row>(
      `SELECT (SELECT pg_catalog.count(*)::pg_catalog.int4 FROM pg_catalog.pg_stat_activity WHERE backend_type = 'client backend') AS used,
              pg_catalog.current_setting('max_connections')::pg_catalog.int4 AS most,
              pg_catalog.current_setting('superuser_reserved_connections')::pg_catalog.int4
                + coalesce(pg_catalog.current_setting('reserved_connections', true), '0')::pg_catalog.int4 AS reserved`,
    );
    const { used, most, reserved } = rows[0]!;
    const free = most - reserved;
    const found = `${used} of ${free} in use (max_connections ${most}, ${reserved} reserved)`;
    if (used < free * share.warning) return [{ verdict: "ok", found }];
    return [
      {
        verdict: used >= free * share.danger ? "danger" : "warning",
        found,
        means:
          "a deploy starts new instances while old ones still run: they would be refused (53300)",
        next: [
          "smaller pools in the application, or a pooler for it (with a direct URL for Lockstep)",
        ],
      },
    ];
  },
};
