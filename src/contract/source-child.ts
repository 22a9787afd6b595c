/**
 * What the programs share that run the user's code: one request comes over the channel of `fork`, one reply goes back, so that
 * nothing the user's modules print matters.
 */

/** A failure with the stage in which it came, which tells whose affair it is. */
export class Stage<Name extends string> extends Error {
  readonly stage: Name;
  constructor(stage: Name, cause: unknown) {
    super(`${textOf(cause)}${statementOf(cause)}`, { cause });
    this.stage = stage;
  }
}

function textOf(cause: unknown): string {
  return cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
}

/** The statement that the server refused, as ORMs hang it on their error. */
function statementOf(cause: unknown): string {
  const { query, sql } = (cause ?? {}) as { readonly query?: unknown; readonly sql?: unknown };
  const text = [query, sql].find((one) => typeof one === "string");
  return text === undefined ? "" : `, in: ${text.length > 200 ? `${text.slice(0, 199)}…` : text}`;
}

export type SourceReply<Answer, Name extends string> =
  | { readonly ok: Answer }
  | { readonly stage: Name; readonly message: string; readonly code?: string };

/**
 * Answers the one request that comes, and ends the process.
 * @param first the stage of what fails outside of any
 */
export function serve<Request, Answer, Name extends string>(
  answer: (request: Request) => Promise<Answer>,
  first: Name,
): void {
  process.once("message", (request: Request) => {
    answer(request)
      .then(
        (ok): SourceReply<Answer, Name> => ({ ok }),
        (error: unknown): SourceReply<Answer, Name> =>
          error instanceof Stage
            ? { stage: error.stage as Name, message: error.message, ...codeOf(error.cause) }
            : { stage: first, message: String(error), ...codeOf(error) },
      )
      .then((reply) => process.send!(reply, () => process.exit(0)))
      .catch(() => process.exit(1));
  });
  // Nobody waits for the answer any more.
  process.once("disconnect", () => process.exit(1));
}

/** SQLSTATE, or what Node calls the failure. ORMs wrap the driver's error. */
function codeOf(error: unknown): { readonly code?: string } {
  const { code, original, parent } = (error ?? {}) as {
    readonly code?: unknown;
    readonly original?: unknown;
    readonly parent?: unknown;
  };
  if (typeof code === "string") return { code };
  return original === undefined && parent === undefined ? {} : codeOf(original ?? parent);
}
