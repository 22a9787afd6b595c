/**
 * Why a run is to stop: somebody has asked for it from another terminal. The reason of its signal; named as Node names
 * what an aborted wait throws.
 */
export class StopRequest extends Error {
  override readonly name = "AbortError";

  constructor(by: string, reason: string | undefined) {
    super(`lockstep cancel, by ${by}${reason === undefined ? "" : `: ${reason}`}`);
  }
}

/** Who stopped a run, in words; a signal of the process says nothing of itself. */
export function stoppedBy(signal: AbortSignal | undefined): string {
  const reason: unknown = signal?.reason;
  return reason instanceof StopRequest ? reason.message : "Ctrl-C or SIGTERM";
}
