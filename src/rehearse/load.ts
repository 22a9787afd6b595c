import { sqlState, Session } from "../pg/index.ts";
import type { QualifiedName } from "../sql/index.ts";
import type { LoadTable } from "./load-statements.ts";

/** What the sessions of the load are called. */
export const loadName = "lockstep/rehearse load";

export interface LoadOptions {
  readonly url: string;
  readonly tables: readonly LoadTable[];
  readonly perSecond: number;
  readonly sessions: number;
}

/** One statement of the load, from the moment at which it was due to its end; times of `performance.now()`. */
export interface LoadStatement {
  readonly relation: QualifiedName;
  readonly kind: "read" | "insert" | "update" | "delete";
  readonly due: number;
  readonly end: number;
  readonly error: { readonly sqlState: string; readonly message: string } | undefined;
}

type Kind = LoadStatement["kind"];

/** Half reads, as an application has them at least. */
const turns: readonly Kind[] = ["read", "insert", "read", "update", "read", "delete"];

/**
 * An application at work: an open loop, each statement timed from the moment at which it was due, so that a stall counts for
 * all that came meanwhile. Reads, inserts, updates and deletes by primary key go round the tables.
 */
export class Load implements AsyncDisposable {
  readonly done: LoadStatement[] = [];
  readonly #options: LoadOptions;
  readonly #sessions: readonly Session[];
  readonly #idle: Session[];
  readonly #queue: (() => void)[] = [];
  readonly #next: Map<LoadTable, number>;
  readonly #inserted = new Map<LoadTable, string[][]>();
  readonly #refused = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #running = 0;
  #turn = 0;

  private constructor(options: LoadOptions, sessions: readonly Session[]) {
    this.#options = options;
    this.#sessions = sessions;
    this.#idle = [...sessions];
    this.#next = new Map(options.tables.map((table) => [table, table.insert?.next ?? 0]));
  }

  static async open(options: LoadOptions): Promise<Load> {
    const sessions = await Promise.all(
      Array.from({ length: options.sessions }, async () =>
        Session.open({ url: options.url, applicationName: loadName }),
      ),
    );
    return new Load(options, sessions);
  }

  /**
   * Tries each statement once, alone, and leaves out those that fail: a trigger refuses them, or a row that is new.
   * @returns what is left out, in words
   */
  async rehearse(): Promise<readonly string[]> {
    const refused: string[] = [];
    for (const table of this.#options.tables)
      for (const kind of ["read", "insert", "update", "delete"] as const) {
        const statement = await this.#run(this.#sessions[0]!, table, kind, performance.now());
        if (statement?.error === undefined) continue;
        this.#refused.add(`${table.relation} ${kind}`);
        refused.push(`the load has no ${kind} of ${table.relation}: ${statement.error.message}`);
      }
    return refused;
  }

  start(): void {
    const gap = 1_000 / this.#options.perSecond;
    let due = performance.now();
    this.#timer = setInterval(() => {
      for (; due <= performance.now(); due += gap) void this.#ask(due);
    }, 2);
  }

  /** Sends no more, and waits for those that are under way. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#timer = undefined;
    while (this.#running > 0)
      await new Promise<void>((resolve) => {
        setTimeout(resolve, 5);
      });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.#sessions.map(async (session) => session.close()));
  }

  async #ask(due: number): Promise<void> {
    const { tables } = this.#options;
    const turn = this.#turn++;
    const table = tables[Math.floor(turn / turns.length) % tables.length]!;
    const kind = turns[turn % turns.length]!;
    if (this.#refused.has(`${table.relation} ${kind}`)) return;
    this.#running++;
    try {
      if (this.#idle.length === 0) await new Promise<void>((resolve) => this.#queue.push(resolve));
      const session = this.#idle.pop()!;
      try {
        const statement = await this.#run(session, table, kind, due);
        if (statement !== undefined) this.done.push(statement);
      } finally {
        this.#idle.push(session);
        this.#queue.shift()?.();
      }
    } finally {
      this.#running--;
    }
  }

  /** Undefined for a statement that the table has not. */
  async #run(
    session: Session,
    table: LoadTable,
    kind: Kind,
    due: number,
  ): Promise<LoadStatement | undefined> {
    const asked = this.#statement(table, kind);
    if (asked === undefined) return undefined;
    const { relation } = table;
    try {
      const rows = await session.queryArrays(asked.sql, asked.values);
      if (kind === "insert") {
        const own = this.#inserted.get(table) ?? [];
        this.#inserted.set(table, own);
        for (const row of rows) own.push(row as string[]);
      }
      return { relation, kind, due, end: performance.now(), error: undefined };
    } catch (error) {
      const state = sqlState(error) ?? "08006";
      const { message } = error as Error;
      return { relation, kind, due, end: performance.now(), error: { sqlState: state, message } };
    }
  }

  #statement(
    table: LoadTable,
    kind: Kind,
  ): { readonly sql: string; readonly values: readonly unknown[] } | undefined {
    if (kind === "insert") {
      if (table.insert === undefined) return undefined;
      const number = this.#next.get(table)!;
      this.#next.set(table, number + 1);
      return { sql: table.insert.sql, values: [number] };
    }
    if (kind === "delete") {
      const key = this.#inserted.get(table)?.shift();
      return key === undefined ? undefined : { sql: table.remove, values: key };
    }
    const key = table.keys[this.#turn % table.keys.length]!;
    const sql = kind === "read" ? table.read : table.update;
    return sql === undefined ? undefined : { sql, values: key };
  }
}
