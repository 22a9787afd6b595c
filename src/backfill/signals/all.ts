import { archiver } from "./archiver.ts";
import { latency } from "./latency.ts";
import { lockWaiters } from "./lock-waiters.ts";
import { replicas } from "./replicas.ts";
import { sessions } from "./sessions.ts";
import type { Signal } from "./signal.ts";
import { slots } from "./slots.ts";
import { vacuum } from "./vacuum.ts";
import { wal } from "./wal.ts";

/** Everything that a backfill looks at. What one signal reads only itself understands. */
export const signals = [
  replicas,
  slots,
  lockWaiters,
  latency,
  wal,
  sessions,
  archiver,
  vacuum,
] as readonly Signal<unknown, unknown>[];
