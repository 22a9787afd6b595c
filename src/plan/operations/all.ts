import { addColumn } from "./add-column.ts";
import { addConstraint } from "./add-constraint.ts";
import { addKey } from "./add-key.ts";
import { alterConstraint } from "./alter-constraint.ts";
import { changeComposite } from "./change-composite.ts";
import { changeDefault } from "./change-default.ts";
import { deleteRows, insertRows, updateRows, rowsByPrograms } from "./change-rows/index.ts";
import { changeTypeBehindViews } from "./change-type/behind-views.ts";
import { changeType } from "./change-type/index.ts";
import { convertColumns } from "./convert-columns/index.ts";
import { createIndex } from "./create-index.ts";
import { createRule } from "./create-rule.ts";
import { dropColumn } from "./drop-column.ts";
import { dropConstraint } from "./drop-constraint.ts";
import { dropIndex } from "./drop-index.ts";
import { dropNotNull } from "./drop-not-null.ts";
import { dropObject } from "./drop-object.ts";
import { addExclusion } from "./exclusion.ts";
import { freeType } from "./free-type.ts";
import type { Operation } from "./operation.ts";
import { attachOrDetach } from "./partitions.ts";
import { partitionTable } from "./partition-table.ts";
import { renameColumn } from "./rename-column.ts";
import { renameOther } from "./rename-other.ts";
import { renameRelation } from "./rename-relation.ts";
import { replaceRoutine } from "./replace-routine.ts";
import { replaceTrigger } from "./replace-trigger.ts";
import { replaceView } from "./replace-view.ts";
import { replaceEnum } from "./replace-enum.ts";
import { sameType } from "./same-type.ts";
import { setNotNull } from "./set-not-null.ts";
import { moveColumns } from "./move-columns/index.ts";
import { moveStorage } from "./storage.ts";
import { truncate } from "./truncate.ts";

/** Every operation, in the order in which they are asked; the first that knows the statement has it. */
export const operations: readonly Operation[] = [
  // Takes what others would take one by one.
  partitionTable,
  convertColumns,
  replaceEnum,
  sameType,
  freeType,
  changeTypeBehindViews,
  changeType,
  moveColumns,
  addColumn,
  addConstraint,
  addExclusion,
  addKey,
  alterConstraint,
  attachOrDetach,
  changeComposite,
  changeDefault,
  createIndex,
  createRule,
  deleteRows,
  dropColumn,
  dropConstraint,
  dropIndex,
  dropNotNull,
  // What is dropped to be made anew is no drop.
  replaceRoutine,
  replaceTrigger,
  replaceView,
  dropObject,
  insertRows,
  moveStorage,
  renameColumn,
  renameOther,
  renameRelation,
  rowsByPrograms,
  setNotNull,
  truncate,
  updateRows,
];
