import type { Session } from "../pg/index.ts";

interface Tried<Item> {
  /** In an order in which each runs. */
  readonly done: readonly Item[];
  /** What never does, with what the server says. */
  readonly left: readonly { readonly item: Item; readonly sql: string; readonly error: Error }[];
}

/** Runs items in the transaction that is open, each when it can: what needs another one first waits for it. */
export async function tryEach<Item>(
  session: Session,
  items: readonly Item[],
  statementsOf: (item: Item) => readonly string[],
): Promise<Tried<Item>> {
  const done: Item[] = [];
  let left: Tried<Item>["left"] = [];
  for (let waiting = items; waiting.length > 0;) {
    left = [];
    const failed: { item: Item; sql: string; error: Error }[] = [];
    for (const item of waiting) {
      await session.query("SAVEPOINT item");
      let sql = "";
      try {
        for (sql of statementsOf(item)) await session.batch(sql);
        await session.query("RELEASE item");
        done.push(item);
      } catch (error) {
        await session.batch("ROLLBACK TO item; RELEASE item");
        failed.push({ item, sql, error: error as Error });
      }
    }
    left = failed;
    if (failed.length === waiting.length) break;
    waiting = failed.map(({ item }) => item);
  }
  return { done, left };
}
