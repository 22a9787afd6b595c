import { bytes } from "../pg/index.ts";
import type { ListedSnapshot, Snapshot, Verified } from "../snapshot/index.ts";
import { count, duration, moment, slot, type Style } from "./style.ts";

/** A snapshot that was made. */
export function renderSnapshot(snapshot: Snapshot, style: Style): string {
  const { name, by, at, place, ms } = snapshot;
  return [
    `${style.colors.green("made")}: ${name} by ${by}, of ${moment(new Date(at))}, in ${duration(ms)}`,
    slot(style, "place", place),
    ...whatIsKnown(snapshot, style),
    slot(style, "lacks", "whatever is written after it was begun"),
  ].join("\n");
}

function whatIsKnown({ says, notKnown, restore }: Snapshot, style: Style): readonly string[] {
  return [
    ...says.map((line) => slot(style, "is", line)),
    ...notKnown.map((line) => slot(style, "unknown", line)),
    slot(style, "restore", restore),
  ];
}

/** The snapshots of a database, each with what it does not bring back. */
export function renderSnapshots(snapshots: readonly ListedSnapshot[], style: Style): string {
  if (snapshots.length === 0)
    return "no snapshot of this database was made by Lockstep: lockstep snapshot create";
  return snapshots
    .map((snapshot) =>
      [
        `${style.colors.bold(snapshot.name)} by ${snapshot.by}, of ${moment(new Date(snapshot.at))}`,
        slot(style, "place", snapshot.place),
        slot(style, "lacks", sinceInWords(snapshot)),
        ...whatIsKnown(snapshot, style),
      ].join("\n"),
    )
    .join("\n\n");
}

function sinceInWords({ since: { seconds, walBytes, rows } }: ListedSnapshot): string {
  const written =
    rows === undefined
      ? "how many rows were written since is not known: the server's counters began anew"
      : `${count(rows.inserted, "row")} inserted, ${rows.updated} updated, ${rows.deleted} deleted since, the catalog's own among them`;
  const wal = walBytes === undefined ? "" : `, ${bytes(walBytes)} of WAL of the whole server`;
  return `the last ${duration(seconds * 1_000)}: ${written}${wal}`;
}

/** A dump that was restored onto scratch. */
export function renderVerified(verified: Verified, style: Style): string {
  const { name, at, major, tables, rows, differences, restoreMs } = verified;
  const head =
    differences.length === 0
      ? `${style.colors.green("whole")}: ${name} of ${moment(new Date(at))} was restored onto Postgres ${major} in ${duration(restoreMs)}`
      : `${style.colors.red("not whole")}: ${name} of ${moment(new Date(at))} differs, restored onto Postgres ${major}`;
  return [
    head,
    slot(
      style,
      "holds",
      `${count(tables, "table")}, ${count(rows, "row")}; catalog and counts compared`,
    ),
    ...differences.map((line) => slot(style, "differs", line)),
  ].join("\n");
}
