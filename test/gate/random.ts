/** Repeatable randomness: mulberry32. */
export interface Random {
  /** 0 ≤ n < 1 */
  readonly next: () => number;
  /** 0 ≤ n < limit */
  readonly below: (limit: number) => number;
  readonly chance: (probability: number) => boolean;
  readonly pick: <Item>(items: readonly Item[]) => Item;
  /** Up to `count` different items, in order. */
  readonly some: <Item>(items: readonly Item[], count: number) => readonly Item[];
}

export function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
  const below = (limit: number) => Math.floor(next() * limit);
  return {
    next,
    below,
    chance: (probability) => next() < probability,
    pick: (items) => items[below(items.length)]!,
    some: (items, count) => {
      const places = items.map((_, at) => at);
      while (places.length > count) places.splice(below(places.length), 1);
      return places.map((at) => items[at]!);
    },
  };
}
