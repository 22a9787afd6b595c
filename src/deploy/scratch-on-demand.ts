import { startScratch, type Scratch, type ScratchOptions } from "../scratch/index.ts";

/** One scratch server for all that a command does, started when first asked for. */
export class ScratchOnDemand implements AsyncDisposable {
  readonly #options: ScratchOptions;
  #started: Promise<Scratch> | undefined;

  constructor(options: ScratchOptions) {
    this.#options = options;
  }

  /**
   * The server, of the major that the options name, else of `major`: best the target's own.
   * @throws LockstepError `scratch-unavailable`, or a connection error for a URL
   */
  async get(major?: number): Promise<Scratch> {
    this.#started ??= startScratch({
      ...(major === undefined ? {} : { major }),
      ...this.#options,
    });
    return this.#started;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const started = await this.#started?.catch(() => undefined);
    await started?.close();
  }
}
