/** What one source says of whether a release still runs. `unknown` proves nothing either way. */
export interface Sign {
  readonly source: "heartbeats" | "sessions" | "statements";
  readonly says: "gone" | "runs" | "unknown";
  /** In words, with the figures. */
  readonly text: string;
}
