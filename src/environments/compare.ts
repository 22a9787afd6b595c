import type { EnvironmentState, MigrationState, Reached } from "./state.ts";

/** Something that a person should look at, across environments. */
export interface EnvironmentFinding {
  readonly kind:
    | "unreachable"
    | "not-carried-on"
    | "never-migrated"
    | "order-differs"
    | "failed"
    | "edited"
    | "unknown"
    | "drifted"
    | "old-status";
  readonly environment: string;
  /** One sentence, with names and times. */
  readonly what: string;
  readonly why: string | undefined;
  readonly next: string;
  /** Ids of the migrations that it is about. */
  readonly migrations: readonly string[];
}

export interface CompareOptions {
  readonly now: Date;
  /** After so many days in one environment a migration that is pending in another is a finding. */
  readonly lagDays: number;
}

type Known = EnvironmentState & { readonly reached: Reached };

const dayMs = 86_400_000;

/**
 * What is wrong between environments, and in each: those that could not be asked first. A migration that is pending
 * everywhere, or that has come to one environment just now, is nobody's fault.
 */
export function compareEnvironments(
  states: readonly EnvironmentState[],
  { now, lagDays }: CompareOptions,
): readonly EnvironmentFinding[] {
  const known = states.filter((state): state is Known => state.reached !== undefined);
  return [
    ...states.flatMap(unreachable),
    ...known.flatMap((state) => neverMigrated(state, known)),
    ...known.flatMap((state) => notCarriedOn(state, known, now, lagDays)),
    ...orderDiffers(known),
    ...known.flatMap(unhealthy),
    ...known.flatMap((state) => oldStatus(state, now)),
  ];
}

function unreachable({ name, unreachable: why, from }: EnvironmentState): EnvironmentFinding[] {
  if (why === undefined) return [];
  const what = `${name} could not be asked: ${why}`;
  const next = `give this job a read-only URL, or the file that \`lockstep status --env ${name} --json\` wrote there (environments.${name}.statusFile)`;
  return [finding("unreachable", name, what, `from ${from}`, next)];
}

function neverMigrated({ name, reached }: Known, all: readonly Known[]): EnvironmentFinding[] {
  if (reached.migrations.some(isThere)) return [];
  const others = all.filter((other) => other.reached.migrations.some(isThere));
  if (others.length === 0) return [];
  return [
    finding(
      "never-migrated",
      name,
      `no migration was ever recorded in ${name}; ${others.map((other) => other.name).join(" and ")} ${others.length === 1 ? "has" : "have"} them`,
      "its pipeline has never run the schema step, or the schema was made by hand",
      `lockstep check tells whether a pipeline migrates ${name}; lockstep migrate --env ${name} applies them`,
    ),
  ];
}

/** For each environment that has had a migration for long, those that this one lacks. */
function notCarriedOn(
  { name, reached }: Known,
  all: readonly Known[],
  now: Date,
  lagDays: number,
): EnvironmentFinding[] {
  if (!reached.migrations.some(isThere)) return [];
  const lacking = new Set(
    reached.migrations.filter(({ state }) => state === "pending").map(({ id }) => id),
  );
  const since = new Map<string, { readonly where: string; readonly at: Date }>();
  for (const other of all)
    for (const { id, appliedAt, state } of other.reached.migrations) {
      if (!lacking.has(id) || appliedAt === undefined || !isThere({ state })) continue;
      const first = since.get(id);
      if (first === undefined || appliedAt < first.at)
        since.set(id, { where: other.name, at: appliedAt });
    }
  const long = [...since].filter(([, { at }]) => now.getTime() - at.getTime() >= lagDays * dayMs);
  return [...new Set(long.map(([, { where }]) => where))].map((where) => {
    const own = long.filter(([, first]) => first.where === where);
    const oldest = Math.min(...own.map(([, { at }]) => at.getTime()));
    const days = Math.floor((now.getTime() - oldest) / dayMs);
    const migrations = own.map(([id]) => id);
    const [has, is] = migrations.length === 1 ? ["has", "is"] : ["have", "are"];
    return {
      ...finding(
        "not-carried-on",
        name,
        `${namesOf(migrations)} ${has} been in ${where} for ${count(days, "day")}, and ${is} not in ${name}`,
        `no deploy to ${name} since, or one that skipped its schema step`,
        `lockstep migrate --env ${name}, or take the migration out`,
      ),
      migrations,
    };
  });
}

