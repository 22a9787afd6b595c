import type { Effect } from "../effect.ts";
import type { SessionState } from "../session/state.ts";
import { contentOf, type ContentToken } from "../world/content.ts";
import type { ObjectId, ObjectIds, World } from "../world/index.ts";

/** Routines whose bodies are being looked into, outermost first. */
export type RunningCalls = ReadonlyMap<ObjectId, RoutineCall>;

export const noCalls: RunningCalls = new Map();

/** What the body of a routine does. */
export class RoutineCall {
  #effect: Effect | undefined;
  /** Calls that were running when this one came to them: what they do is not in the effect. */
  readonly #met = new Set<RoutineCall>();

  /** Undefined while the body is being looked into. */
  get effect(): Effect | undefined {
    return this.#effect;
  }

  meets(other: RoutineCall): void {
    if (other !== this) this.#met.add(other);
  }

  end(effect: Effect): void {
    this.#effect = effect;
  }

  /** This call and all that it comes to, also through others. */
  reached(): ReadonlySet<RoutineCall> {
    const found = new Set<RoutineCall>([this]);
    for (const call of found) for (const met of call.#met) found.add(met);
    return found;
  }
}

interface Situation {
  readonly world: World;
  readonly existing: ObjectIds;
  readonly session: SessionState;
}

const known = new WeakMap<
  ContentToken,
  WeakMap<ObjectIds, Map<string, Map<string, RoutineCall>>>
>();

/** Calls that were looked into in the same situation: the same catalog and settings. */
export function callsOn({ world, existing, session }: Situation): Map<string, RoutineCall> {
  const content = contentOf(world);
  const ofContent =
    known.get(content) ?? new WeakMap<ObjectIds, Map<string, Map<string, RoutineCall>>>();
  known.set(content, ofContent);
  const ofFile = ofContent.get(existing) ?? new Map<string, Map<string, RoutineCall>>();
  ofContent.set(existing, ofFile);
  const key = JSON.stringify([session.inTransaction, ...session.settings]);
  const calls = ofFile.get(key) ?? new Map<string, RoutineCall>();
  ofFile.set(key, calls);
  return calls;
}
