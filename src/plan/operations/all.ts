import { addColumn } from "./add-column.ts";
import { addConstraint } from "./add-constraint.ts";
import { addKey } from "./add-key.ts";
import { changeDefault } from "./change-default.ts";
import { changeType } from "./change-type/index.ts";
import { createIndex } from "./create-index.ts";
import { dropColumn } from "./drop-column.ts";
import { dropConstraint } from "./drop-constraint.ts";
import { dropIndex } from "./drop-index.ts";
import { dropNotNull } from "./drop-not-null.ts";
import { dropObject } from "./drop-object.ts";
import { addExclusion } from "./exclusion.ts";
import type { Operation } from "./operation.ts";
import { renameColumn } from "./rename-column.ts";
import { renameOther } from "./rename-other.ts";
import { renameRelation } from "./rename-relation.ts";
import { setNotNull } from "./set-not-null.ts";

/** Every operation, in the order in which they are asked; the first that knows the statement has it. */
export const operations: readonly Operation[] = [
  addColumn,
  addConstraint,
  addExclusion,
  addKey,
  changeDefault,
  changeType,
  createIndex,
  dropColumn,
  dropConstraint,
  dropIndex,
  dropNotNull,
  dropObject,
  renameColumn,
  renameOther,
  renameRelation,
  setNotNull,
];
