import { addConstraint } from "./add-constraint.ts";
import type { Operation } from "./operation.ts";
import { renameColumn } from "./rename-column.ts";
import { setNotNull } from "./set-not-null.ts";

/** Every operation, in the order in which they are asked; the first that knows the statement has it. */
export const operations: readonly Operation[] = [addConstraint, renameColumn, setNotNull];
