import type { QualifiedName } from "../sql/index.ts";
import type { SentOperation } from "./application-load.ts";
import type { LoadStatement } from "./load.ts";
import type {
  Latency,
  LoadFailure,
  Moment,
  RehearsedLoad,
  SentStatement,
  StatementLoad,
  Waited,
} from "./model.ts";
import type { Ran } from "./run-once.ts";
import type { Sample } from "./sampler.ts";
import type { Step } from "./steps.ts";

/** Stretches that the time of the load is told in. */
const stretches = 120;

/** What the load has seen of a run, by the run's own clock. */
export function besideLoad(
  ran: Ran,
  done: readonly LoadStatement[],
): Pick<RehearsedLoad, "before" | "during" | "after" | "timeline" | "failures" | "waited" | "ms"> {
  const of = (test: (one: LoadStatement) => boolean) => latency(done.filter(test));
  return {
    before: of(({ end }) => end < ran.began),
    during: of(({ due, end }) => end >= ran.began && due <= ran.ended),
    after: of(({ due }) => due > ran.ended),
    timeline: timelineOf(ran, done),
    failures: failuresOf(ran, done),
    waited: waitedFor(ran.samples),
    ms: ran.ended - ran.began,
  };
}

/** What the load met while one statement ran. */
export function besideStep(
  { began, samples }: Ran,
  step: Step,
  done: readonly LoadStatement[],
): StatementLoad {
  const beside = done.filter(({ due, end }) => due <= step.to && end >= step.from);
  return {
    ms: step.ms,
    from: step.from - began,
    waited: waitedFor(samples.filter(({ at }) => at >= step.from && at <= step.to)),
    slowestMs: beside.length === 0 ? null : Math.max(...beside.map(took)),
  };
}

/** The most sessions that waited at one look. */
function waitedFor(samples: readonly Sample[]): readonly Waited[] {
  const most = new Map<QualifiedName, number>();
  for (const { waiting } of samples) {
    const now = new Map<QualifiedName, number>();
    for (const { relation } of waiting) now.set(relation, (now.get(relation) ?? 0) + 1);
    for (const [relation, sessions] of now)
      most.set(relation, Math.max(most.get(relation) ?? 0, sessions));
  }
  return [...most].map(([relation, sessions]) => ({ relation, sessions }));
}

/** Each of the application's statements: how long it took before the work, and beside it. */
export function sentStatements(
  { began, ended }: Ran,
  operations: readonly SentOperation[],
  done: readonly LoadStatement[],
): readonly SentStatement[] {
  return operations.map((operation) => {
    const { sql, calls, meanMs } = operation.shape;
    const own = done.filter((one) => one.operation === operation);
    return {
      sql,
      calls,
      meanMs,
      count: own.length,
      beforeMs: latency(own.filter(({ end }) => end < began)).p50,
      slowestMs: latency(own.filter(({ due, end }) => end >= began && due <= ended)).max,
      failed: own.filter(({ error }) => error !== undefined).length,
    };
  });
}

function took({ due, end }: LoadStatement): number {
  return end - due;
}

function latency(statements: readonly LoadStatement[]): Latency {
  const sorted = statements.map(took).toSorted((a, b) => a - b);
  const at = (share: number) =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? null;
  return { count: sorted.length, p50: at(0.5), p99: at(0.99), max: sorted.at(-1) ?? null };
}

function timelineOf({ began }: Ran, done: readonly LoadStatement[]): readonly Moment[] {
  if (done.length === 0) return [];
  const first = Math.min(...done.map(({ due }) => due));
  const last = Math.max(...done.map(({ due }) => due));
  const width = Math.max(10, (last - first) / stretches);
  const moments: Moment[] = [];
  for (let from = first; from <= last; from += width) {
    const own = done.filter(({ due }) => due >= from && due < from + width);
    const { count, p50, max } = latency(own);
    const failed = own.filter(({ error }) => error !== undefined).length;
    moments.push({ from: from - began, to: from + width - began, count, p50, max, failed });
  }
  return moments;
}

/** Failures of one kind as one. */
function failuresOf({ began }: Ran, done: readonly LoadStatement[]): readonly LoadFailure[] {
  const failures = new Map<string, LoadFailure>();
  for (const { operation, end, error } of done) {
    if (error === undefined) continue;
    const { relation, kind, sql } = operation;
    const id = JSON.stringify([relation, kind, sql, error.sqlState, error.message]);
    const known = failures.get(id);
    failures.set(id, {
      relation,
      kind,
      ...(sql === undefined ? {} : { sql }),
      ...error,
      count: (known?.count ?? 0) + 1,
      first: Math.min(known?.first ?? Infinity, end - began),
    });
  }
  return [...failures.values()];
}
