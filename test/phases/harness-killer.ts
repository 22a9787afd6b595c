import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { CarriedPhase } from "../../src/phases/index.ts";
import { spawnTypescript } from "../support/run-typescript.ts";

type Line = Readonly<Record<string, unknown>>;

export interface KillerOptions {
  /** The process is killed at every so-many-th event that it has not printed before; 1 for each. */
  readonly killEvery: number;
  readonly random?: () => number;
}

/** Carries phases in processes that it kills on the way. */
export class Killer implements Disposable {
  kills = 0;
  readonly #url: string;
  readonly #root: string;
  readonly #every: number;
  readonly #random: () => number;
  readonly #seen = new Set<string>();
  #fresh = 0;
  /** How many processes are still to be killed at a random time. */
  #blind = 0;
  /** The next process, started while another one runs. */
  #spare: ChildProcess = startChild();

  constructor(url: string, root: string, { killEvery, random = Math.random }: KillerOptions) {
    this.#url = url;
    this.#root = root;
    this.#every = killEvery;
    this.#random = random;
  }

  /** Kills and starts anew until a process comes to the end of the phases. */
  async through(...phases: readonly CarriedPhase[]): Promise<void> {
    this.#seen.clear();
    this.#blind = this.#every === 1 ? 3 : 1;
    for (;;) {
      const last = await this.#run(phases);
      if (last === undefined) continue;
      if (last["outcome"] === "succeeded") return;
      throw new Error(`${phases.join(", ")}: ${JSON.stringify(last)}`);
    }
  }

  /** Gives its last line, undefined when it was killed. */
  async #run(phases: readonly CarriedPhase[]): Promise<Line | undefined> {
    const child = this.#spare;
    this.#spare = startChild();
    let isKilled = false;
    let last: Line | undefined;
    const kill = (afterMs: number) => {
      isKilled = true;
      this.kills++;
      setTimeout(() => child.kill("SIGKILL"), afterMs);
    };
    createInterface({ input: child.stdout! }).on("line", (text) => {
      last = JSON.parse(text) as Line;
      // Moments that no event tells: while a lock is taken, or a record is written. Soon: who comes to the end first
      // leaves no moment to the others.
      if (last["begun"] === true && this.#blind-- > 0) kill(this.#random() * 200);
      if (isKilled || !this.#isNew(last) || ++this.#fresh % this.#every !== 0) return;
      // At once, or while the next statement is at work.
      kill(this.#random() < 0.5 ? 0 : this.#random() * 20);
    });
    child.stdin!.end(JSON.stringify([this.#url, this.#root, "p1", ...phases]));
    await once(child, "close");
    return child.signalCode === "SIGKILL" ? undefined : last;
  }

  /** True for a moment at which no process was killed yet. */
  #isNew(line: Line): boolean {
    const type = line["type"];
    if (typeof type !== "string" || type === "notice" || type === "run.waiting") return false;
    const { migration, file, line: at } = (line["statement"] ?? line) as Line;
    const moment = JSON.stringify([type, migration, file, at]);
    if (this.#seen.has(moment)) return false;
    this.#seen.add(moment);
    return true;
  }

  [Symbol.dispose](): void {
    this.#spare.kill("SIGKILL");
  }
}

/** From its source, or as scripts/plan-harness.mjs has bundled it; it waits until it is told what to do. */
export function startChild(): ChildProcess {
  const bundled = process.env["LOCKSTEP_HARNESS_CHILD"];
  if (bundled !== undefined)
    return spawn(process.execPath, [bundled], { stdio: ["pipe", "pipe", "inherit"] });
  return spawnTypescript(join(import.meta.dirname, "child.ts"), [], {}, "pipe");
}
