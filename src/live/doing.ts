import type { EventBody, EventReason, EventType } from "../events/index.ts";

/** What a run does now, as its events tell it. Times are ISO times of the server's clock; a finished part is left out. */
export interface Doing {
  /** Migrations that it has applied so far. */
  readonly applied: readonly string[];
  readonly stage?: { readonly name: string; readonly detail: string; readonly since: string };
  readonly phase?: { readonly plan: string; readonly phase: string; readonly since: string };
  readonly migration?: {
    readonly id: string;
    readonly number: number;
    readonly of: number;
    readonly since: string;
  };
  readonly step?: {
    readonly file: string;
    readonly line: number;
    /** Masked. */
    readonly sql: string;
    readonly attempt: number;
    /** Of the first attempt. */
    readonly since: string;
  };
  /** The step that gave way, with its first attempt: those before it in its transaction are done again too. */
  readonly tried?: { readonly file: string; readonly line: number; readonly since: string };
  /** It rests before another attempt. */
  readonly pause?: { readonly reason: string; readonly until: string };
  /** Another run holds the lock. */
  readonly waiting?: { readonly holder: string; readonly since: string };
  readonly probe?: { readonly name: string; readonly since: string };
  readonly backfill?: BackfillDoing;
}

export interface BackfillDoing {
  readonly id: string;
  readonly table: string;
  readonly since: string;
  readonly passed: number;
  readonly estimate: number;
  readonly rowsPerSecond: number;
  readonly remaining: { readonly least: number; readonly most: number } | null;
  readonly verdict: "go" | "slow" | "stop";
  /** Why it goes slower or stands, in words. */
  readonly reasons: readonly string[];
}

/** What a run does before it has said anything. */
export const idle: Doing = { applied: [] };

/**
 * What a run does after an event.
 * @param at of the event, by the server's clock
 */
export function follow(doing: Doing, event: EventBody, at: Date): Doing {
  const step = steps[event.type] as ((...given: Given<EventBody>) => Doing) | undefined;
  return step === undefined ? doing : step(doing, event, at.toISOString());
}

type Given<Event> = readonly [doing: Doing, event: Event, since: string];

type Told<Type extends EventType> = Extract<EventBody, { readonly type: Type }>;

/** Events that change what is to be said of a run; the others tell of nothing that lasts. */
const steps: { readonly [Type in EventType]?: (...given: Given<Told<Type>>) => Doing } = {
  "run.waiting": (doing, { holder, since }) => ({ ...doing, waiting: { holder, since } }),
  "migration.started": (doing, { migration: id, number, of }, since) =>
    without({ ...doing, migration: { id, number, of, since } }, "waiting"),
  "migration.finished": (doing, { migration }) =>
    without(
      { ...doing, applied: [...doing.applied, migration] },
      "migration",
      "step",
      "tried",
      "pause",
    ),
  "step.started": (doing, { statement: { file, line, sql }, attempt }, now) => {
    const { step, tried } = doing;
    const before = [step, tried].find((one) => one?.file === file && one.line === line);
    const since = attempt > 1 && before !== undefined ? before.since : now;
    return without({ ...doing, step: { file, line, sql, attempt, since } }, "pause", "waiting");
  },
  "step.retried": (doing, { reason, pauseMs }, now) => {
    const until = new Date(Date.parse(now) + pauseMs).toISOString();
    const { step, tried } = doing;
    const isAgain = step === undefined || (tried?.file === step.file && tried.line === step.line);
    const first = isAgain ? tried : { file: step.file, line: step.line, since: step.since };
    return { ...doing, ...(first === undefined ? {} : { tried: first }), pause: { reason, until } };
  },
  "step.finished": (doing) => without(doing, "step", "pause"),
  "step.failed": (doing) => without(doing, "step", "pause"),
  "phase.started": (doing, { plan, phase }, since) => ({ ...doing, phase: { plan, phase, since } }),
  "phase.finished": (doing) => without(doing, "phase", "backfill"),
  "phase.failed": (doing) => without(doing, "phase", "backfill"),
  "stage.started": (doing, { stage: name, detail }, since) => ({
    ...doing,
    stage: { name, detail, since },
  }),
  "stage.finished": (doing) => without(doing, "stage", "waiting"),
  "stage.failed": (doing) => without(doing, "stage", "waiting"),
  "probe.started": (doing, { probe: name }, since) => ({ ...doing, probe: { name, since } }),
  "probe.finished": (doing) => without(doing, "probe"),
  "backfill.started": (doing, { backfill: id, table, passed, estimate }, since) => {
    const nothingYet = { rowsPerSecond: 0, remaining: null, verdict: "go", reasons: [] } as const;
    return { ...doing, backfill: { id, table, since, passed, estimate, ...nothingYet } };
  },
  "backfill.progress": (doing, event) => {
    const { passed, estimate, rowsPerSecond, remaining, verdict } = event;
    const reasons = event.reasons.map(({ text }: EventReason) => text);
    const now = { passed, estimate, rowsPerSecond, remaining, verdict, reasons };
    const { backfill } = doing;
    return backfill === undefined ? doing : { ...doing, backfill: { ...backfill, ...now } };
  },
  "backfill.finished": (doing) => without(doing, "backfill"),
};

function without(doing: Doing, ...names: readonly (keyof Doing)[]): Doing {
  return Object.fromEntries(
    Object.entries(doing).filter(([name]) => !names.includes(name as keyof Doing)),
  ) as unknown as Doing;
}
