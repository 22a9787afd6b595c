const simpleEscapes: Readonly<Record<string, string>> = {
  "0": "\0",
  a: "\x07",
  b: "\b",
  t: "\t",
  n: "\n",
  v: "\v",
  f: "\f",
  r: "\r",
  e: "\x1B",
  " ": " ",
  '"': '"',
  "/": "/",
  "\\": "\\",
  N: "\u0085",
  _: "\u00A0",
  L: "\u2028",
  P: "\u2029",
};

const isSpace = (character: string | undefined): boolean =>
  character === " " || character === "\t" || character === "\n" || character === "\r";

/** Length in the source of the escape at `at` of a double-quoted scalar; 0 when it gives no character. */
function escapeAt(source: string, at: number): { length: number; gives: string } | undefined {
  const kind = source[at + 1];
  if (kind === undefined) return undefined;
  const digits = { x: 2, u: 4, U: 8 }[kind];
  if (digits !== undefined) {
    const code = Number.parseInt(source.slice(at + 2, at + 2 + digits), 16);
    if (Number.isNaN(code) || code > 0x10ffff) return undefined;
    return { length: 2 + digits, gives: String.fromCodePoint(code) };
  }
  const gives = simpleEscapes[kind];
  return gives === undefined ? undefined : { length: 2, gives };
}

/**
 * Where each UTF-16 unit of a YAML (or JSON) scalar's value stands in its source text, which reads
 * `source` from `start` to `end`. Folding and indentation are white space for white space, so the two
 * are walked side by side (YAML 1.2.2, sections 7.3 and 8.1). The array has one more entry: the end.
 */
export function alignScalar(
  source: string,
  start: number,
  end: number,
  value: string,
  style: "plain" | "quoted" | "block",
): Uint32Array {
  const offsets = new Uint32Array(value.length + 1);
  let at = start;
  if (style === "quoted") at += 1;
  if (style === "block") {
    const header = source.indexOf("\n", start);
    at = header === -1 || header >= end ? end : header + 1;
  }
  const doubleQuoted = style === "quoted" && source[start] === '"';
  let i = 0;
  while (i < value.length) {
    if (at >= end) {
      offsets[i++] = end;
      continue;
    }
    const wanted = value[i]!;
    const found = source[at]!;
    if (doubleQuoted && found === "\\") {
      const escape = escapeAt(source, at);
      if (escape === undefined) {
        at += 2;
        continue;
      }
      for (let unit = 0; unit < escape.gives.length && i < value.length; unit++) offsets[i++] = at;
      at += escape.length;
      continue;
    }
    if (found === wanted || (isSpace(wanted) && isSpace(found))) {
      offsets[i++] = at++;
      if (found === "'" && style === "quoted" && !doubleQuoted) at += 1;
      if (wanted === "\n" || found === "\n") at = skipIndent(source, at, end, value, i);
      continue;
    }
    at += 1;
  }
  offsets[value.length] = Math.min(at, end);
  return offsets;
}

/** Past the white space that starts a line in the source but not in the value. */
function skipIndent(source: string, at: number, end: number, value: string, i: number): number {
  let next = at;
  while (next < end && isSpace(source[next]) && source[next] !== "\n") next += 1;
  let kept = 0;
  while (value[i + kept] === " " || value[i + kept] === "\t") kept += 1;
  return Math.max(at, next - kept);
}
