/** The story that `lockstep demo` tells: seven incidents, each with the pipeline as it was and with Lockstep. */
import { setTimeout as sleep } from "node:timers/promises";
import { startDrawing, type DrawOptions, type Drawing, type Style } from "./draw.ts";
import { inWords } from "./narration.ts";
import { findPgBouncer } from "./pooler.ts";
import { programme, type Act } from "./programme.ts";
import type { Server } from "./history.ts";
import { drawTable } from "./summary.ts";

export interface DemoOptions extends DrawOptions {
  readonly server: Server & { readonly major: number };
  /** Without the pauses for the reader. */
  readonly fast: boolean;
  readonly signal: AbortSignal;
  /** What is played. Default: the seven incidents. */
  readonly acts?: readonly Act[];
}

interface Outcome {
  readonly act: Act;
  readonly naive: string;
  readonly lockstep: string;
  readonly untold: readonly string[];
}

/** Plays everything; true when every replay behaved as told. Rejects when it was stopped. */
export async function playDemo(options: DemoOptions): Promise<boolean> {
  const { style, acts = programme } = options;
  const startedAt = performance.now();
  using drawing = startDrawing(options);
  open(drawing, style, options.server.major);
  const outcomes: Outcome[] = [];
  for (const [index, act] of acts.entries()) {
    rule(drawing, style, `${index + 1} of ${acts.length}`, act.title);
    drawing.paragraph("  ", act.plot);
    outcomes.push(await play(act, drawing, options));
    if (!options.fast && index + 1 < acts.length)
      await sleep(1_000, undefined, { signal: options.signal });
  }
  close(drawing, style, outcomes, performance.now() - startedAt);
  return outcomes.every(({ untold }) => untold.length === 0);
}

async function play(act: Act, drawing: Drawing, options: DemoOptions): Promise<Outcome> {
  const { naive, lockstep, expectations } = await act.run({
    server: options.server,
    signal: options.signal,
    narrate: (event) => drawing.tell(event),
  });
  const untold = expectations.flatMap(({ what, holds }) => (holds ? [] : [what]));
  for (const what of untold)
    drawing.paragraph("    ✗ ", `not as told: ${what}`, options.style.colors.red);
  return { act, naive: naive.summary, lockstep: lockstep.summary, untold };
}

function open(drawing: Drawing, { colors }: Style, major: number): void {
  drawing.line();
  drawing.line(
    `  ${colors.bold("Lockstep")}  seven deploys that went wrong, and how they go right`,
  );
  drawing.line();
  const pooler =
    findPgBouncer() === undefined
      ? "No PgBouncer is installed here, so a small stand-in plays its part on day two."
      : "On day two a real PgBouncer stands in between.";
  drawing.paragraph(
    "  ",
    `Five teams wrote down how a deploy took their product down although the pipeline was green. Each story is played here twice, with a real Postgres ${major}, a real shop and customers who keep buying: first with the pipeline the team had, then with Lockstep. Nothing is scripted but the mistakes; every number is measured while you watch. ${pooler}`,
  );
}

function rule(drawing: Drawing, { colors, width }: Style, number: string, title: string): void {
  const line = "─".repeat(Math.max(3, width - number.length - title.length - 10));
  drawing.line();
  drawing.line(`${colors.dim(`── ${number} ──`)} ${colors.bold(title)} ${colors.dim(line)}`);
}

function close(drawing: Drawing, style: Style, outcomes: readonly Outcome[], ms: number): void {
  const { colors, width } = style;
  rule(drawing, style, inWords(ms), "What happened");
  drawing.line();
  const rows = outcomes.map(
    ({ act, naive, lockstep, untold }) =>
      [
        act.short,
        naive,
        untold.length === 0 ? lockstep : `NOT AS TOLD: ${untold.join("; ")}`,
      ] as const,
  );
  const paint = (part: string, row: number, column: number) => {
    if (row === 0) return colors.bold(part);
    if (column === 0) return part;
    const asTold = outcomes[row - 1]?.untold.length === 0;
    return column === 1 || !asTold ? colors.red(part) : colors.green(part);
  };
  const head = ["incident", "pipeline as it was", "with Lockstep"] as const;
  for (const line of drawTable([head, ...rows], width, paint)) drawing.line(line);
  drawing.line();
  const told = outcomes.filter(({ untold }) => untold.length === 0).length;
  const score = `${told} of ${outcomes.length} incidents went as told`;
  const verdict =
    told < outcomes.length
      ? `${score}.`
      : `${score}: the pipeline said "Deploy OK" and customers suffered; with Lockstep they did not.`;
  drawing.paragraph("  ", verdict, told === outcomes.length ? colors.green : colors.red);
  drawing.line();
  drawing.line(`  ${colors.bold("What next")}, in your own project`);
  for (const [command, what] of [
    ["lockstep status", "what is applied, pending, failed or edited, and any drift"],
    ["lockstep gate", "would the release in this checkout run on that database?"],
    ["lockstep deploy", "all of it in the right order, with a way back at each point"],
  ] as const)
    drawing.line(`    ${colors.cyan(command.padEnd(15))}  ${what}`);
  drawing.line();
}
