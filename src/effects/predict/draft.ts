import type { QualifiedName, Statement } from "../../sql/index.ts";
import type { Effect, Failure, RelationLock, RelationRole, Work } from "../effect.ts";
import { stronger, type LockMode } from "../lock-modes.ts";
import type { SessionState } from "../session/state.ts";
import { findRelation, indexesOf, relationName, temporarySchema } from "../world/index.ts";
import type { Name, ObjectId, ObjectIds, Relation, World } from "../world/index.ts";
import type { PredictInput } from "./input.ts";
import { searchPathOf } from "../session/search-path.ts";
import { callsOn, noCalls, RoutineCall, type RunningCalls } from "./routine-calls.ts";

/** Parts that a relation plays in a statement, the ones that tell most about it first; of the others the first counts. */
const nearest: readonly RelationRole[] = ["self", "written"];

function nearer(held: RelationRole, other: RelationRole): RelationRole {
  return nearest.find((role) => role === held || role === other) ?? held;
}

/** The front of prediction, as its parts see it. */
export type Dispatch = (input: PredictInput, running: RunningCalls) => Effect;

/**
 * The effect of one statement while it is put together. It keeps the strongest lock per relation and leaves out whatever
 * concerns relations that did not exist before the file.
 */
export class EffectDraft {
  readonly world: World;
  readonly session: SessionState;
  readonly existing: ObjectIds;
  readonly searchPath: readonly string[];
  // Most statements have none of most: each is made when the first comes.
  #locks: Map<QualifiedName, RelationLock> | undefined;
  #work: Map<string, Work> | undefined;
  #failures: Map<string, Failure> | undefined;
  #unknown: Set<string> | undefined;
  readonly #dispatch: Dispatch;
  readonly #running: RunningCalls;

  /** @param running routines whose bodies are being looked into */
  constructor(
    { world, session, existing }: Omit<PredictInput, "statement">,
    dispatch: Dispatch,
    running: RunningCalls = noCalls,
  ) {
    this.world = world;
    this.session = session;
    this.existing = existing;
    this.searchPath = searchPathOf(session);
    this.#dispatch = dispatch;
    this.#running = running;
  }

  /** What another statement does on this world: one inside a body, or behind EXPLAIN or EXECUTE. */
  predict(statement: Statement, session: SessionState = this.session): Effect {
    const { world, existing } = this;
    return this.#dispatch({ statement, world, session, existing }, this.#running);
  }

