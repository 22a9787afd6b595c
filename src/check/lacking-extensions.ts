import type { Effect } from "../effects/index.ts";
import type { EffectQuestion } from "../rules/index.ts";
import type { Note } from "./report.ts";

/** `extension "…" is not available`, and before 15 `could not open extension control file` (extension.c). */
const notAvailable: ReadonlySet<string | undefined> = new Set(["0A000", "58P01"]);

/**
 * Extensions that migrations ask for and the scratch server does not have. What fails there for want of them, and would
 * not by the prediction, is told as predicted: production may well have them.
 */
export class LackingExtensions {
  readonly #names = new Set<string>();
  readonly #notes: Note[];

  constructor(notes: Note[]) {
    this.#notes = notes;
  }

  /** True when the scratch server no longer has all that the migrations made. */
  get any(): boolean {
    return this.#names.size > 0;
  }

  /** True when the failure that was observed is the scratch server's own. */
  explain({ statement, file }: EffectQuestion, observed: Effect, predicted: Effect): boolean {
    if (!fails(observed) || fails(predicted)) return false;
    const { node } = statement;
    if ("CreateExtensionStmt" in node && isNotAvailable(observed)) {
      const { extname = "" } = node.CreateExtensionStmt;
      if (!this.#names.has(extname))
        this.#notes.push({
          kind: "not-observed",
          message: `the scratch server does not have the extension ${extname}: what needs it is predicted`,
          file,
          line: statement.line,
        });
      this.#names.add(extname);
    }
    return this.any;
  }
}

function fails({ failures }: Effect): boolean {
  return failures.some(({ when }) => when === "always");
}

function isNotAvailable({ failures }: Effect): boolean {
  return failures.some(({ sqlState }) => notAvailable.has(sqlState));
}
