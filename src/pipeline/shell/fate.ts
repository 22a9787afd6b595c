import type { Span } from "../text/source-file.ts";

/** How a script goes on although a command failed. */
export type Ignored =
  | "or-true"
  | "or-message"
  | "next-command"
  | "and-list"
  | "pipe"
  | "background"
  | "substitution"
  | "negation"
  | "else-goes-on"
  | "continue-on-error"
  | "allow-failure";

/**
 * What becomes of a failure of a command at the end of the script it stands in.
 * `propagates`: the script fails too. `handled`: the script looks at it and does not go on as if nothing were.
 * `unknown`: what follows depends on things that the text does not show.
 */
export type Fate =
  | { readonly kind: "propagates" | "handled" | "unknown" }
  | { readonly kind: "ignored"; readonly how: Ignored; readonly at: Span };

export const propagates: Fate = { kind: "propagates" };
export const handled: Fate = { kind: "handled" };
export const unknownFate: Fate = { kind: "unknown" };

/** The fate of a command inside a script, given the fate of the script in what calls it. */
export const within = (inner: Fate, outer: Fate): Fate =>
  inner.kind === "propagates" ? outer : inner;
