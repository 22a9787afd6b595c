import type { Drift, DriftUnknown } from "../deploy/index.ts";
import type {
  PlanPhase,
  PlanRow,
  RunningRelease,
  RunRecord,
  VerifiedDeploy,
} from "../ledger/index.ts";
import type { ParkedRows } from "../phases/index.ts";
import type { FolderStatus, MigrationStatus } from "../runner/index.ts";
import { renderDrift } from "./drift.ts";
import { renderLive, type LiveReport } from "./live.ts";
import { endedSilently, renderLost } from "./lost-run.ts";
import { count, moment, slot, table, type Style } from "./style.ts";

/** A release with instances that beat, or the last verified one when none has registered. */
export type ReportedRelease = Omit<RunningRelease, "contract"> & {
  /** Whether it is known here what it expects. */
  readonly contractKnown: boolean;
};

/** What `lockstep status` knows of one environment. */
export interface StatusReport {
  readonly version: 1;
  /** The server's moment at which it was asked. */
  readonly takenAt: Date;
  readonly environment: string;
  readonly target: string;
  /** Undefined when no folder of migrations is named. */
  readonly folder: FolderStatus | undefined;
  readonly lastVerified: VerifiedDeploy | undefined;
  readonly running: readonly ReportedRelease[];
  /** Plans that were begun and are neither finished nor taken back. */
  readonly plans: readonly PlanRow[];
  /** Rows of their tables that hold a value which has no form for the new release, by table. */
  readonly parked: readonly Pick<ParkedRows, "plan" | "table" | "rows">[];
  /** Runs that are under way, and who waits for whom. */
  readonly live: LiveReport;
  /** The newest runs, newest first. */
  readonly runs: readonly RunRecord[];
  /** Objects changed by hand; undefined when it was not looked for. */
  readonly drift: readonly Drift[] | DriftUnknown | undefined;
}

/** True when something needs a person: failed, edited, unknown, drifted, or a run that was killed. Pending work does not. */
export function needsAttention({ folder, drift, live }: StatusReport): boolean {
  const calm = new Set<MigrationStatus["state"]>(["applied", "pending"]);
  const isDrifted = drift !== undefined && !("reason" in drift) && drift.length > 0;
  const isAsked = ({ state, unlisted, goingBack }: MigrationStatus) =>
    !calm.has(state) || unlisted === true || goingBack !== undefined;
  return (folder?.migrations ?? []).some(isAsked) || isDrifted || live.lost.length > 0;
}

/** @param target options that name the database, for the commands that are shown */
export function renderStatus(report: StatusReport, style: Style, target: string): string {
  const { colors } = style;
  const { folder, drift, live } = report;
  const where = folder === undefined ? "" : `  ${folder.tool} ${folder.path}`;
  const blocks = [`${colors.bold(report.environment)}  ${colors.dim(report.target + where)}`];
  if (live.runs.length > 0 || live.waiting.length > 0)
    blocks.push(renderLive(live, report.takenAt, style, target));
  if (folder !== undefined) {
    blocks.push(migrationTable(folder.migrations, style));
    for (const one of folder.migrations)
      if (one.goingBack !== undefined) blocks.push(renderGoingBack(one, one.goingBack, style));
      else if (one.failure !== undefined) blocks.push(renderFailure(one, one.failure, style));
      else if (one.unfinished !== undefined)
        blocks.push(renderUnfinished(one, one.unfinished, folder.tool, style));
      else if (one.unlisted === true) blocks.push(renderUnlisted(one, folder.tool, style));
    const { holder, held, run: heldBy } = folder.lease ?? {};
    if (holder !== undefined && live.runs.length === 0)
      if (held === true) blocks.push(colors.yellow(`running now: ${holder}`));
      else if (!live.lost.some((one) => one.run === heldBy))
        blocks.push(endedSilently(holder, style));
  }
  blocks.push(...live.lost.map((one) => renderLost(one, style)));
  if (report.plans.length > 0) blocks.push(planLines(report, style).join("\n"));
  if (drift !== undefined) blocks.push(renderDrift(drift, style));
  blocks.push([...releaseLines(report, style), ...runLines(report, style)].join("\n"));
  return blocks.join("\n\n");
}

function planLines({ plans, parked }: StatusReport, style: Style): string[] {
  return plans.flatMap((plan) => [
    planLine(plan),
    ...parked
      .filter((one) => one.plan === plan.id)
      .map(({ table: name, rows }) =>
        slot(
          style,
          "",
          style.colors.yellow(
            `${count(rows, "row")} of ${name} ${rows === 1 ? "holds" : "hold"} a parked value: lockstep backfill status names them; the contract phase waits for them`,
          ),
          0,
        ),
      ),
  ]);
}

function planLine({ id, migration, phase, since }: PlanRow): string {
  return `plan ${id} of ${migration} is in flight: ${planWords[phase]}, since ${moment(since)}`;
}

const planWords: Readonly<Record<PlanPhase, string>> = {
  expand: "its expand phase was begun (lockstep migrate goes on)",
  backfill: "rows are to be filled (lockstep migrate goes on; lockstep backfill status)",
  ready: "both releases can run; its contract phase waits for the end of the old one",
  contract: "its contract phase was begun (lockstep migrate --phase contract goes on)",
  finished: "finished",
  abort: "it is being taken back (lockstep rollback goes on)",
  aborted: "taken back",
};

function renderFailure(
  { id }: MigrationStatus,
  failure: NonNullable<MigrationStatus["failure"]>,
  style: Style,
): string {
  const { line, sql, message, sqlstate, remained } = failure;
  return [
    style.colors.red(`${id} failed at line ${line}`),
    slot(style, "sql", sql),
    slot(style, "error", `${message}${sqlstate === undefined ? "" : ` (${sqlstate})`}`),
    slot(style, "remained", remained),
    slot(style, "next", "lockstep migrate goes on there; lockstep resolve settles it by hand"),
  ].join("\n");
}

