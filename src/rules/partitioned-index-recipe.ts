import {
  findRelation,
  partitionsOf,
  searchPathOf,
  type Relation,
  type World,
} from "../effects/index.ts";
import type { WayOut } from "./finding.ts";
import { stepsInstead, type Step } from "./fix-steps.ts";
import type { StatementInput } from "./rule.ts";
import { sqlName, sqlRelation } from "./sql-names.ts";

export interface WantedIndex {
  /** The partitioned table. */
  readonly table: Relation;
  /** The table as SQL. */
  readonly shown: string;
  /** Name of the index on it. */
  readonly name: string;
  readonly unique: boolean;
  /** What follows the table's name in CREATE INDEX: `USING btree (a, lower(b)) WHERE c`. */
  readonly definition: string;
  /** Name of the index on a partition; undefined when it cannot be told. */
  readonly nameFor: (partition: Relation, index: string, parent: Relation) => string | undefined;
}

/** Longest name in bytes (NAMEDATALEN - 1). */
const longestName = 63;

/**
 * An index of a partitioned table built without blocking writes: an empty, invalid one on the parent (ON ONLY), one
 * CONCURRENTLY on each partition, and ATTACH PARTITION for each; the parent's becomes valid with the last of them
 * (manual, CREATE INDEX, "Building Indexes Concurrently"). Every step is a transaction of its own. Partitions that are
 * partitioned themselves are descended into.
 *
 * @returns undefined when an index has no name
 */
export function partitionedIndexSteps(
  world: World,
  { table, shown, name, unique, definition, nameFor }: WantedIndex,
): readonly Step[] | undefined {
  const create = `CREATE ${unique ? "UNIQUE " : ""}INDEX`;
  const steps: Step[] = [
    { sql: `${create} ${sqlName(name)} ON ONLY ${shown} ${definition}`, strong: true },
  ];
  for (const partition of partitionsOf(world, table.id)) {
    if (partition.kind === "foreign table") continue;
    const own = nameFor(partition, name, table);
    if (own === undefined) return undefined;
    const place = sqlRelation(partition);
    const wanted = { table: partition, shown: place, name: own, unique, definition, nameFor };
    const built =
      partition.kind === "partitioned table"
        ? partitionedIndexSteps(world, wanted)
        : [
            {
              sql: `${create} CONCURRENTLY ${sqlName(own)} ON ${place} ${definition}`,
              concurrent: true,
            },
          ];
    if (built === undefined) return undefined;
    const [parent, child] = [
      sqlRelation({ schema: table.schema, name }),
      sqlRelation({ schema: partition.schema, name: own }),
    ];
    steps.push(...built, {
      sql: `ALTER INDEX ${parent} ATTACH PARTITION ${child}`,
      strong: true,
    });
  }
  return steps;
}

/** The parent's index name with the partition's name in the place of the parent's: `metrics_2024_taken_at_idx`. */
export function nameLikeParents(partition: Relation, index: string, parent: Relation): string {
  const rest = index.startsWith(`${parent.name}_`) ? index.slice(parent.name.length + 1) : index;
  const whole = `${partition.name}_${rest}`;
  if (Buffer.byteLength(whole) <= longestName) return whole;
  const ending = `_${partition.id}_idx`;
  const head = Buffer.from(partition.name, "utf8").toString("utf8", 0, longestName - ending.length);
  return `${head.replace(/\uFFFD$/, "")}${ending}`;
}

/** CREATE INDEX on a partitioned table, with the names that Postgres would have given to the partitions' indexes. */
export function indexOfPartitions(input: StatementInput): WayOut | undefined {
  const { statement, world, after, session, text: source } = input;
  const { node } = statement;
  if (!("IndexStmt" in node) || node.IndexStmt.relation === undefined) return undefined;
  const { relation: range, unique = false } = node.IndexStmt;
  const named = { schema: range.schemaname, name: range.relname ?? "" };
  const table = findRelation(world, named, searchPathOf(session));
  if (table?.kind !== "partitioned table") return undefined;
  const text =
    "Postgres builds no index of a partitioned table concurrently: make the index for the parent alone, build those of the partitions with CONCURRENTLY, then attach them.";
  const made = [...after.relations.values()].filter(
    ({ id, index }) => index !== undefined && world.counter.next <= id,
  );
  const nameOf = ({ id }: Relation) => made.find(({ index }) => index?.table === id)?.name;
  const name = nameOf(table);
  if (name === undefined || range.inh !== true) return { text };
  const place = source.at(range.location);
  const behind = place + (source.tokens[place + 1]?.text === "." ? 3 : 1);
  const steps = partitionedIndexSteps(world, {
    table,
    shown: source.nameAt(range.location),
    name,
    unique,
    definition: source.slice(behind, source.tokens.length),
    nameFor: nameOf,
  });
  return steps === undefined ? { text } : stepsInstead(input, text, steps);
}
