import fc from "fast-check";

/** Random choices; fast-check makes them from a seed. */
export interface Draw {
  /** One of the items, of which there must be some. */
  one<T>(items: readonly T[]): T;
  /** True in so many of a hundred cases. */
  chance(percent: number): boolean;
  /** Between `least` and `most` different items, as far as there are so many. */
  some<T>(items: readonly T[], least: number, most: number): T[];
}

/** What a function builds from random choices. */
export function drawn<T>(build: (draw: Draw) => T): fc.Arbitrary<T> {
  return fc.gen().map((generate) => {
    const number = (max: number): number => generate(fc.nat, { max });
    const one = <I>(items: readonly I[]): I => items[number(items.length - 1)]!;
    return build({
      one,
      chance: (percent) => number(99) < percent,
      some: (items, least, most) => {
        const left = [...items];
        const count = Math.min(items.length, least + number(most - least));
        return Array.from({ length: count }, () => left.splice(number(left.length - 1), 1)[0]!);
      },
    });
  });
}

/** The `index`-th thing of a seed: always the same one. */
export function drawOne<T>(seed: number, index: number, build: (draw: Draw) => T): T {
  const mixed = (Math.imul(seed, 0x9e3779b1) ^ Math.imul(index + 1, 0x85ebca6b)) | 0;
  return fc.sample(drawn(build), { seed: mixed, numRuns: 1 })[0]!;
}
