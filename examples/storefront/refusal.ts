import type { ContentfulStatusCode } from "hono/utils/http-status";

/** A request the shop understands and does not grant; it becomes an answer and never a log entry. */
export class Refusal extends Error {
  readonly status: ContentfulStatusCode;
  /** For programs; stable, unlike the message. */
  readonly code: string;

  constructor(status: ContentfulStatusCode, code: string, message: string) {
    super(message);
    this.name = "Refusal";
    this.status = status;
    this.code = code;
  }
}
