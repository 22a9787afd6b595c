import {
  blocksReads,
  blocksWrites,
  type Effect,
  type LockMode,
  type RelationKind,
  type RelationLock,
  type SessionState,
} from "../effects/index.ts";

/** Relations that INSERT, UPDATE and DELETE, or nextval() for a sequence, write to. */
const written: ReadonlySet<RelationKind> = new Set([
  "table",
  "partitioned table",
  "foreign table",
  "sequence",
]);

/** True when the lock makes the reads or writes of an application wait. */
export function isStrong({ kind, mode }: Pick<RelationLock, "kind" | "mode">): boolean {
  if (kind === "toast table" || kind === "composite type") return false;
  return blocksReads(mode) || (blocksWrites(mode) && written.has(kind));
}

/**
 * The strong locks that a statement takes. Those of indexes and sequences are left out beside one that makes as much
 * wait: for planning a query its tables' indexes are locked too.
 */
export function strongLocks(effect: Effect): readonly RelationLock[] {
  return effect.locks.length === 0 ? [] : withoutParts(effect.locks.filter(isStrong));
}

/** Locks without those of indexes and sequences that say nothing new. */
export function withoutParts<Lock extends RelationLock>(locks: readonly Lock[]): readonly Lock[] {
  if (locks.length < 2) return locks;
  const whole = locks.filter(({ kind }) => !kind.endsWith("index") && kind !== "sequence");
  const all = whole.length === 0 || (!locks.every(isWeaker) && whole.every(isWeaker));
  return all ? locks : whole;
}

function isWeaker({ mode }: RelationLock): boolean {
  return !blocksReads(mode);
}

/** `ACCESS EXCLUSIVE`, as the manual writes it. */
export function modeWords(mode: LockMode): string {
  let words = knownWords.get(mode);
  if (words === undefined) {
    words = mode.replaceAll(/(?<=[a-z])(?=[A-Z])/g, " ").toUpperCase();
    knownWords.set(mode, words);
  }
  return words;
}

const knownWords = new Map<LockMode, string>();

/** What waits for such a lock. */
export function waiting(locks: readonly Pick<RelationLock, "mode">[]): string {
  return locks.some(({ mode }) => blocksReads(mode)) ? "reads and writes" : "writes";
}

/** `ACCESS EXCLUSIVE on public.users and public.orders`, modes grouped, strongest first as they come. */
export function lockWords(locks: readonly Pick<RelationLock, "mode" | "relation">[]): string {
  const byMode = new Map<LockMode, string[]>();
  for (const { mode, relation } of locks) {
    const names = byMode.get(mode);
    if (names === undefined) byMode.set(mode, [relation]);
    else if (!names.includes(relation)) names.push(relation);
  }
  return [...byMode].map(([mode, names]) => `${modeWords(mode)} on ${listWords(names)}`).join(", ");
}

/** `a`, `a and b`, `a, b and c`; more than four are counted. */
export function listWords(names: readonly string[]): string {
  if (names.length > 4) return `${names.slice(0, 3).join(", ")} and ${names.length - 3} others`;
  return names.length < 2
    ? names.join("")
    : `${names.slice(0, -1).join(", ")} and ${names.at(-1)!}`;
}

/** Longest wait for a lock that counts as bounded: whoever queues behind the waiting statement waits as long. */
export const longestWaitMs = 30_000;

/** True when a wait for a lock ends soon: by `lock_timeout`, or by `statement_timeout`, which counts waits too. */
export function waitIsBounded({ lockTimeout, statementTimeout }: SessionState): boolean {
  return [lockTimeout, statementTimeout].some(({ ms }) => ms > 0 && ms <= longestWaitMs);
}

/** True when the statement cannot succeed where it stands. */
export function cannotSucceed(effect: Effect, inTransaction: boolean): boolean {
  return effect.failures.some(
    ({ when }) => when === "always" || (when === "in-transaction" && inTransaction),
  );
}
