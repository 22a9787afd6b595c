import { addColumnSteps } from "./fix-add-column.ts";
import {
  alterTableOf,
  type AlterTable,
  type AlterTablePart,
  type PartSteps,
} from "./fix-alter-parts.ts";
import { constraintSteps, notNullSteps } from "./fix-constraint.ts";
import type { Step } from "./fix-steps.ts";
import type { StatementInput } from "./rule.ts";

export interface SafeAlter {
  readonly steps: readonly Step[];
  /** True when rows must be filled in between, which the steps alone do not do. */
  readonly needsPlan: boolean;
}

/** The same ALTER TABLE as steps that block nobody for long; undefined when there is no such form. */
export function safeAlterTable(input: StatementInput): SafeAlter | undefined {
  const alter = alterTableOf(input);
  if (alter === undefined) return undefined;
  const steps: Step[] = [];
  let kept: AlterTablePart[] = [];
  let needsPlan = false;
  let changed = false;
  const flush = () => {
    const sql = kept.map((part) => part.sql).join(", ");
    if (kept.length > 0) steps.push({ sql: `${alter.head} ${sql}`, strong: true });
    kept = [];
  };
  for (const part of alter.parts) {
    const instead = partSteps(alter, part);
    if (instead === "none") return undefined;
    if (instead === undefined) {
      kept.push(part);
      continue;
    }
    const swapped = swap(alter, kept, instead.steps);
    if (swapped === undefined) flush();
    else kept = [];
    changed = true;
    steps.push(...(swapped ?? instead.steps));
    needsPlan ||= instead.needsPlan === true;
  }
  flush();
  return changed ? { steps, needsPlan } : undefined;
}

/**
 * The steps of a constraint that takes the place of dropped ones: these go in the statement that adds it, so that there is
 * no time without either. Undefined when there is more before it, or nothing.
 */
function swap(
  { head }: AlterTable,
  before: readonly AlterTablePart[],
  steps: readonly Step[],
): readonly Step[] | undefined {
  const adds = `${head} ADD CONSTRAINT `;
  const onlyDrops = before.every(({ command }) => command.subtype === "AT_DropConstraint");
  const at = steps.findLastIndex(({ sql }) => sql.startsWith(adds));
  if (before.length === 0 || !onlyDrops || at === -1) return undefined;
  const parts = [...before.map(({ sql }) => sql), steps[at]!.sql.slice(head.length + 1)];
  return steps.with(at, { ...steps[at]!, sql: `${head} ${parts.join(", ")}` });
}

/** Subcommands that read or write every row and have no other form. */
const withoutSafeForm: ReadonlySet<string> = new Set([
  "AT_AlterColumnType",
  "AT_AttachPartition",
  "AT_SetAccessMethod",
  "AT_SetExpression",
  "AT_SetLogged",
  "AT_SetTableSpace",
  "AT_SetUnLogged",
]);

function partSteps(alter: AlterTable, part: AlterTablePart): PartSteps {
  const { subtype = "", def, name = "" } = part.command;
  if (withoutSafeForm.has(subtype)) return "none";
  if (subtype === "AT_AddColumn") return addColumnSteps(alter, part);
  if (subtype === "AT_SetNotNull") return { steps: notNullSteps(alter, name) };
  if (subtype === "AT_ValidateConstraint") return { steps: [{ sql: `${alter.head} ${part.sql}` }] };
  return subtype === "AT_AddConstraint" && def !== undefined && "Constraint" in def
    ? constraintSteps(alter, part, def.Constraint)
    : undefined;
}
