import { emitFor, type Emit } from "../events/index.ts";
import { Companion } from "../live/index.ts";
import { describeHolder, localActor } from "../runner/index.ts";
import type { Context } from "./context.ts";
import type { CommandOutput } from "./output.ts";

interface Run {
  readonly run: string;
  readonly url: string;
  readonly environment: string;
  /** As `lockstep status` calls it. */
  readonly command: string;
  readonly output: Pick<CommandOutput, "listener">;
}

/** Where a run that other terminals see sends its events, and what stops it. */
export interface Accompanied {
  readonly emit: Emit;
  /** Aborted by Ctrl-C, and by `lockstep cancel` in another terminal. */
  readonly signal: AbortSignal;
}

/** Does the work of a run that other terminals can see, and stop. */
export async function accompanied<Value>(
  { run, url, environment, command, output }: Run,
  context: Context,
  work: (given: Accompanied) => Promise<Value>,
): Promise<Value> {
  const holder = describeHolder(localActor(), command);
  await using companion = new Companion(url, { run, command, environment, holder });
  const emit = emitFor(run, (event) => {
    companion.hear(event);
    output.listener(event);
  });
  return await work({ emit, signal: AbortSignal.any([context.signal, companion.stop]) });
}
