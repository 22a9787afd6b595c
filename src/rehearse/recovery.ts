import type { Sizes } from "../effects/index.ts";
import { cutUnits } from "../runner/index.ts";
import type { Migration } from "../tools/index.ts";
import { estimate, sumOf, usualMultiplier } from "./estimate.ts";
import type {
  Estimate,
  RecoveryTime,
  RehearsedBack,
  RehearsedRecovery,
  RehearsedStatement,
} from "./model.ts";
import type { RecoveryRequest } from "./request.ts";

export interface RecoveryGround {
  readonly request: RecoveryRequest;
  readonly statistics: Sizes;
  /** How long the clones took to be restored, smallest first; or why that is not known. */
  readonly restores: RestoresTimed;
  readonly pending: readonly Migration[];
  readonly statements: readonly RehearsedStatement[];
  readonly back: RehearsedBack | undefined;
}

export interface RestoresTimed {
  readonly runs: readonly { readonly scale: number; readonly ms: number }[];
  readonly notKnown: string | undefined;
}

/** How long each way out of trouble takes, as far as anything that was measured tells. */
export async function recoveryOf(ground: RecoveryGround): Promise<RehearsedRecovery> {
  const { by } = ground.request;
  return {
    restore: { by, runs: ground.restores.runs, ...restoreOf(ground) },
    rerun: await rerunOf(ground),
    back: backTime(ground.back),
  };
}

/** From a dump of the database that was restored once, else from those of the clones. */
function restoreOf({ request, statistics, restores }: RecoveryGround): RecoveryTime {
  const { by, restored, jobs } = request;
  if (by === "restore-point")
    return unknown(
      "the whole server is brought back from its base backup and the WAL since: nothing of it was measured",
    );
  if (by !== "dump")
    return unknown(
      `what ${by} makes is restored by the provider's or your own means, which were not measured`,
    );
  const times = restored && timesOf(restored, statistics);
  if (restored !== undefined && times !== undefined)
    return {
      estimate: ranged(restored.ms * times, [
        `${restored.name} was restored onto scratch in ${seconds(restored.ms)} on ${restored.at.slice(0, 10)}, by ${restored.jobs} connections`,
        ...(times > 1.05 || times < 0.95
          ? [`its tables have ${times.toFixed(2)} × the bytes now`]
          : []),
        `another server, other disks: ${usualMultiplier} × in either direction`,
      ]),
      notKnown: undefined,
    };
  if (restores.notKnown !== undefined) return unknown(restores.notKnown);
  const made = estimate({
    measured: restores.runs,
    bareMs: undefined,
    work: [],
    underLoad: undefined,
    calibration: undefined,
  });
  if (made === undefined)
    return unknown("it takes the clones of two scales, or one of full size, to tell what grows");
  const reasons = [
    `the clones were dumped and restored by ${jobs} connections, rows and indexes and constraints`,
    ...made.reasons,
    "lockstep snapshot verify restores a real dump, and its time is taken from then on",
  ];
  return { estimate: { ...made, reasons }, notKnown: undefined };
}

/** What a dump that is so many times smaller or larger took says nothing of the database: it may be another one's. */
const far = 4;

/** How many times the bytes of a restored dump the same tables have now; undefined where it does not fit the database. */
export function timesOf(
  { tables }: NonNullable<RecoveryRequest["restored"]>,
  { relations }: Sizes,
): number | undefined {
  const names = Object.keys(tables);
  const then = names.reduce((sum, one) => sum + tables[one]!, 0);
  const now = names.reduce((sum, one) => sum + (relations[one]?.totalBytes ?? 0), 0);
  const times = now / then;
  return times <= far && times >= 1 / far ? times : undefined;
}

/** After a crash the same command goes on: at most the unit that ran is done again. */
async function rerunOf({
  pending,
  statements,
}: RecoveryGround): Promise<RehearsedRecovery["rerun"]> {
  const units: { readonly at: string; readonly statements: readonly RehearsedStatement[] }[] = [];
  for (const migration of pending) {
    const own = statements.filter((one) => one.migration === migration.id);
    const cut = migration.sql === "" ? [] : await cutUnits(migration);
    const inFile = own.filter(({ file }) => file === migration.file);
    for (const unit of cut) {
      const lines = unit.statements.map(({ line }) => line);
      const inUnit = inFile.filter(({ line }) => lines.includes(line));
      if (inUnit.length > 0) units.push({ at: placeOf(inUnit), statements: inUnit });
    }
    // Steps of a plan: each is recorded by itself.
    for (const one of own)
      if (one.file !== migration.file) units.push({ at: placeOf([one]), statements: [one] });
  }
  const timed = units.flatMap(({ at, statements: all }) => {
    const estimates = all.flatMap((one) => one.estimate ?? []);
    return estimates.length < all.length ? [] : [{ at, whole: sumOf(estimates) }];
  });
  const worst = timed.toSorted((a, b) => a.whole.mostMs - b.whole.mostMs).at(-1);
  if (worst === undefined || timed.length < units.length)
    return {
      units: units.length,
      at: null,
      ...unknown("not every statement has an estimate"),
    };
  return {
    units: units.length,
    at: worst.at,
    estimate: {
      ...worst.whole,
      leastMs: 0,
      reasons: [
        `at most one unit is done again, of ${units.length}; ${worst.at} takes longest`,
        "nothing when it stops between two of them; a backfill goes on after its last batch",
      ],
    },
    notKnown: undefined,
  };
}

/** `0002.sql:3`, `0002.sql:3–9`. */
function placeOf(statements: readonly RehearsedStatement[]): string {
  const lines = statements.map(({ line }) => line);
  const [first, last] = [Math.min(...lines), Math.max(...lines)];
  return `${statements[0]!.file}:${first}${first === last ? "" : `–${last}`}`;
}

/** All migrations taken back, one after the other. */
function backTime(back: RehearsedBack | undefined): RecoveryTime {
  if (back === undefined) return unknown("the way back was not rehearsed");
  const without = back.ways.find(({ by }) => by === null);
  if (without !== undefined)
    return unknown(without.refused ?? `${without.migration} has no way back`);
  const astray = back.ways.find(({ differences }) => differences.length > 0);
  if (astray !== undefined)
    return unknown(`the way back of ${astray.migration} does not lead back`);
  const estimates = back.ways.flatMap((way) => way.estimate ?? []);
  if (estimates.length < back.ways.length) return unknown("not every way back has an estimate");
  const reasons = [
    `${back.ways.length === 1 ? "the migration" : `all ${back.ways.length} migrations`} taken back as rehearsed, up to the contract phase of plans`,
    ...new Set(estimates.flatMap((one) => one.reasons)),
  ];
  return { estimate: { ...sumOf(estimates), reasons }, notKnown: undefined };
}

function unknown(notKnown: string): RecoveryTime {
  return { estimate: undefined, notKnown };
}

function ranged(likelyMs: number, reasons: readonly string[]): Estimate {
  return {
    leastMs: likelyMs / usualMultiplier,
    likelyMs,
    mostMs: likelyMs * usualMultiplier,
    multiplier: usualMultiplier,
    fixedMs: 0,
    growingMs: likelyMs,
    reasons,
  };
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}
