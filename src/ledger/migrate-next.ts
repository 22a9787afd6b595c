/** One migration as a run would find it. */
export interface Standing {
  readonly id: string;
  readonly state: "applied" | "edited" | "unknown" | "failed" | "partly-applied" | "pending";
  /** The tool itself has begun it. */
  readonly unfinished?: unknown;
  readonly goingBack?: unknown;
}

/**
 * The command that applies what is pending: `lockstep migrate`, or what to run where that alone would refuse.
 * @param migrations in the folder's order
 */
export function migrateNext(migrations: readonly Standing[]): string {
  const half = migrations.find(({ goingBack }) => goingBack !== undefined);
  if (half !== undefined)
    return `lockstep rollback ${half.id}, which goes on where it stopped; then lockstep migrate`;
  const stuck = migrations.find(({ unfinished }) => unfinished !== undefined);
  if (stuck !== undefined) return `lockstep resolve ${stuck.id}; then lockstep migrate`;
  const edited = migrations.find(({ state }) => state === "edited");
  if (edited !== undefined)
    return `bring ${edited.id} back to what was applied; then lockstep migrate`;
  const stranger = migrations.find(({ state }) => state === "unknown");
  const last = migrations.findLast(({ state }) => state === "applied");
  const late = migrations.find(({ state }) => !isPast(state));
  const isLate =
    late !== undefined && last !== undefined && migrations.indexOf(late) < migrations.indexOf(last);
  const options = [
    ...(stranger === undefined ? [] : [" --allow-missing"]),
    ...(isLate ? [" --allow-out-of-order"] : []),
  ];
  const why = [
    ...(stranger === undefined ? [] : [`${stranger.id} is applied and not in the folder`]),
    ...(isLate ? [`${late.id} stands before ${last.id}, which is applied`] : []),
  ];
  return `lockstep migrate${options.join("")}${why.length === 0 ? "" : `: ${why.join(", and ")}`}`;
}

function isPast(state: Standing["state"]): boolean {
  return state === "applied" || state === "edited" || state === "unknown";
}
