import { worldBefore, type Changes, type UnrecordedFacts, type World } from "../effects/index.ts";

/** The catalog as it was before what has been folded into `after`, made when it is first asked for: few rules look at it. */
export function catalogBefore(
  after: World,
  changes: Changes,
  unrecorded: UnrecordedFacts,
): () => World {
  let made: World | undefined;
  return () => (made ??= worldBefore(after, changes, unrecorded));
}
