import type { Catalog } from "../../catalog/index.ts";
import type { Statement } from "../../sql/index.ts";
import type { PlannedOperation } from "../model.ts";

/** One naive statement, and the catalogs on both sides of it as a scratch server had them. */
export interface OperationInput {
  readonly statement: Statement;
  readonly before: Catalog;
  readonly after: Catalog;
  readonly plan: string;
}

/**
 * A kind of change that has a way in phases.
 *
 * @returns undefined when the statement is something else
 */
export type Operation = (input: OperationInput) => PlannedOperation | undefined;
