/** Lines for a narrower page than they were written for. */

const PAUSE_MS = 40;

/** Width that Lockstep wraps at when it does not write to a terminal. */
const WRITTEN_FOR = 80;

/**
 * Puts lines together again that Lockstep broke at 80 columns, one line at a time: a deeply indented line whose
 * first word had no room on the line before belongs to that line. Calls `flush` with each whole line.
 */
export function unwrapper(flush: (line: string) => void): {
  readonly add: (line: string) => void;
  readonly end: () => void;
} {
  let whole: string | undefined;
  let room = 0;
  let pause: NodeJS.Timeout | undefined;
  const end = () => {
    clearTimeout(pause);
    if (whole !== undefined) flush(whole);
    whole = undefined;
  };
  return {
    add(line) {
      clearTimeout(pause);
      // The parts of a line come together; after a pause no more of it does.
      pause = setTimeout(end, PAUSE_MS);
      const text = line.trimStart();
      const [word = ""] = text.split(" ", 1);
      const goesOn =
        whole !== undefined && line.length - text.length >= 10 && word.length + 1 > room;
      if (goesOn) whole = `${whole} ${text}`;
      else {
        if (whole !== undefined) flush(whole);
        whole = line;
      }
      room = WRITTEN_FOR - line.length;
    },
    end,
  };
}

/** Breaks a line at spaces. What follows stands below where its text began. */
export function rewrap(line: string, width: number): readonly string[] {
  if (line.length <= width) return [line];
  const begin = Math.min(/^ *(?:[a-z]+ {2,}|[^\w\s] )?/.exec(line)?.[0].length ?? 0, width >> 1);
  const broken: string[] = [];
  let current = line.slice(0, begin);
  let empty = true;
  for (const word of line.slice(begin).split(" ")) {
    if (!empty && current.length + 1 + word.length > width) {
      broken.push(current);
      current = " ".repeat(begin);
      empty = true;
    }
    current += empty ? word : ` ${word}`;
    empty = false;
  }
  return [...broken, current];
}
