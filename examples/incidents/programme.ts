/** The seven replays in the order they are told. */
import { enumValueMissing } from "./000-enum-value.ts";
import { dayOne } from "./001-day-one.ts";
import { dayThree } from "./001-day-three.ts";
import { dayTwo } from "./001-day-two.ts";
import { lockQueue } from "./002-lock-queue.ts";
import { missingStep } from "./003-missing-step.ts";
import { droppedColumn } from "./004-dropped-column.ts";
import type { Replay } from "./narration.ts";
import type { ReplayOptions } from "./stage.ts";

export interface Act {
  readonly title: string;
  /** For the table at the end. */
  readonly short: string;
  /** What is about to happen, for someone who never heard of it. */
  readonly plot: string;
  readonly run: (options: ReplayOptions) => Promise<Replay<object, object>>;
}

export const programme: readonly Act[] = [
  {
    title: "The paid order that was never delivered",
    short: "enum value missing in production",
    plot: "Release 2 sells bundles and writes the entitlement kind 'bundle'. Production's enum does not have that value yet. The shop starts, takes money, and answers every webhook with 200.",
    run: enumValueMissing,
  },
  {
    title: "Day one: a column in the schema file only",
    short: "day one: column never migrated",
    plot: "Release 2 adds orders.confirmed_at to its schema file; nobody wrote the migration. The column may be NULL, so what could go wrong? The ORM names every column in every query.",
    run: dayOne,
  },
  {
    title: "Day two: the step that hung, and || true",
    short: "day two: hung behind a pooler",
    plot: "The migration exists now, but the pipeline reaches the database through a connection pooler in transaction mode. The lock that the migrate step took yesterday is still held, by a pooled connection that belongs to nobody.",
    run: dayTwo,
  },
  {
    title: 'Day three: "No changes detected"',
    short: "day three: last attempt recorded",
    plot: "The script pushes the schema only when it changed since the last push. It remembers the last attempt, and yesterday's attempt failed.",
    run: dayThree,
  },
  {
    title: "One ALTER TABLE, and the whole shop waits",
    short: "lock queue behind a report",
    plot: "Adding a column takes milliseconds. But it needs the table for itself, a report is reading it, and every customer who comes later queues behind the ALTER.",
    run: lockQueue,
  },
  {
    title: "The step that only production's pipeline lacked",
    short: "pipeline step missing",
    plot: "The migration has run in staging for weeks. Production's deploy script does not have that line. Everything is green until a customer opens an order.",
    run: missingStep,
  },
  {
    title: "A column dropped while the old release runs",
    short: "column dropped too early",
    plot: "Release 3 no longer needs orders.confirmed_at, so its migration drops it, and then the new code rolls out. Until that is done, two instances of release 2 still ask for the column.",
    run: droppedColumn,
  },
];
