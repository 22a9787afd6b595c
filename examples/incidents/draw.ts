/** Draws narrations: a story with a running line on a terminal, plain lines elsewhere. */
import type { Narration } from "./narration.ts";
import { rewrap } from "./rewrap.ts";

type Paint = (text: string) => string;

/** Colours and width, as Lockstep's own reporters take them. */
export interface Style {
  readonly colors: Readonly<Record<"bold" | "dim" | "red" | "green" | "yellow" | "cyan", Paint>>;
  readonly width: number;
}

export interface DrawOptions {
  readonly write: (text: string) => unknown;
  readonly style: Style;
  /** A terminal, where a line can be drawn again. */
  readonly live: boolean;
}

/** Draws until it is disposed, which takes the running line away. */
export interface Drawing extends Disposable {
  tell(event: Narration): void;
  /** Text that breaks at the edge, after a lead that later lines are indented by. */
  paragraph(lead: string, text: string, paint?: Paint): void;
  line(text?: string): void;
}

const FRAMES = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];

export function startDrawing({ write, style, live }: DrawOptions): Drawing {
  const { colors, width } = style;
  let since = performance.now();
  let figure = "";
  let turn = 0;
  let drawn = false;

  const wipe = () => {
    if (drawn) write("\r\u001B[2K");
    drawn = false;
  };
  const spin = () => {
    const elapsed = performance.now() - since;
    if (elapsed < 300) return;
    const text = `    ${FRAMES[turn++ % FRAMES.length]} ${(elapsed / 1_000).toFixed(1)} s  ${figure}`;
    write(`\r\u001B[2K${colors.dim(text.slice(0, width - 1))}`);
    drawn = true;
  };
  const clock = live ? setInterval(spin, 100) : undefined;

  const line = (text = "") => {
    wipe();
    write(`${text}\n`);
    since = performance.now();
  };
  const paragraph = (lead: string, text: string, paint: Paint = (plain) => plain) => {
    for (const [index, part] of rewrap(text, width - lead.length).entries())
      line(paint((index === 0 ? lead : " ".repeat(lead.length)) + part));
  };

  return {
    line,
    paragraph,
    [Symbol.dispose]() {
      clearInterval(clock);
      wipe();
    },
    tell(event) {
      if (event.kind === "progress") {
        figure = event.text;
        return;
      }
      figure = "";
      switch (event.kind) {
        case "scene":
          line();
          return line(`  ${colors.bold(event.text)}`);
        case "say":
          return paragraph("    ", event.text);
        case "command":
          return paragraph("    $ ", event.text, colors.cyan);
        case "output": {
          if (event.by === "pipeline") return paragraph("      ", event.text, colors.dim);
          for (const [index, part] of rewrap(event.text, width - 6).entries())
            line(`    ${colors.dim("│")} ${index === 0 ? emphasize(part, colors) : part}`);
          return undefined;
        }
        case "seen":
          return event.good
            ? paragraph("    ✓ ", event.text, colors.green)
            : paragraph("    ✗ ", event.text, colors.red);
      }
    },
  };
}

/** Lockstep's own emphasis, given back to lines that it printed for a pipe. */
function emphasize(line: string, colors: Style["colors"]): string {
  if (line.startsWith("error[")) return colors.red(colors.bold(line));
  if (line.startsWith("warning[")) return colors.yellow(line);
  const mark = /^ {2}([✓✗!]) /.exec(line)?.[1];
  if (mark !== undefined) {
    const paint = { "✓": colors.green, "✗": colors.red }[mark] ?? colors.yellow;
    return `  ${paint(mark)}${line.slice(3)}`;
  }
  const label = /^ {2}(?=.{8} {2})[a-z]+ +/.exec(line)?.[0] ?? "";
  return colors.dim(label) + line.slice(label.length);
}
