import type { Statement } from "../../sql/index.ts";
import { measuredForms } from "./forms.ts";
import { partsOfForm } from "./parts-of-form.ts";

/** What a program does is derived from the statements in it, never measured as a form. */
const programs: ReadonlySet<string> = new Set(["CallStmt", "DoStmt"]);

/** True when statements of this form, with each of its parts, are among those that were measured on this major. */
export function isMeasured(statement: Pick<Statement, "kind" | "node">, major: number): boolean {
  if (programs.has(statement.kind)) return false;
  return partsOfForm(statement).every((part) => {
    const [from = 0, to = 0] = measuredForms[part] ?? [];
    return from <= major && major <= to;
  });
}
