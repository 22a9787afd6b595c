import { bytes } from "../pg/index.ts";
import type {
  Estimate,
  Latency,
  RecoveryTime,
  Rehearsal,
  RehearsedBack,
  RehearsedLoad,
  RehearsedStatement,
} from "../rehearse/index.ts";
import { count, duration } from "./style.ts";

/** Sentences of a rehearsal that every format says alike. */

/** With its name where there is one; several stand below it, numbered (`pendingOf`). */
export function titleOf(rehearsal: Rehearsal): string {
  const names = namesOf(rehearsal);
  const title = `Rehearsal of ${count(names.length, "migration")}`;
  return names.length === 1 ? `${title}: ${names[0]!}` : title;
}

/** The pending migrations in order, where the title does not name them. */
export function pendingOf(rehearsal: Rehearsal): readonly string[] {
  const names = namesOf(rehearsal);
  return names.length === 1 ? [] : names;
}

function namesOf({ pending }: Rehearsal): readonly string[] {
  return pending.map(({ id, plan }) => (plan === null ? id : `${id} (plan ${plan})`));
}

/** What the rows were made of, and how many there were. */
export function sourceOf({ source, server, seed, scales }: Rehearsal): string {
  const shares = scales.map(
    ({ scale, rows, bytes: size }) => `${share(scale)} (${number(rows)} rows, ${bytes(size)})`,
  );
  if (source.copy !== null)
    return `On copies of ${source.copy}: ${number(source.rows)} rows, ${bytes(source.bytes)}, Postgres ${server}.`;
  if (source.sanitised !== undefined)
    return `On a copy of the database's own rows, masked: ${number(scales[0]?.rows ?? 0)} rows, ${bytes(scales[0]?.bytes ?? 0)}, Postgres ${source.serverVersion}. Rehearsed on Postgres ${server}.`;
  const taken = `${source.takenAt.slice(0, 16).replace("T", " ")} UTC`;
  return `Rows made from the statistics of ${taken}: ${number(source.rows)} rows, ${bytes(source.bytes)}, Postgres ${source.serverVersion}. Rehearsed on Postgres ${server} with ${shares.join(" and ")} of them, seed ${seed}.`;
}

/** Locks that reading and writing rows take: nobody who does the same waits for them. */
const weak: ReadonlySet<string> = new Set(["AccessShare", "RowShare", "RowExclusive"]);

/** The strongest locks first; relations of one mode together. Indexes with a weak one are only counted. */
export function locksOf({ effect }: RehearsedStatement): readonly string[] {
  if (effect === undefined) return [];
  const byMode = new Map<string, { names: string[]; indexes: number }>();
  for (const { mode, relation, kind } of effect.locks) {
    const found = byMode.get(mode) ?? { names: [], indexes: 0 };
    if (kind.includes("index") && weak.has(mode)) found.indexes++;
    else found.names.push(relation);
    byMode.set(mode, found);
  }
  return [...byMode].map(([mode, { names, indexes }]) => {
    const counted = indexes === 0 ? [] : [indexes === 1 ? "1 index" : `${indexes} indexes`];
    return `${mode} on ${[names.join(", "), ...counted].filter((part) => part !== "").join(" and ")}`;
  });
}

/** `one row: 1 ms; 5 %: 2.1 s, 80 MB of WAL`. */
export function runsOf({ runs, bareMs }: RehearsedStatement): string {
  const told = runs.map(({ scale, ms, walBytes }) => {
    const wal = walBytes === null ? "" : `, ${bytes(walBytes)} of WAL`;
    return `${share(scale)}: ${duration(ms)}${wal}`;
  });
  return [...(bareMs === undefined ? [] : [`one row: ${duration(bareMs)}`]), ...told].join("; ");
}

/** `2.1 s to 5.4 s, likely 3.4 s`; `below 30 ms`. */
export function rangeOf({ leastMs, likelyMs, mostMs }: Estimate): string {
  if (leastMs === 0) return `below ${duration(mostMs)}`;
  return `${duration(leastMs)} to ${duration(mostMs)}, likely ${duration(likelyMs)}`;
}

/** Reasons that every range has; said once. */
export function commonReasons({ statements }: Rehearsal): readonly string[] {
  const [first, ...others] = statements.flatMap(({ estimate }) => estimate ?? []);
  if (first === undefined || others.length === 0) return [];
  return first.reasons.filter((reason) => others.every(({ reasons }) => reasons.includes(reason)));
}

/** What one range is made of, but for what all of them are. */
export function ownReasons({ reasons }: Estimate, common: readonly string[]): readonly string[] {
  return reasons.filter((reason) => !common.includes(reason));
}

export function waitsOf({ load }: RehearsedStatement): string | undefined {
  if (load === undefined) return undefined;
  const slowest =
    load.slowestMs === null
      ? ""
      : `; of the statements beside it the slowest took ${duration(load.slowestMs)}`;
  if (load.waited.length === 0)
    return slowest === "" ? undefined : `nobody was seen waiting for a lock${slowest}`;
  return `the load waited for locks on ${waitedOf(load).join(", ")}${slowest}`;
}

