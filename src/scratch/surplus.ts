/** How much of what is kept for later stays. */
export interface KeptLimits {
  readonly count: number;
  readonly bytes: number;
}

/**
 * What has to go of things that are kept for later, given with the most recently used first: those beyond the count, and
 * those with which it is too many bytes. The first one stays, however big it is.
 */
export function surplus<Kept extends { readonly bytes: number }>(
  kept: readonly Kept[],
  limits: KeptLimits,
): readonly Kept[] {
  let bytes = 0;
  return kept.filter((each, index) => {
    bytes += each.bytes;
    return index >= limits.count || (index > 0 && bytes > limits.bytes);
  });
}