/** The first two migrations that two environments got in another order. */
function orderDiffers(all: readonly Known[]): EnvironmentFinding[] {
  const orders = all.map((state) => ({ name: state.name, order: orderOf(state.reached) }));
  return orders.flatMap((one, index) =>
    orders.slice(index + 1).flatMap((other) => {
      const pair = firstInversion(one.order, other.order);
      if (pair === undefined) return [];
      const [first, second] = pair;
      return [
        {
          ...finding(
            "order-differs",
            other.name,
            `${one.name} got ${first} before ${second}, ${other.name} the other way round`,
            "branches were merged in another order than they were deployed: what the second relied on may differ",
            `lockstep status --env ${other.name} compares its catalog with what the migrations make`,
          ),
          migrations: pair,
        },
      ];
    }),
  );
}

/** Ids by the moment at which they were applied, those of one moment together. */
function orderOf({ migrations }: Reached): ReadonlyMap<string, number> {
  return new Map(
    migrations.flatMap(({ id, appliedAt }) =>
      appliedAt === undefined ? [] : [[id, appliedAt.getTime()] as const],
    ),
  );
}

function firstInversion(
  one: ReadonlyMap<string, number>,
  other: ReadonlyMap<string, number>,
): readonly [string, string] | undefined {
  const common = [...one].filter(([id]) => other.has(id)).toSorted(([, a], [, b]) => a - b);
  for (const [first, at] of common)
    for (const [second, later] of common)
      if (at < later && other.get(second)! < other.get(first)!) return [first, second];
  return undefined;
}

function unhealthy({ name, reached }: Known): EnvironmentFinding[] {
  const look = `lockstep status --env ${name}`;
  const findings: EnvironmentFinding[] = [];
  const add = (
    kind: EnvironmentFinding["kind"],
    states: readonly MigrationState["state"][],
    what: (names: string) => string,
    next: string,
  ) => {
    const own = reached.migrations.filter(({ state }) => states.includes(state));
    const migrations = own.map(({ id }) => id);
    if (migrations.length > 0)
      findings.push({
        ...finding(kind, name, what(namesOf(migrations)), undefined, next),
        migrations,
      });
  };
  add(
    "failed",
    ["failed", "partly-applied"],
    (names) => `${names} did not come to an end in ${name}`,
    `${look} says how far; lockstep migrate --env ${name} goes on`,
  );
  add(
    "edited",
    ["edited"],
    (names) => `changed since ${name} got it: ${names}`,
    `${look}; bring back the file as it was applied, and write what is new into a migration of its own`,
  );
  add(
    "unknown",
    ["unknown"],
    (names) => `${name} has what this checkout has no file of: ${names}`,
    `${look}; compare with the release that runs there`,
  );
  if (reached.drift !== undefined && reached.drift > 0)
    findings.push(
      finding(
        "drifted",
        name,
        `${count(reached.drift, "object")} changed by hand in ${name}`,
        undefined,
        `${look} names them`,
      ),
    );
  return findings;
}

/** An exported status tells of its own day. */
function oldStatus({ name, from, reached }: Known, now: Date): EnvironmentFinding[] {
  const days = Math.floor((now.getTime() - reached.takenAt.getTime()) / dayMs);
  if (days < 1) return [];
  return [
    finding(
      "old-status",
      name,
      `what is known of ${name} is ${count(days, "day")} old`,
      `${from} was written then`,
      `let the job that reaches it run: lockstep status --env ${name} --json`,
    ),
  ];
}

function isThere({ state }: Pick<MigrationState, "state">): boolean {
  return state === "applied" || state === "edited" || state === "unknown";
}

function namesOf(ids: readonly string[]): string {
  const shown = ids.slice(0, 3).join(", ");
  return ids.length > 3 ? `${shown} and ${ids.length - 3} more` : shown;
}

function count(number: number, thing: string): string {
  return `${number} ${thing}${number === 1 ? "" : "s"}`;
}

function finding(
  kind: EnvironmentFinding["kind"],
  environment: string,
  what: string,
  why: string | undefined,
  next: string,
): EnvironmentFinding {
  return { kind, environment, what, why, next, migrations: [] };
}
