/** What a stage is made of, and that it all goes again: in the end, on a failure, and when the process ends. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export class Props implements AsyncDisposable {
  /** A folder of its own, removed in the end. */
  readonly folder = mkdtempSync(join(tmpdir(), "lockstep-replay-"));
  readonly #kept: AsyncDisposable[] = [];
  readonly #kills: (() => void)[] = [];
  readonly #onExit = () => {
    for (const kill of this.#kills) kill();
    rmSync(this.folder, { recursive: true, force: true });
  };

  constructor() {
    process.on("exit", this.#onExit);
  }

  /** Takes something over that ends with the stage, the latest first. `kill` ends it without waiting. */
  keep<Prop extends AsyncDisposable>(prop: Prop, kill?: () => void): Prop {
    this.#kept.push(prop);
    if (kill) this.#kills.push(kill);
    return prop;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (let prop = this.#kept.pop(); prop; prop = this.#kept.pop())
      await prop[Symbol.asyncDispose]();
    rmSync(this.folder, { recursive: true, force: true });
    process.off("exit", this.#onExit);
  }
}
