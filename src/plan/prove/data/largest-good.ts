/** Most tries; what is not known to be good by then goes. */
const mostTries = 300;

/** As many of the items as are good together, found by halving. */
export async function largestGood<Item>(
  items: readonly Item[],
  areGood: (some: readonly Item[]) => Promise<boolean>,
): Promise<readonly Item[]> {
  let kept: readonly Item[] = [];
  let tries = 0;
  const take = async (some: readonly Item[]): Promise<void> => {
    if (some.length === 0 || tries >= mostTries) return;
    tries++;
    const together = [...kept, ...some];
    if (await areGood(together)) kept = together;
    else if (some.length > 1) {
      const half = some.length >> 1;
      await take(some.slice(0, half));
      await take(some.slice(half));
    }
  };
  await take(items);
  return kept;
}
