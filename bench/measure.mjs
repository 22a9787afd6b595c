/** Paired timing: every contender once per round, in turn, so that a drift of the machine's speed hits all alike. */
import { spawnSync } from "node:child_process";

/** Wall milliseconds of one whole process; throws with its output when it fails. */
export function timeProcess(command, args, options = {}) {
  const started = performance.now();
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    encoding: "utf8",
    maxBuffer: 1 << 28,
    ...options,
  });
  const ms = performance.now() - started;
  if (error !== undefined || status !== 0)
    throw new Error(
      `${command} ${args.join(" ")} ended with ${status}: ${error ?? stdout + stderr}`,
    );
  return ms;
}

/**
 * Runs `rounds` rounds after one warm-up. `contenders` maps a name to an async function that gives its milliseconds.
 * Returns each one's samples and its ratio to `base`, round by round.
 */
export async function compare(contenders, { rounds, base }) {
  const samples = Object.fromEntries(Object.keys(contenders).map((name) => [name, []]));
  for (let round = -1; round < rounds; round++)
    for (const [name, run] of Object.entries(contenders)) {
      const ms = await run();
      if (round >= 0) samples[name].push(ms);
    }
  return Object.entries(samples).map(([name, ms]) => ({
    name,
    ms,
    ratio: ms.map((value, round) => value / samples[base][round]),
  }));
}

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** A table for people: median and range in ms, median ratio to the base. */
export function report(title, results, base) {
  process.stdout.write(`\n${title}\n`);
  const width = Math.max(...results.map(({ name }) => name.length));
  for (const { name, ms, ratio } of results) {
    const range = `${Math.min(...ms).toFixed(0)}–${Math.max(...ms).toFixed(0)}`;
    process.stdout.write(
      `  ${name.padEnd(width)}  ${median(ms).toFixed(1).padStart(8)} ms (${range})  ${median(ratio).toFixed(2)} × ${base}\n`,
    );
  }
}
