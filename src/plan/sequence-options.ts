import type { SequenceOptions } from "../catalog/index.ts";

/** What a sequence does, as `CREATE SEQUENCE` and identity columns have it, but for its type. */
export function sequenceOptions(options: SequenceOptions): string {
  const { start, increment, min, max, cache, cycle } = options;
  return [
    `INCREMENT BY ${increment}`,
    `MINVALUE ${min}`,
    `MAXVALUE ${max}`,
    `START WITH ${start}`,
    `CACHE ${cache}`,
    cycle ? "CYCLE" : "NO CYCLE",
  ].join(" ");
}
