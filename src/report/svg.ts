/** Text as it stands in HTML and SVG. */
export function escapeXml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}

/** Gives places on an axis to values. */
export type Axis = (value: number) => number;

export function linear(least: number, most: number, from: number, to: number): Axis {
  const width = most - least || 1;
  return (value) => from + ((value - least) / width) * (to - from);
}

/** By powers of ten; values below the least stand at its place. */
export function logarithmic(least: number, most: number, from: number, to: number): Axis {
  const place = linear(Math.log10(least), Math.log10(most), from, to);
  return (value) => place(Math.log10(Math.max(least, value)));
}

/** 1, 2 or 5 times a power of ten, so that there are about five on the way. */
export function ticks(least: number, most: number): readonly number[] {
  const rough = (most - least) / 5 || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].find((each) => each * power >= rough)! * power;
  const found: number[] = [];
  for (let tick = Math.ceil(least / step) * step; tick <= most + step / 1e6; tick += step)
    found.push(Number(tick.toPrecision(12)));
  return found;
}

export function powers(least: number, most: number): readonly number[] {
  const found: number[] = [];
  for (let power = Math.floor(Math.log10(least)); power <= Math.ceil(Math.log10(most)); power++)
    found.push(10 ** power);
  return found;
}

export function label(x: number, y: number, text: string, anchor = "start"): string {
  return `<text x="${round(x)}" y="${round(y)}" text-anchor="${anchor}">${escapeXml(text)}</text>`;
}

export function line(
  x1: number,
  y1: number,
  x2: number,
  y2: number,
  colour = "var(--line)",
): string {
  return `<line x1="${round(x1)}" y1="${round(y1)}" x2="${round(x2)}" y2="${round(y2)}" stroke="${colour}"/>`;
}

export function path(points: readonly (readonly [number, number])[], colour: string): string {
  const steps = points.map(([x, y], index) => `${index === 0 ? "M" : "L"}${round(x)} ${round(y)}`);
  return `<path d="${steps.join("")}" fill="none" stroke="${colour}" stroke-width="1.5"/>`;
}

export function figure(height: number, parts: readonly string[], caption: string): string {
  return `<figure><svg viewBox="0 0 ${chartWidth} ${height}" role="img" aria-label="${escapeXml(caption)}">${parts.join("")}</svg><figcaption>${escapeXml(caption)}</figcaption></figure>`;
}

/** Units of all charts' width. */
export const chartWidth = 900;

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
