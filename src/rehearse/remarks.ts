import { qualifiedName } from "../catalog/index.ts";
import type { FilledClone } from "../clone/index.ts";
import type { Sizes } from "../effects/index.ts";
import type { NativeLedger } from "../tools/index.ts";
import type { RehearseRequest } from "./request.ts";

/** From so many bytes on it matters whether a table is as large as it should be. */
const large = 1_000_000;
/** A table that is so many times larger or smaller than it should be is told of. */
const far = 1.5;

/** What of a clone is not as in the source. */
export function remarksOn(
  { tables, lacking }: FilledClone,
  scale: number,
  statistics: Sizes,
  ledger: NativeLedger | undefined,
): readonly string[] {
  const remarks: string[] = [];
  for (const { relation, rows } of tables) {
    const source = statistics.relations[relation];
    if (source === undefined)
      remarks.push(
        `${relation} is made by the applied migrations and is not in the source: what touches it is refused there`,
      );
    if (source?.isGuessed === true)
      remarks.push(
        `nothing has counted the rows of ${relation} in the source: that it has ${source.rows} is guessed from its size; ANALYZE it there`,
      );
    const columns = source?.shape?.columns ?? {};
    if (rows > 0 && Object.keys(columns).length === 0)
      remarks.push(
        `nothing is known of the columns of ${relation}: never analyzed, or not to be read by the role that exported; its values are made without nulls, a hundred different ones in each column`,
      );
  }
  for (const { relation, wanted, rows, reason, unlike, unlinked } of tables) {
    if (reason !== undefined) remarks.push(`${relation} has ${rows} of ${wanted} rows: ${reason}`);
    if (unlike.length > 0)
      remarks.push(
        `${relation}: the values of ${unlike.join(", ")} are those that its CHECKs name, not spread as in the source`,
      );
    if (unlinked.length > 0)
      remarks.push(
        `${relation}: ${unlinked.join(", ")} is NULL in every row: the rows that it would refer to were not there yet`,
      );
  }
  remarks.push(...lackingRemarks({ lacking }, ledger));
  for (const { relation, bytes, wantedBytes } of tables) {
    const times = bytes / wantedBytes;
    if (wantedBytes > large && (times > far || times < 1 / far))
      remarks.push(
        `${relation} takes ${times.toFixed(2)} × the bytes that it has in the source, by scale ${scale}${bloatOf(statistics.relations[relation])}`,
      );
  }
  return remarks;
}

/** What the source has applied and this checkout does not have: its schema is another one than the clone's. */
export function unknownRemarks({
  applied,
  folder,
}: Pick<RehearseRequest, "applied" | "folder">): readonly string[] {
  const own = new Set(folder.migrations.map(({ id }) => id));
  return [...applied]
    .filter((id) => !own.has(id))
    .map(
      (id) => `${id} is applied in the source and not in ${folder.path}: it is not in the clone`,
    );
}

/** Relations of the source that are not in the clone; ledgers are there in another way. */
export function lackingRemarks(
  { lacking }: Pick<FilledClone, "lacking">,
  ledger: NativeLedger | undefined,
): readonly string[] {
  const isLedger = (name: string) =>
    name.startsWith("lockstep.") ||
    (ledger !== undefined && name === qualifiedName(ledger.schema, ledger.table));
  return lacking
    .filter((name) => !isLedger(name))
    .map(
      (name) =>
        `${name} is in the source and no applied migration makes it: it is not in the clone`,
    );
}

/** A clone has no bloat: where the source has much, that is why its table is smaller. */
function bloatOf(size: Sizes["relations"][string] | undefined): string {
  const bloat = size?.shape?.bloatBytes ?? 0;
  if (size === undefined || bloat < size.bytes / far / 2) return "";
  return `: ${Math.round((100 * bloat) / size.bytes)} % of its heap there are bloat, which a clone has none of`;
}
