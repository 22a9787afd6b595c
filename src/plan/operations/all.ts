import type { Operation } from "./operation.ts";
import { renameColumn } from "./rename-column.ts";

/** Every operation, in the order in which they are asked; the first that knows the statement has it. */
export const operations: readonly Operation[] = [renameColumn];
