import type { WayOut } from "./finding.ts";
import type { StatementInput } from "./rule.ts";

const programs: ReadonlySet<string> = new Set(["CallStmt", "DoStmt", "SelectStmt"]);

/** What a block or a routine does is one transaction, and may have a better form outside of it; undefined for a statement. */
export function outOfProgram({ statement: { kind } }: StatementInput): WayOut | undefined {
  if (!programs.has(kind)) return undefined;
  return {
    text: "What a block or a routine does is one transaction. Write the change as a statement of its own: `lockstep check` then says which form of it lets reads and writes go on.",
  };
}