/** What the table of sizes tells; of a restored copy the rows are only counted. */
export function sizesHead({ source }: Rehearsal): readonly string[] {
  const rows =
    source.sanitised !== undefined ? "copied in" : source.copy === null ? "made in" : "counted in";
  return ["scale", "rows", rows, "took", "WAL", "disk at peak", "grown"];
}

/** `public.orders (8 sessions)`. */
export function waitedOf({ waited }: Pick<RehearsedLoad, "waited">): readonly string[] {
  return waited.map(({ relation, sessions }) => `${relation} (${count(sessions, "session")})`);
}

export function latencyOf({ count: many, p50, p99, max }: Latency): string {
  if (p50 === null || p99 === null || max === null) return "no statement";
  return `${count(many, "statement")}, half within ${short(p50)}, 99 % within ${short(p99)}, the slowest ${short(max)}`;
}

export function againOf({ again }: Rehearsal): string | undefined {
  if (again === undefined) return undefined;
  const catalog = again.sameCatalog ? "the catalog stayed the same" : "the catalog changed";
  return `run again: ${count(again.applied, "migration")} applied, ${catalog}`;
}

/** How each migration was taken back, the last one first, and what came of it. */
export function backOf({ back }: Rehearsal): readonly string[] {
  if (back === undefined) return [];
  const { ways, changedRows, sameAgain } = back;
  return [
    ...ways.map(wayOf),
    ...(changedRows === undefined || changedRows.length === 0
      ? []
      : [`rows came out as other ones: ${changedRows.join(", ")}`]),
    ...(sameAgain === undefined
      ? []
      : [`applied again: the catalog ${sameAgain ? "is the same" : "is not the same"}`]),
  ];
}

function wayOf(way: RehearsedBack["ways"][number]): string {
  const { migration, by, from, differences, refused, runs, estimate } = way;
  if (by === null) return `not taken back: ${refused ?? migration}`;
  const how = { file: `by ${from}`, inverse: "by its inverse", abort: "by its plan's abort" }[by];
  if (differences.length > 0)
    return `${migration}, taken back ${how}, does not lead back: ${differences.join("; ")}`;
  const took = runs.map(({ scale, ms }) => `${share(scale)}: ${duration(ms)}`).join("; ");
  const range = estimate === undefined ? "" : `; in production ${rangeOf(estimate)}`;
  return `${migration} was taken back ${how}, to the same catalog: ${took}${range}`;
}

/** How long each way out of trouble takes: its name, then the time or why it is not known, then the reasons. */
export function recoveryOf({ recovery }: Rehearsal): readonly RecoveryLine[] {
  if (recovery === undefined) return [];
  const { restore, rerun, back } = recovery;
  const line = (name: string, { estimate, notKnown }: RecoveryTime): RecoveryLine => ({
    name,
    time: estimate === undefined ? `not known: ${notKnown ?? "not measured"}` : rangeOf(estimate),
    reasons: estimate?.reasons ?? [],
  });
  const again = line("run again after a crash", rerun);
  const { estimate } = rerun;
  return [
    line("all taken back", back),
    estimate === undefined ? again : { ...again, time: mostOf(estimate) },
    line(restore.by === "dump" ? "a dump restored" : `restored from ${restore.by}`, restore),
  ];
}

export interface RecoveryLine {
  readonly name: string;
  readonly time: string;
  readonly reasons: readonly string[];
}

function mostOf({ likelyMs, mostMs }: Estimate): string {
  return `at most ${duration(mostMs)}${likelyMs < mostMs / 1.5 ? `, likely no more than ${duration(likelyMs)}` : ""}`;
}

export function failureOf({ failure, source }: Rehearsal): string | undefined {
  if (failure === undefined) return undefined;
  const { scale, underLoad, what, found } = failure;
  const text = `It did not come to its end at ${share(scale)}${underLoad ? " beside the load" : ""}: ${what}${found === undefined ? "" : ` (${found.trim().replaceAll("\n", "; ").replace(/\.$/, "")})`}.`;
  if (underLoad || source.copy !== null) return text;
  return source.sanitised === undefined
    ? `${text} The rows were made: whether production's are refused too is not known.`
    : `${text} The rows are the database's own, masked: a condition on a masked column may refuse what it allows there, or allow what it refuses.`;
}

/** `orders.sql:3 was tried again 4 times: canceling statement due to lock timeout`. */
export function retriesOf({ retries }: RehearsedLoad): readonly string[] {
  const counts = new Map<string, number>();
  for (const { at, reason } of retries)
    counts.set(`${at}\n${reason}`, (counts.get(`${at}\n${reason}`) ?? 0) + 1);
  return [...counts].map(([key, times]) => {
    const [at, reason] = key.split("\n");
    return `${at} was tried again ${count(times, "time")}: ${reason}`;
  });
}

/** A share of the rows: `5 %`. */
export function share(scale: number): string {
  return `${Number((scale * 100).toPrecision(3))} %`;
}

/** How many bytes more, or less, there are in the end. */
export function grown({ grownBytes }: Rehearsal["scales"][number]): string {
  return grownBytes < 0 ? `−${bytes(-grownBytes)}` : bytes(grownBytes);
}

export function number(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}

/** Below a second with a digit behind the point: latencies are small. */
export function short(ms: number): string {
  return ms < 100 ? `${ms.toFixed(1)} ms` : duration(ms);
}
