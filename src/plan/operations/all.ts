import { addColumn } from "./add-column.ts";
import { addConstraint } from "./add-constraint.ts";
import { addKey } from "./add-key.ts";
import { changeType } from "./change-type/index.ts";
import { createIndex } from "./create-index.ts";
import { dropConstraint } from "./drop-constraint.ts";
import { dropIndex } from "./drop-index.ts";
import type { Operation } from "./operation.ts";
import { renameColumn } from "./rename-column.ts";
import { setNotNull } from "./set-not-null.ts";

/** Every operation, in the order in which they are asked; the first that knows the statement has it. */
export const operations: readonly Operation[] = [
  addColumn,
  addConstraint,
  addKey,
  changeType,
  createIndex,
  dropConstraint,
  dropIndex,
  renameColumn,
  setNotNull,
];
