import { readdirSync, readFileSync } from "node:fs";

/** How long between two looks for processes that are new, in ms. */
const lookEvery = 100;

/**
 * How long the server's processes for a run have waited for a processor, which others had: on a busy machine most of a
 * statement's time may be that. Only of a server on this machine, and where the system tells it (Linux); elsewhere it is 0.
 * Workers of a parallel statement are gone before they can be asked.
 */
export class ProcessorWaits {
  readonly #database: string;
  /** Sessions that are there already are no part of the run. */
  readonly #others: ReadonlySet<string>;
  /** By process, in ms since it began. */
  readonly #known = new Map<string, number>();
  #lookedAt = -Infinity;

  /** @param database its name, which no other server of the machine has */
  constructor(database: string) {
    this.#database = database;
    this.#others = new Set(sessionsOf(database));
  }

  /** In ms, since it was asked the last time: of the process that waited longest, for a statement runs in one. */
  since(): number {
    let most = 0;
    for (const [pid, before] of this.#known) {
      const now = waitedMs(pid);
      if (now === undefined) this.#known.delete(pid);
      else {
        this.#known.set(pid, now);
        most = Math.max(most, now - before);
      }
    }
    if (this.#known.size === 0 || performance.now() - this.#lookedAt > lookEvery) this.#look();
    return most;
  }

  /** What a session has waited before it was seen counts for nothing. */
  #look(): void {
    for (const pid of sessionsOf(this.#database))
      if (!this.#others.has(pid) && !this.#known.has(pid)) this.#known.set(pid, waitedMs(pid) ?? 0);
    this.#lookedAt = performance.now();
  }
}

/** Processes whose title names the database. */
function sessionsOf(database: string): readonly string[] {
  return processes().filter((pid) => {
    const title = read(`/proc/${pid}/cmdline`) ?? "";
    return /^postgres: (?!autovacuum)/.test(title) && title.includes(` ${database} `);
  });
}

function processes(): readonly string[] {
  try {
    return readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  } catch {
    return [];
  }
}
/** The second number is the time spent waiting on a run queue, in ns (sched-stats.rst). */
function waitedMs(pid: string): number | undefined {
  const waited = Number(read(`/proc/${pid}/schedstat`)?.split(" ")[1]);
  return Number.isFinite(waited) ? waited / 1e6 : undefined;
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
