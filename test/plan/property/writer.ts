import { setTimeout as sleep } from "node:timers/promises";
import { qualifiedName, type Catalog, type Table } from "../../../src/catalog/index.ts";
import type { Session } from "../../../src/pg/index.ts";
import { failureIn, type ServerFailure } from "../../../src/plan/prove/release/trial.ts";

/** What a release may run into. */
export interface OwnRules {
  /** The release's catalog. */
  readonly own: Catalog;
  /** What the plan says that it has to bear. */
  readonly notes: readonly string[];
  /** Whether what the migration takes away may be gone: once the contract phase has begun. */
  readonly mayBeGone: boolean;
  /** Whether it says that a unique index is there that the release does not know. */
  readonly refusesDuplicates: boolean;
  /** Whether they say that a foreign key stays that the release does not know. */
  readonly stays: (constraint: { readonly table: string; readonly name: string }) => boolean;
}

/** Sends a release's statements, one after another, until it is stopped. */
export class Writer {
  done = 0;
  readonly failures: string[] = [];
  readonly #session: Session;
  readonly #name: string;
  readonly #statements: readonly string[];
  readonly #commits: boolean;
  readonly #rules: OwnRules;
  readonly #ended: Promise<void>;
  #tried = 0;
  #stopped = false;

  constructor(
    session: Session,
    name: string,
    statements: readonly string[],
    commits: boolean,
    rules: OwnRules,
  ) {
    this.#session = session;
    this.#name = name;
    this.#statements = statements;
    this.#commits = commits;
    this.#rules = rules;
    this.#ended = this.#run();
  }

  async #run(): Promise<void> {
    while (!this.#stopped && this.#isAtWork()) {
      const sql = this.#statements[this.#tried % this.#statements.length]!;
      try {
        await this.#session.batch(this.#commits ? sql : `BEGIN;\n${sql};\nROLLBACK`);
        this.done++;
      } catch (error) {
        if (!this.#commits) await this.#session.query("ROLLBACK");
        const failure = failureIn(error);
        if (!isOwnRule(failure, this.#rules))
          this.failures.push(`${this.#name} release: ${failure.message}: ${sql}`);
      }
      this.#tried++;
      await sleep(2);
    }
  }

  #isAtWork(): boolean {
    return this.#statements.length > 0 && this.failures.length < 5;
  }

  /** Resolves after so many more statements; at once when there are none, or too many have failed. */
  async wrote(more: number): Promise<void> {
    for (const goal = this.#tried + more; this.#tried < goal && this.#isAtWork();) await sleep(2);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#ended;
    await this.#session.close();
  }
}

/** Random statements break rules of their release, whatever a plan does, or triggers do that name what is gone. */
function isOwnRule(
  { code, message, schema, table, column, constraint }: ServerFailure,
  { own, notes, mayBeGone, refusesDuplicates, stays }: OwnRules,
): boolean {
  if (code === "42P01" && mayBeGone) {
    const gone = /"(.+)"/.exec(message)?.[1] ?? "";
    return notes.some((one) => one.includes("routines in whose text") && one.includes(gone));
  }
  if (!code.startsWith("23")) return false;
  const name = qualifiedName(schema ?? "", table ?? "");
  const known = own.tables[name];
  if (code === "23502")
    return known?.columns.some((one) => one.name === column && !one.nullable) === true;
  const knows = ({ constraints, indexes }: Table) =>
    [...constraints, ...indexes].some((one) => one.name === constraint);
  // Until the contract phase a renamed table's rules speak of it by its first name.
  const isKnown = known === undefined ? Object.values(own.tables).some(knows) : knows(known);
  const saysDuplicates =
    refusesDuplicates || notes.some((one) => one.includes("23505 (unique_violation)"));
  // Keys of the new release come before it starts, and the plan says so.
  return (
    isKnown ||
    (code === "23505" && saysDuplicates) ||
    // RESTRICT has a code of its own from 18 on.
    (["23503", "23001"].includes(code) && stays({ table: name, name: constraint ?? "" }))
  );
}
