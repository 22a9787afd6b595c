import { loadParser } from "../sql/index.ts";

/** `-- lockstep: ignore <rule>[, <rule>] because <reason>`, or `ignore-file`. */
export interface SuppressionComment {
  readonly scope: "statement" | "file";
  readonly rules: readonly string[];
  /** Undefined when none is given: the comment then does nothing. */
  readonly reason: string | undefined;
  /** UTF-16 offset of the comment. */
  readonly start: number;
  /** 1-based. */
  readonly line: number;
  /** UTF-16 offsets of its first character's line. */
  readonly lineStart: number;
  readonly lineEnd: number;
}

/** The suppressions in a text, found through the scanner's comment tokens: never inside a literal. */
export async function suppressionComments(text: string): Promise<readonly SuppressionComment[]> {
  // The scanner costs as much as parsing: most files have no such comment.
  if (!text.includes("lockstep:")) return [];
  const { scanSync } = await loadParser();
  const bytes = Buffer.from(text, "utf8");
  return scanSync(text).tokens.flatMap(({ tokenName, start, end }) => {
    if (!tokenName.endsWith("COMMENT")) return [];
    const said = request(bytes.toString("utf8", start, end));
    if (said === undefined) return [];
    const before = bytes.toString("utf8", 0, start);
    const at = before.length;
    const lineEnd = text.indexOf("\n", at);
    return [
      {
        ...said,
        start: at,
        line: before.split("\n").length,
        lineStart: before.lastIndexOf("\n") + 1,
        lineEnd: lineEnd === -1 ? text.length : lineEnd,
      },
    ];
  });
}

const form =
  /^(?:--|\/\*)\s*lockstep:\s*(?<word>ignore-file|ignore)(?:\s+(?<rest>[^]*?))?\s*(?:\*\/)?$/;

/** What one comment asks for; undefined for any other comment. */
function request(
  comment: string,
): Pick<SuppressionComment, "scope" | "rules" | "reason"> | undefined {
  const { word, rest = "" } = form.exec(comment)?.groups ?? {};
  if (word === undefined) return undefined;
  const [, list = "", reason = ""] = /^([^]*?)(?:\bbecause\b([^]*))?$/.exec(rest) ?? [];
  const rules = list.split(/[\s,]+/).filter((rule) => rule !== "");
  const words = reason.replaceAll(/\s+/g, " ").trim();
  return {
    scope: word === "ignore-file" ? "file" : "statement",
    rules,
    reason: words === "" ? undefined : words,
  };
}