function renderGoingBack(
  { id }: MigrationStatus,
  units: NonNullable<MigrationStatus["goingBack"]>,
  style: Style,
): string {
  return [
    style.colors.red(`${id} is taken back in part: a rollback has not come to its end`),
    ...units.map(({ line, state }) =>
      slot(
        style,
        state === "done" ? "done" : "begun",
        `what begins at line ${line} of its way back${state === "done" ? "" : ": whether it is done is not known"}`,
      ),
    ),
    slot(style, "next", `lockstep rollback ${id}, which goes on where it stopped`),
  ].join("\n");
}

function renderUnfinished(
  { id }: MigrationStatus,
  { found, effect, reason }: NonNullable<MigrationStatus["unfinished"]>,
  tool: string,
  style: Style,
): string {
  return [
    style.colors.red(`${id} was begun by ${tool} and not brought to its end`),
    slot(style, "found", found),
    ...(reason === undefined ? [] : [slot(style, "error", reason)]),
    slot(style, "why", effect),
    slot(style, "next", `lockstep resolve ${id} --as rolled-back, or --as applied`),
  ].join("\n");
}

function renderUnlisted({ id }: MigrationStatus, tool: string, style: Style): string {
  return [
    style.colors.red(`${id} is applied by Lockstep's ledger, and that of ${tool} has no row of it`),
    slot(
      style,
      "why",
      `${tool}'s own command has taken it back, or somebody deleted the row: ${tool} would run it again`,
    ),
    slot(
      style,
      "next",
      `lockstep resolve ${id} --as rolled-back, or --as applied: the catalog is asked whether it is so`,
    ),
  ].join("\n");
}

function releaseLines({ running, lastVerified }: StatusReport, { colors }: Style): string[] {
  const lines = running.filter(({ instances }) => instances > 0).map(describeRelease);
  if (lastVerified === undefined) lines.push(colors.dim("no deploy has been verified here yet"));
  else {
    const { release, verifiedAt, actor } = lastVerified;
    const by = actor === undefined ? "" : `, by ${actor}`;
    lines.push(`last verified success: release ${release}, ${moment(verifiedAt)}${by}`);
  }
  return lines;
}

function describeRelease({ release, instances, contractKnown }: ReportedRelease): string {
  const unknown = contractKnown ? "" : ", what it expects is not known here";
  return `running: release ${release}, ${count(instances, "instance")}${unknown}`;
}

function runLines({ runs, live, folder }: StatusReport, style: Style): string[] {
  if (runs.length === 0) return [];
  const { colors } = style;
  const lease = folder?.lease;
  const alive = new Set(live.runs.map(({ run }) => run));
  if (lease?.held === true && lease.run !== undefined) alive.add(lease.run);
  const paints: Record<RunRecord["outcome"], (text: string) => string> = {
    succeeded: colors.green,
    running: colors.cyan,
    failed: colors.red,
    stopped: colors.yellow,
    lost: colors.yellow,
  };
  const rows = runs.map(({ id, startedAt, command, outcome, release }) => [
    `  ${moment(startedAt)}`,
    // The next run notes that one is lost; until then the ledger only lacks its end.
    outcome === "running" && !alive.has(id) ? "not ended" : outcome,
    [command, ...(release === undefined ? [] : [`release ${release}`])].join(" "),
  ]);
  const drawn = table(rows, (cell, row, column) =>
    column === 1 ? paints[runs[row]!.outcome](cell) : cell,
  ).split("\n");
  return [
    "last runs",
    ...drawn.flatMap((line, index) => {
      const { error } = runs[index]!;
      return error === undefined
        ? [line]
        : [line, slot(style, "", `${error.code}: ${error.what}`, 0)];
    }),
  ];
}

/** So many applied migrations are listed one by one; what is older is only counted. */
const listed = 10;

function migrationTable(migrations: readonly MigrationStatus[], style: Style): string {
  const { colors } = style;
  const paints: Record<MigrationStatus["state"], (text: string) => string> = {
    applied: colors.green,
    pending: colors.cyan,
    edited: colors.yellow,
    unknown: colors.yellow,
    failed: colors.red,
    "partly-applied": colors.red,
  };
  const applied = migrations.filter(({ state }) => state === "applied");
  const older = new Set(applied.length > listed + 2 ? applied.slice(0, -listed) : []);
  const shown = migrations.filter((one) => !older.has(one));
  const drawn = table(
    shown.map((one) => [`  ${one.state}`, one.id, detail(one)]),
    (cell, row, column) => (column === 0 ? paints[shown[row]!.state](cell) : cell),
  );
  if (older.size === 0) return drawn;
  return `${colors.dim(`  ${older.size} older ones are applied`)}\n${drawn}`;
}

function detail(one: MigrationStatus): string {
  const { state, how, appliedAt, unitsDone, reason, file, unfinished } = one;
  const when = appliedAt === undefined ? "" : moment(appliedAt);
  const by =
    how === undefined || how === "applied"
      ? ""
      : ` (${how}${reason === undefined ? "" : `: ${reason}`})`;
  if (state === "edited") return `${when}${by}; ${file} was changed since`;
  if (state === "unknown") return `${when}${by}; the folder has no such migration`;
  if (unfinished !== undefined) return "how much of it is applied is not known";
  if (state === "partly-applied" || state === "failed")
    return unitsDone > 0 ? `${count(unitsDone, "unit")} of it applied` : "nothing of it applied";
  return `${when}${by}`;
}
