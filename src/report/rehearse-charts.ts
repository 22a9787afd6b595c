import type { Rehearsal, RehearsedLoad, RehearsedStatement } from "../rehearse/index.ts";
import { share } from "./rehearse-words.ts";
import { duration } from "./style.ts";
import {
  chartWidth,
  escapeXml,
  figure,
  label,
  line,
  linear,
  logarithmic,
  path,
  powers,
  ticks,
  type Axis,
} from "./svg.ts";

const left = 70;
const right = chartWidth - 20;

/** How long the load's statements took over time: half of them, and the slowest of each stretch. */
export function loadChart({ timeline, ms }: RehearsedLoad): string {
  if (timeline.length === 0) return "";
  const height = 240;
  const x = timeOf(timeline, ms);
  const slowest = Math.max(...timeline.map(({ max }) => max ?? 0), 1);
  const y = logarithmic(0.1, slowest, height - 30, 15);
  const drawn = (of: "p50" | "max") =>
    timeline.flatMap((moment) =>
      moment[of] === null ? [] : [[x((moment.from + moment.to) / 2), y(moment[of])] as const],
    );
  const failed = timeline.filter((moment) => moment.failed > 0);
  return figure(
    height,
    [
      band(x(0), x(ms), 10, height - 30),
      ...powers(0.1, slowest)
        .filter((value) => value >= 0.1 && value <= slowest)
        .flatMap((value) => [
          line(left, y(value), right, y(value)),
          label(left - 6, y(value) + 4, value < 1 ? `${value} ms` : duration(value), "end"),
        ]),
      ...timeLabels(timeline, x, height),
      path(drawn("max"), "var(--two)"),
      path(drawn("p50"), "var(--one)"),
      ...failed.map(
        (moment) =>
          `<circle cx="${x((moment.from + moment.to) / 2)}" cy="12" r="3" fill="var(--bad)"><title>${moment.failed} failed</title></circle>`,
      ),
    ],
    `Latency of the load over time, from the moment at which a statement was due (logarithmic): the slowest of each stretch (orange), half of them (blue). Shaded: the pending work.${failed.length === 0 ? "" : " Red dots: statements failed."}`,
  );
}

/** Of more than these only those are drawn that can be seen. */
const manySteps = 20;

function isSeen({ load }: RehearsedStatement, ms: number): boolean {
  return load!.waited.length > 0 || load!.ms > ms / 100;
}

/** When each statement of the work ran beside the load, and which of them others were seen waiting for. */
export function stepChart({ pending, statements, load }: Rehearsal): string {
  const all = statements.filter((statement) => statement.load !== undefined);
  if (load === undefined || load.timeline.length === 0) return "";
  const steps = all.length <= manySteps ? all : all.filter((one) => isSeen(one, load.ms));
  if (steps.length === 0) return "";
  const rest = all.length - steps.length;
  const row = 18;
  const height = steps.length * row + 40;
  const x = timeOf(load.timeline, load.ms);
  const numbers = new Map(pending.map(({ id }, index) => [id, index + 1]));
  const place = (one: RehearsedStatement) =>
    pending.length === 1 ? `:${one.line}` : `${numbers.get(one.migration) ?? ""}:${one.line}`;
  return figure(
    height,
    [
      ...steps.flatMap((statement, index) => {
        const { from, ms, waited } = statement.load!;
        const top = 10 + index * row;
        const begin = x(Math.max(0, from));
        const width = Math.max(2, x(Math.max(0, from) + ms) - begin);
        const colour = waited.length > 0 ? "var(--two)" : "var(--one)";
        return [
          `<rect x="${begin.toFixed(1)}" y="${top}" width="${width.toFixed(1)}" height="${row - 6}" fill="${colour}"><title>${escapeXml(`${statement.file}:${statement.line}: ${statement.sql}`)}</title></rect>`,
          label(left - 6, top + 10, place(statement), "end"),
        ];
      }),
      ...timeLabels(load.timeline, x, height),
    ],
    `When each statement ran beside the load, by ${pending.length === 1 ? "its line in the file" : "the number of its migration and its line in the file"}. Orange: sessions of the load were seen waiting for a lock meanwhile.${rest === 0 ? "" : ` Not drawn: ${rest} that were over at once.`}`,
  );
}

/** Duration against scale with what it is expected to be at full size; nothing for what only changes the catalog. */
export function durationChart({ runs, estimate }: RehearsedStatement): string {
  if (estimate === undefined || estimate.mostMs < 100) return "";
  const height = 180;
  const x = linear(0, 1, left, right - 40);
  const most = Math.max(estimate.mostMs, ...runs.map(({ ms }) => ms));
  const y = linear(0, most, height - 30, 15);
  return figure(
    height,
    [
      ...ticks(0, most).flatMap((value) => [
        line(left, y(value), right, y(value)),
        label(left - 6, y(value) + 4, duration(value), "end"),
      ]),
      line(x(1), y(estimate.leastMs), x(1), y(estimate.mostMs), "var(--two)"),
      line(x(1) - 6, y(estimate.leastMs), x(1) + 6, y(estimate.leastMs), "var(--two)"),
      line(x(1) - 6, y(estimate.mostMs), x(1) + 6, y(estimate.mostMs), "var(--two)"),
      `<circle cx="${x(1)}" cy="${y(estimate.likelyMs).toFixed(1)}" r="4" fill="var(--two)"/>`,
      ...runs.map(
        ({ scale, ms }) =>
          `<circle cx="${x(scale).toFixed(1)}" cy="${y(ms).toFixed(1)}" r="4" fill="var(--one)"><title>${share(scale)}: ${duration(ms)}</title></circle>`,
      ),
      ...[0, 0.25, 0.5, 0.75, 1].map((scale) =>
        label(x(scale), height - 10, share(scale), "middle"),
      ),
    ],
    "Duration against scale: measured (blue), and the estimated range at full size (orange).",
  );
}

function timeOf(timeline: RehearsedLoad["timeline"], ms: number): Axis {
  return linear(timeline[0]!.from, Math.max(ms, timeline.at(-1)!.to), left, right);
}

function timeLabels(
  timeline: RehearsedLoad["timeline"],
  x: Axis,
  height: number,
): readonly string[] {
  return ticks(timeline[0]!.from / 1_000, timeline.at(-1)!.to / 1_000).map((seconds) =>
    label(x(seconds * 1_000), height - 10, `${seconds} s`, "middle"),
  );
}

function band(from: number, to: number, top: number, bottom: number): string {
  return `<rect x="${from.toFixed(1)}" y="${top}" width="${Math.max(1, to - from).toFixed(1)}" height="${bottom - top}" fill="var(--soft)" stroke="var(--line)"/>`;
}
