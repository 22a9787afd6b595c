import type { Session } from "../../../src/pg/index.ts";

/** A session of its own with what it sends, one entry a step. */
export interface Actor {
  readonly session: Session;
  readonly steps: readonly string[];
}

/** All orders in which the steps of several actors can follow one another: numbers of actors. */
export function orders(counts: readonly number[]): readonly (readonly number[])[] {
  if (counts.every((count) => count === 0)) return [[]];
  return counts.flatMap((count, actor) =>
    count === 0 ? [] : orders(counts.with(actor, count - 1)).map((rest) => [actor, ...rest]),
  );
}

/**
 * Sends the steps in an order. A step is sent when the one before has ended or waits for a lock; those of an actor that
 * waits come when it waits no more.
 *
 * @param watcher sees who waits, on a session of its own
 */
export async function play(
  watcher: Session,
  actors: readonly Actor[],
  order: readonly number[],
): Promise<void> {
  const pids = await Promise.all(actors.map(({ session }) => pidOf(session)));
  const waiting = new Map<number, Promise<unknown>>();
  const sent = actors.map(() => 0);
  let left = order;
  while (left.length > 0) {
    const next = left.findIndex((actor) => !waiting.has(actor));
    if (next === -1) {
      await Promise.race(waiting.values());
      continue;
    }
    const actor = left[next]!;
    left = left.toSpliced(next, 1);
    const { session, steps } = actors[actor]!;
    const done = session.batch(steps[sent[actor]!++]!).finally(() => waiting.delete(actor));
    waiting.set(actor, done);
    await endedOrWaiting(watcher, done, pids[actor]!);
  }
  await Promise.all(waiting.values());
}

/** Resolves when a session has done what it was sent, or waits for a lock that somebody else has. */
export async function endedOrWaiting(
  watcher: Session,
  done: Promise<unknown>,
  pid: number,
): Promise<void> {
  let isOver = false;
  const over = () => {
    isOver = true;
  };
  done.then(over, over);
  while (!isOver) {
    const [[waits]] = (await watcher.queryArrays("SELECT cardinality(pg_blocking_pids($1)) > 0", [
      pid,
    ])) as [[boolean]];
    if (waits) return;
  }
}

export async function pidOf(session: Session): Promise<number> {
  const { rows } = await session.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
  return rows[0]!.pid;
}
