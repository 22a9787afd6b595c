import type { RehearsedLoad, SentLoad } from "../rehearse/index.ts";
import { number, share, short } from "./rehearse-words.ts";
import { count, duration } from "./style.ts";

/** Sentences of a rehearsal's load that every format says alike. */

export function loadHeadOf({ perSecond, sessions, tables, scale }: RehearsedLoad): string {
  return `Beside a load of ${perSecond} statements a second, ${count(sessions, "session")}, ${count(tables, "table")}, at ${share(scale)}`;
}

/** What the load was made of. */
export function loadSourceOf({ sent }: RehearsedLoad): string {
  if (sent === undefined)
    return "derived from the schema: reads and writes by primary key, every table alike";
  const { statements, calls, sentCalls, since, perSecond } = sent;
  const rate =
    since === null || perSecond === null
      ? ""
      : ` (${rateOf(perSecond)} a second there on average, since ${since.slice(0, 16).replace("T", " ")} UTC)`;
  return `${count(statements.length, "statement")} that the application sends, weighted by their calls: ${shareOf(sentCalls, calls)} of its ${number(calls)} calls${rate}; with values of the rows here`;
}

/** What of the application's calls is not in the load, and why; the most calls first. */
export function leftOutOf({ sent }: RehearsedLoad, most: number): readonly string[] {
  if (sent === undefined) return [];
  const { leftOut, calls, refused } = sent;
  const told = leftOut
    .slice(0, most)
    .map(
      (one) =>
        `${shareOf(one.calls, calls)} of the calls, ${one.why}${one.sql === null ? "" : `: ${cut(one.sql)}`}`,
    );
  const rest = leftOut.slice(most);
  const restCalls = rest.reduce((sum, one) => sum + one.calls, 0);
  return [
    ...told,
    ...(rest.length === 0
      ? []
      : [`${shareOf(restCalls, calls)} of the calls, in ${rest.length} more`]),
    ...(refused === 0
      ? []
      : [
          `${count(refused, "statement")} that the schema's own constraints refused, for its values were drawn`,
        ]),
  ];
}

/** Statements that were held up most beside the work, and took at least three times as long as before it. */
export function heldUpOf(
  { sent }: RehearsedLoad,
  most: number,
): readonly SentLoad["statements"][number][] {
  const all = sent?.statements ?? [];
  return all
    .filter(
      ({ slowestMs, beforeMs, failed }) =>
        failed > 0 || (slowestMs !== null && slowestMs > Math.max(10, 3 * (beforeMs ?? 0))),
    )
    .toSorted((a, b) => (b.slowestMs ?? 0) - (a.slowestMs ?? 0))
    .slice(0, most);
}

/** `half within 0.4 ms before, the slowest beside the work 2.1 s`. */
export function heldUpWords({
  beforeMs,
  slowestMs,
  failed,
}: SentLoad["statements"][number]): string {
  return [
    ...(beforeMs === null ? [] : [`half within ${short(beforeMs)} before`]),
    ...(slowestMs === null ? [] : [`the slowest beside the work ${short(slowestMs)}`]),
    ...(failed === 0 ? [] : [`${failed} failed`]),
  ].join(", ");
}

/** Statements that failed, told together. */
export function loadFailuresOf({ failures }: RehearsedLoad): readonly string[] {
  return failures.map(({ relation, kind, sql, sqlState, message, count: many, first }) => {
    const what = sql === undefined ? `${kind} of ${relation}` : cut(sql);
    const when = `first ${duration(Math.abs(first))} ${first < 0 ? "before" : "after"} the work began`;
    return `${many} × ${what}: ${message} (${sqlState}), ${when}`;
  });
}

/** A statement in a line of prose. */
export function cut(sql: string, most = 160): string {
  return sql.length > most ? `${sql.slice(0, most - 1)}…` : sql;
}

function shareOf(part: number, whole: number): string {
  if (part === 0 || whole === 0) return "0 %";
  const percent = (100 * part) / whole;
  // Nearly all is not all.
  if (part < whole && percent >= 99.95) return "more than 99.9 %";
  return percent < 0.1 ? "less than 0.1 %" : `${Number(percent.toFixed(1))} %`;
}

function rateOf(perSecond: number): string {
  return perSecond >= 10 ? number(perSecond) : Number(perSecond.toPrecision(2)).toString();
}
