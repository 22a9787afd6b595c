import { quoteLiteral } from "../../sql/index.ts";
import { bytes } from "../../pg/index.ts";
import { each, type Diagnosis, type Examination } from "../examination.ts";

interface Slot {
  readonly name: string;
  readonly kind: string;
  readonly active: boolean;
  readonly status: string | null;
  readonly retained: number | null;
  readonly safe: number | null;
  readonly xminAge: number | null;
}

const slotsNow = `
  SELECT slot_name AS name, slot_type AS kind, active, wal_status AS status,
         CASE WHEN pg_catalog.pg_is_in_recovery() THEN NULL
              ELSE pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_insert_lsn(), restart_lsn)::pg_catalog.float8 END AS retained,
         safe_wal_size::pg_catalog.float8 AS safe,
         GREATEST(pg_catalog.age(xmin), pg_catalog.age(catalog_xmin)) AS "xminAge"
    FROM pg_catalog.pg_replication_slots ORDER BY retained DESC NULLS LAST, 1`;

const kept = { warning: 1e9, danger: 10e9 };
const old = 100_000_000;

export const slots: Examination = {
  name: "slots",
  question: "Is every replication slot read?",
  async examine({ database }) {
    const { rows } = await database.query<Slot>(slotsNow);
    if (rows.length === 0) return [{ verdict: "ok", found: "there is none" }];
    return each(rows, diagnose, "slot");
  },
};

function diagnose({ name, kind, active, status, retained, safe, xminAge }: Slot): Diagnosis {
  const keeps = retained === null ? "" : `, keeps ${bytes(retained)} of WAL`;
  const found = `${kind}, ${active ? "active" : "nobody reads it"}${keeps}`;
  const drop = `SELECT pg_drop_replication_slot(${quoteLiteral(name)})`;
  if (status === "lost")
    return {
      verdict: "danger",
      object: name,
      found: "it has lost WAL that its reader needs",
      means: "its standby or consumer cannot go on and has to be made anew",
      next: [drop],
    };
  if (!active && (retained ?? 0) >= kept.warning)
    return {
      verdict: "danger",
      object: name,
      found,
      means:
        "the WAL that a migration writes stays too, until the disk is full and the primary stops",
      next: ["bring its reader back", `or: ${drop}`],
    };
  if (status === "unreserved" || (safe !== null && safe <= 0) || (retained ?? 0) >= kept.danger)
    return {
      verdict: "danger",
      object: name,
      found: `${found}${status === null ? "" : ` (${status})`}`,
      means: "with much more WAL its reader is cut off, or the disk fills",
      next: ["wait until its reader has caught up"],
    };
  if (!active || (xminAge ?? 0) > old)
    return {
      verdict: "warning",
      object: name,
      found:
        (xminAge ?? 0) > old ? `${found}, and rows of the last ${xminAge} transactions` : found,
      means: "WAL and dead catalog rows are kept for a reader that may not come back",
      next: ["bring its reader back", `or: ${drop}`],
    };
  return { verdict: "ok", object: name, found };
}
