import type { EventBlocker } from "../events/index.ts";
import { blockerName } from "../pg/index.ts";

/** A session that waits for a lock, with those who stand in its way. */
export interface Waiter {
  readonly pid: number;
  readonly application: string;
  readonly user: string;
  /** How long it waits for the lock. */
  readonly seconds: number;
  /** Masked. */
  readonly query: string;
  readonly blockers: readonly EventBlocker[];
}

/** A session that others wait for, or that waits itself. */
export interface WaitNode {
  readonly pid: number;
  readonly application: string;
  readonly user: string;
  /** `waiting`, or as pg_stat_activity says it. */
  readonly state: string;
  /** How long it waits; for one that waits for nobody, how long its transaction is open: NaN when that is hidden. */
  readonly seconds: number;
  readonly query: string;
  /** Others that it waits for too, beside the one that it stands under; 0 is a prepared transaction. */
  readonly alsoBehind: readonly number[];
  readonly waiters: readonly WaitNode[];
}

/**
 * Who waits for whom: at the roots those who wait for nobody, under each those who wait for it, the longest wait first.
 * Who waits for several stands under the first that the server names. Sessions that wait for each other in a circle hang
 * from the one that has waited longest.
 */
export function waitTree(waiting: readonly Waiter[]): readonly WaitNode[] {
  const waiters = new Set(waiting.map(({ pid }) => `pid ${pid}`));
  const ordered = waiting.toSorted((a, b) => b.seconds - a.seconds);
  const placed = new Set<number>();
  const under = (parent: string): WaitNode[] =>
    ordered
      .filter(
        ({ pid, blockers: [first] }) =>
          !placed.has(pid) && first !== undefined && blockerName(first) === parent,
      )
      .map((one) => {
        placed.add(one.pid);
        return one;
      })
      .map((one) => waitingNode(one, parent, under(`pid ${one.pid}`)));
  const roots = new Map(
    ordered
      .flatMap(({ blockers }) => blockers)
      .map((one) => [blockerName(one), one] as const)
      .filter(([name]) => !waiters.has(name)),
  );
  const nodes = [...roots].map(([name, one]): WaitNode => ({
    pid: one.pid,
    application: one.application,
    user: one.user,
    state: one.state,
    seconds: one.transactionSeconds,
    query: one.query,
    alsoBehind: [],
    waiters: under(name),
  }));
  const circles: WaitNode[] = [];
  for (const one of ordered)
    if (!placed.has(one.pid)) {
      placed.add(one.pid);
      circles.push(waitingNode(one, undefined, under(`pid ${one.pid}`)));
    }
  return [...nodes, ...circles].filter((node) => node.waiters.length > 0 || circles.includes(node));
}

function waitingNode(
  { pid, application, user, seconds, query, blockers }: Waiter,
  parent: string | undefined,
  waiters: readonly WaitNode[],
): WaitNode {
  const alsoBehind = blockers
    .filter((each) => blockerName(each) !== parent)
    .map((each) => each.pid);
  return { pid, application, user, state: "waiting", seconds, query, alsoBehind, waiters };
}
