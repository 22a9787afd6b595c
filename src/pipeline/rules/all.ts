import { atEveryStart } from "./at-every-start.ts";
import { deploysBeforeMigrating } from "./deploys-before-migrating.ts";
import { ignoresFailure } from "./ignores-failure.ts";
import { missesNewMigration } from "./misses-new-migration.ts";
import { neverMigrates } from "./never-migrates.ts";
import { onlyLower } from "./only-lower.ts";
import { passwordInFile } from "./password-in-file.ts";
import { pushesSchema } from "./pushes-schema.ts";
import { recordsEarly } from "./records-early.ts";
import type { PipelineRule } from "./rule.ts";
import { skipsUnchanged } from "./skips-unchanged.ts";
import { synchronizesInCode } from "./synchronizes-in-code.ts";
import { throughPooler } from "./through-pooler.ts";
import { unguarded } from "./unguarded.ts";
import { unreadable } from "./unreadable.ts";

export const pipelineRules: readonly PipelineRule[] = [
  atEveryStart,
  deploysBeforeMigrating,
  ignoresFailure,
  missesNewMigration,
  neverMigrates,
  onlyLower,
  passwordInFile,
  pushesSchema,
  recordsEarly,
  skipsUnchanged,
  synchronizesInCode,
  throughPooler,
  unguarded,
  unreadable,
];