  /**
   * An empty draft for a part of the statement, on this world or on the one that the part has come to.
   * @param existing whose locks and work count
   */
  part(world: World = this.world, existing: ObjectIds = this.existing): EffectDraft {
    return new EffectDraft({ ...this.#input(), world, existing }, this.#dispatch, this.#running);
  }

  /**
   * Takes in what the body of a routine does. Each body is looked into once on one catalog, however often it is called;
   * where it calls itself, directly or not, the inner call adds nothing.
   *
   * @param how what else tells this use of the routine from others
   * @param look adds to the empty draft that it is given what the body does
   */
  enter(routine: ObjectId, how: string, look: (body: EffectDraft) => void): void {
    const caller = [...this.#running.values()].at(-1);
    const running = this.#running.get(routine);
    if (running !== undefined) {
      caller?.meets(running);
      return;
    }
    const calls = callsOn(this.#input());
    const key = `${routine} ${how}`;
    let call = calls.get(key);
    if (call === undefined) {
      call = new RoutineCall();
      calls.set(key, call);
      const inner = new Map([...this.#running, [routine, call]]);
      const body = new EffectDraft(this.#input(), this.#dispatch, inner);
      look(body);
      call.end(body.effect());
    }
    for (const met of call.reached())
      if (met.effect === undefined) caller?.meets(met);
      else this.add(met.effect);
  }

  #input(): Omit<PredictInput, "statement"> {
    return { world: this.world, session: this.session, existing: this.existing };
  }

  find(name: Name): Relation | undefined {
    return findRelation(this.world, name, this.searchPath);
  }

  lock(relation: Relation, mode: LockMode, role: RelationRole = "self"): void {
    if (!this.#counts(relation)) return;
    const name = relationName(relation);
    const locks = (this.#locks ??= new Map<QualifiedName, RelationLock>());
    const held = locks.get(name);
    locks.set(name, {
      relation: name,
      kind: relation.kind,
      mode: held === undefined ? mode : stronger(held.mode, mode),
      role: held === undefined ? role : nearer(held.role, role),
    });
  }

  lockIndexes(relation: Relation, mode: LockMode): void {
    for (const index of indexesOf(this.world, relation.id)) this.lock(index, mode, "index");
  }

  rewrite(relation: Relation, emptied = false): void {
    const name = relationName(relation);
    this.#do(relation, { kind: "rewrite", relation: name, ...(emptied && { emptied }) });
  }

  scan(relation: Relation): void {
    this.#do(relation, { kind: "scan", relation: relationName(relation) });
  }

  /**
   * `index` is one that gets new storage, or the name of a new one, undefined when Postgres chooses it. One that the same
   * file has made counts as new.
   */
  build(table: Relation, index: Relation | QualifiedName | undefined, concurrent = false): void {
    const again = typeof index === "object" && this.existing.has(index.id);
    const name = typeof index === "object" ? relationName(index) : index;
    const relation = relationName(table);
    this.#do(table, { kind: "index-build", relation, index: name, again, concurrent });
  }

  change(
    relation: Relation,
    command: Extract<Work, { kind: "row-change" }>["command"],
    bounded: boolean,
  ): void {
    this.#do(relation, {
      kind: "row-change",
      relation: relationName(relation),
      command,
      bounded,
    });
  }

  fail(
    when: Failure["when"],
    sqlState: string | undefined,
    message: string,
    relation?: Relation,
  ): void {
    const failure: Failure = {
      when,
      sqlState,
      message,
      ...(relation && { relation: relationName(relation) }),
    };
    this.#addFailure(failure);
  }

  unknown(reason: string): void {
    (this.#unknown ??= new Set<string>()).add(reason);
  }

  /**
   * An object that the statement needs is not in the world: it fails, unless the world does not know everything.
   * @param what e.g. `relation "shops"`
   */
  missing(what: string, sqlState: string): void {
    if (this.knowsAll) this.fail("always", sqlState, `${what} does not exist`);
    else this.unknown(`${what} is not known: it may be anything`);
  }

  /** True when what is not in the world does not exist. */
  get knowsAll(): boolean {
    return this.world.complete && this.world.uncertain.length === 0;
  }

  /** The first failure that is certain. */
  get failure(): Failure | undefined {
    if (this.#failures === undefined) return undefined;
    for (const failure of this.#failures.values()) if (failure.when === "always") return failure;
    return undefined;
  }

  /** True when it is certain that the statement fails. */
  get fails(): boolean {
    return this.failure !== undefined;
  }

  /** Takes in what another statement does as part of this one. */
  add({ locks, work, failures, unknown }: Effect): void {
    for (const lock of locks) {
      const all = (this.#locks ??= new Map<QualifiedName, RelationLock>());
      const held = all.get(lock.relation);
      const mode = held === undefined ? lock.mode : stronger(held.mode, lock.mode);
      all.set(lock.relation, { ...(held ?? lock), mode });
    }
    for (const item of work) this.#addWork(item);
    for (const failure of failures) this.#addFailure(failure);
    for (const reason of unknown) this.unknown(reason);
  }

  effect(): Effect {
    return {
      locks: this.#locks === undefined ? [] : [...this.#locks.values()],
      work: this.#work === undefined ? [] : [...this.#work.values()],
      failures: this.#failures === undefined ? [] : [...this.#failures.values()],
      breaks: [],
      unknown: this.#unknown === undefined ? [] : [...this.#unknown],
    };
  }

  #counts(relation: Relation): boolean {
    return this.existing.has(relation.id) && relation.schema !== temporarySchema;
  }

  #do(relation: Relation, work: Work): void {
    if (this.#counts(relation)) this.#addWork(work);
  }

  #addWork(work: Work): void {
    (this.#work ??= new Map<string, Work>()).set(JSON.stringify(work), work);
  }

  #addFailure(failure: Failure): void {
    (this.#failures ??= new Map<string, Failure>()).set(JSON.stringify(failure), failure);
  }
}
