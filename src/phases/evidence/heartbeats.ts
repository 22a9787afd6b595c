import { parseContract, type Contract } from "../../contract/index.ts";
import { runningReleases, type PlanRow, type RunningRelease } from "../../ledger/index.ts";
import type { Session } from "../../pg/index.ts";
import type { Going } from "../goes.ts";
import type { Sign } from "./finding.ts";

export interface HeartbeatOptions {
  readonly environment: string;
  /** How long after its last heartbeat an instance counts as running, in ms. */
  readonly ttlMs: number;
}

/** What the instances that register say of the old release. */
export async function oldByHeartbeats(
  session: Session,
  row: PlanRow,
  going: Going,
  { environment, ttlMs }: HeartbeatOptions,
): Promise<Sign> {
  const releases = await runningReleases(session, { environment, ttlMs });
  const alive = releases.filter(({ instances }) => instances > 0);
  if (alive.length === 0)
    return sign("unknown", "no instance has registered (lockstep/runtime) within the limit");
  const old = alive.filter((one) => isOld(one, row, going));
  if (old.length > 0)
    return sign(
      "runs",
      `${list(old)} ${old.length === 1 ? "was" : "were"} seen within ${ttlMs / 1_000} s`,
    );
  const strange = alive.filter(({ contract }) => contract === undefined);
  if (strange.length > 0)
    return sign(
      "unknown",
      `what ${list(strange)} expects is not known: its contract was never stored`,
    );
  if (!row.beatBefore)
    return sign(
      "unknown",
      `${list(alive)} was seen, but no instance had registered when the plan was begun: one of the release of then is not seen by this`,
    );
  return sign(
    "gone",
    `within ${ttlMs / 1_000} s only ${list(alive)} was seen, which needs nothing that goes`,
  );
}

/** What they say of the new one: any that did not run when the plan was begun. */
export async function newByHeartbeats(
  session: Session,
  row: PlanRow,
  { environment, ttlMs }: HeartbeatOptions,
): Promise<Sign> {
  const releases = await runningReleases(session, { environment, ttlMs });
  const alive = releases.filter(({ instances }) => instances > 0);
  const later = alive.filter(({ contractHash }) => !row.before.includes(contractHash));
  if (later.length > 0)
    return sign(
      "runs",
      `${list(later)}, which did not run when the plan was begun, was seen within ${ttlMs / 1_000} s`,
    );
  if (alive.length === 0) return sign("unknown", "no instance has registered (lockstep/runtime)");
  return sign("gone", `only ${list(alive)} was seen, which ran when the plan was begun`);
}

function isOld({ contractHash, contract }: RunningRelease, row: PlanRow, going: Going): boolean {
  if (row.before.includes(contractHash)) return true;
  if (contract === undefined) return false;
  return needs(parseContract(contract, `lockstep.contract ${contractHash.slice(0, 12)}`), going);
}

/** True when a contract names what goes. */
function needs({ tables, views, enums }: Contract, going: Going): boolean {
  const relations = [...tables, ...views];
  return (
    going.tables.some((one) => relations.some((own) => same(own, one))) ||
    going.columns.some(({ table, column }) =>
      relations.some((own) => same(own, table) && own.columns.some(({ name }) => name === column)),
    ) ||
    going.labels.some(({ label }) => enums.some(({ labels }) => labels.includes(label)))
  );
}

function same(
  one: { readonly schema: string; readonly name: string },
  other: { readonly schema: string; readonly name: string },
): boolean {
  return one.schema === other.schema && one.name === other.name;
}

function sign(says: Sign["says"], text: string): Sign {
  return { source: "heartbeats", says, text };
}

function list(releases: readonly RunningRelease[]): string {
  return releases
    .map(
      ({ release, instances }) =>
        `release ${release} (${instances} ${instances === 1 ? "instance" : "instances"})`,
    )
    .join(", ");
}
