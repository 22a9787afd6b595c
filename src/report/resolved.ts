import type { ResolveResult } from "../runner/index.ts";
import { slot, type Style } from "./style.ts";

/** What `lockstep resolve` has settled, and on what grounds. */
export function renderResolved(result: ResolveResult, style: Style): string {
  const { migration, as, changed, differences, unseen } = result;
  const state = as === "applied" ? "applied" : "rolled back: it is pending again";
  if (!changed) return `nothing to do: ${migration} already counts as ${state}`;
  return [
    `resolved: ${migration} counts as ${state}`,
    ...(differences.length === 0 && unseen.length === 0
      ? [slot(style, "why", "the catalog agrees")]
      : []),
    ...(differences.length > 0
      ? [slot(style, "forced", `although the catalog differs:\n${differences.join("\n")}`)]
      : []),
    ...(unseen.length > 0
      ? [slot(style, "unseen", `a catalog does not show what these did:\n${unseen.join("\n")}`)]
      : []),
  ].join("\n");
}
