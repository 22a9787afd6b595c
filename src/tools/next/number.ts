/**
 * The number behind another one, in the same manner: a time in UTC of 14 or 17 digits, seconds or milliseconds since 1970,
 * else one more, of the same width. Always greater.
 */
export function numberAfter(last: string, now: Date): string {
  const own = timeLike(last, now) ?? "0";
  const next = BigInt(own) > BigInt(last) ? own : String(BigInt(last) + 1n);
  return next.padStart(last.length, "0");
}

function timeLike(last: string, now: Date): string | undefined {
  const digits = now.toISOString().replaceAll(/\D/g, "");
  const isDate = /^(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:[0-2]\d|3[01])/.test(last);
  if (isDate && (last.length === 14 || last.length === 17)) return digits.slice(0, last.length);
  const since = now.getTime();
  if (last.length === 13 && last.startsWith("1")) return String(since);
  if (last.length === 10 && last.startsWith("1")) return String(Math.floor(since / 1_000));
  return undefined;
}

/** What stands in front of a name and orders it, and what parts it from the name. */
const leading = /^(?<digits>\d+)(?<mark>[-_]?)/;

/** A day in front of a name: `2024_01_31_users`. */
const day = /^\d{4}([-_])\d{2}\1\d{2}(?=[-_])/;

/** The front of the next name: `0004_` of `0003_users`; undefined for a name without a number. */
export function frontAfter(last: string, now: Date): string | undefined {
  const mark = day.exec(last)?.[1];
  if (mark !== undefined) return `${now.toISOString().slice(0, 10).replaceAll("-", mark)}${mark}`;
  const groups = leading.exec(last)?.groups;
  if (groups === undefined) return undefined;
  return `${numberAfter(groups["digits"]!, now)}${groups["mark"] || "_"}`;
}
