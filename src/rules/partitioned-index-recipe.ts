import { partitionsOf, type Relation, type World } from "../effects/index.ts";
import { sqlName, sqlRelation } from "./sql-names.ts";

export interface WantedIndex {
  /** The partitioned table. */
  readonly table: Relation;
  /** Name of the index on it. */
  readonly name: string;
  readonly unique: boolean;
  /** What follows the table's name in CREATE INDEX: `USING btree (a, lower(b)) WHERE c`. */
  readonly definition: string;
}

/** Longest name in bytes (NAMEDATALEN - 1). */
const longestName = 63;

/**
 * An index of a partitioned table built without blocking writes: an empty, invalid one on the parent (ON ONLY), one
 * CONCURRENTLY on each partition, and ATTACH PARTITION for each; the parent's becomes valid with the last of them
 * (manual, CREATE INDEX, "Building Indexes Concurrently"). Every statement is a transaction of its own; the result
 * must not run inside a transaction block. Partitions that are partitioned themselves are descended into.
 */
export function partitionedIndexRecipe(world: World, wanted: WantedIndex): string {
  return steps(world, wanted).join("\n\n");
}

function steps(world: World, wanted: WantedIndex): readonly string[] {
  const { table, name, unique, definition } = wanted;
  const create = `CREATE ${unique ? "UNIQUE " : ""}INDEX`;
  const lines = [`${create} ${sqlName(name)} ON ONLY ${sqlRelation(table)} ${definition};`];
  for (const partition of partitionsOf(world, table.id)) {
    if (partition.kind === "foreign table") continue;
    const partName = nameFor(partition, name, table);
    const part = { ...wanted, table: partition, name: partName };
    if (partition.kind === "partitioned table") lines.push(...steps(world, part));
    else
      lines.push(
        `${create} CONCURRENTLY ${sqlName(partName)} ON ${sqlRelation(partition)} ${definition};`,
      );
    const parent = `${sqlName(table.schema)}.${sqlName(name)}`;
    const child = `${sqlName(partition.schema)}.${sqlName(partName)}`;
    lines.push(`ALTER INDEX ${parent} ATTACH PARTITION ${child};`);
  }
  return lines;
}

/** The parent's index name with the partition's name in the place of the parent's: `metrics_2024_taken_at_idx`. */
function nameFor(partition: Relation, index: string, parent: Relation): string {
  const rest = index.startsWith(`${parent.name}_`) ? index.slice(parent.name.length + 1) : index;
  const whole = `${partition.name}_${rest}`;
  if (Buffer.byteLength(whole) <= longestName) return whole;
  const ending = `_${partition.id}_idx`;
  const head = Buffer.from(partition.name, "utf8").toString("utf8", 0, longestName - ending.length);
  return `${head.replace(/\uFFFD$/, "")}${ending}`;
}
