import { readFileSync } from "node:fs";
import { parseExpression } from "@babel/parser";
import { LockstepError } from "../errors/index.ts";
import { child, lineOf, nameOf, nodes, type SyntaxNode } from "./source-modules.ts";

/** JSON written by a person, comments and trailing commas allowed, with the line of each member. */
export interface JsonSource {
  readonly value: unknown;
  /** The line of a member by its path; that of the nearest known member above it otherwise. */
  line(...path: readonly (string | number)[]): number;
}

/**
 * Reads a JSON file that a person wrote.
 * @param shown the file's name in messages
 * @throws LockstepError `contract-source` with file:line
 */
export function readJsonSource(file: string, shown: string): JsonSource {
  const fail = (line: number, found: string): never => {
    throw new LockstepError("contract-source", {
      what: `${shown}:${line}: this is not JSON`,
      expected: "one JSON object (comments and trailing commas are allowed)",
      found,
      from: `${shown}:${line}`,
      next: [`correct ${shown}:${line}`],
    });
  };
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(readFileSync(file));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new LockstepError(
      "contract-source",
      {
        what: `the contract source ${shown} cannot be read`,
        expected: "a file in UTF-8",
        found:
          code === "ENOENT"
            ? "no such file"
            : code === "ERR_ENCODING_INVALID_ENCODED_DATA"
              ? "bytes that are not UTF-8"
              : String(error),
        from: shown,
        next: ["check the path"],
      },
      { cause: error },
    );
  }
  let root: SyntaxNode;
  try {
    root = parseExpression(text) as unknown as SyntaxNode;
  } catch (error) {
    const { loc, message } = error as { loc?: { line: number }; message: string };
    return fail(loc?.line ?? 1, message);
  }
  const lines = new Map<string, number>();
  const valueOf = (node: SyntaxNode, path: readonly (string | number)[]): unknown => {
    if (!lines.has(path.join("\0"))) lines.set(path.join("\0"), lineOf(node));
    switch (node.type) {
      case "StringLiteral":
      case "NumericLiteral":
      case "BooleanLiteral":
        return node["value"];
      case "NullLiteral":
        return null;
      case "ArrayExpression":
        return nodes(node["elements"]).map((item, index) => valueOf(item, [...path, index]));
      case "ObjectExpression":
        return Object.fromEntries(
          nodes(node["properties"]).map((property) => {
            const key = nameOf(child(property, "key"));
            const value = child(property, "value");
            if (key === undefined || value === undefined)
              return fail(lineOf(property), `a ${property.type}`);
            lines.set([...path, key].join("\0"), lineOf(property));
            return [key, valueOf(value, [...path, key])];
          }),
        );
      case "UnaryExpression": {
        const argument = child(node, "argument");
        if (node["operator"] === "-" && argument?.type === "NumericLiteral")
          return -Number(argument["value"]);
        return fail(lineOf(node), "an expression");
      }
      default:
        return fail(lineOf(node), `a ${node.type}`);
    }
  };
  const value = valueOf(root, []);
  return {
    value,
    line: (...path) => {
      for (let length = path.length; length >= 0; length--) {
        const line = lines.get(path.slice(0, length).join("\0"));
        if (line !== undefined) return line;
      }
      return 1;
    },
  };
}
