import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Known } from "./project.ts";

/** A line of a file that names the variable, in the order in which they are believed. */
interface Place {
  readonly files: readonly string[];
  /** The name is the first group. */
  readonly line: RegExp;
}

const inCode =
  /(?:process\.env\.|process\.env\[["']|\benv\(["']|\benv\.)(\w*(?:URL|DATABASE|POSTGRES|PG|DB)\w*)/i;

/** The same of a whole URL: settings also take it apart, into a host and a user. */
const urlInCode =
  /(?:process\.env\.|process\.env\[["']|\benv\(["']|\benv\.)(\w*(?:URL|URI|DSN|CONNECTION)\w*)/i;

const places: readonly Place[] = [
  // A pooler stands behind `url` where there is a `directUrl`: migrations go past it.
  {
    files: [
      "prisma/schema.prisma",
      "schema.prisma",
      "prisma.config.ts",
      "prisma/schema/schema.prisma",
    ],
    line: /\bdirectUrl\s*[=:]\s*(?:env\(["']|process\.env\.)(\w+)/,
  },
  {
    files: [
      "drizzle.config.ts",
      "drizzle.config.js",
      "prisma.config.ts",
      "knexfile.ts",
      "knexfile.js",
    ],
    line: inCode,
  },
  {
    files: ["prisma/schema.prisma", "schema.prisma", "prisma/schema/schema.prisma"],
    line: /\burl\s*=\s*env\(["'](\w+)/,
  },
  {
    files: [
      ".env.example",
      ".env.sample",
      ".env.template",
      ".env.dist",
      ".env.local.example",
      ".env",
    ],
    line: /^(?:export\s+)?(\w+)\s*=\s*["']?postgres(?:ql)?:\/\//,
  },
  {
    files: [
      ".env.example",
      ".env.sample",
      ".env.template",
      ".env.dist",
      ".env.local.example",
      ".env",
    ],
    line: /^(?:export\s+)?(\w*(?:DATABASE|POSTGRES|PG|DB)_?UR[LI]\w*)\s*=/i,
  },
];

/**
 * The environment variable that a package takes its database's URL from. Files of the package come before those of the
 * folders around it. Of files with values only names are read.
 *
 * @param folders absolute, the package's own first
 * @param show how a path is shown
 * @param settings files that the migrations' own command reads, wherever they are, absolute
 */
export function urlVariable(
  folders: readonly string[],
  show: (path: string) => string,
  settings: readonly string[] = [],
): Known<string> {
  for (const path of settings) {
    const found = variableIn(path, urlInCode, show);
    if (found !== undefined) return found;
  }
  for (const folder of folders)
    for (const { files, line } of places)
      for (const file of files) {
        const found = variableIn(join(folder, file), line, show);
        if (found !== undefined) return found;
      }
  return { value: "DATABASE_URL", because: "assumed: no file names another" };
}

/** The first line of a file that names one, comments left away. */
function variableIn(
  path: string,
  line: RegExp,
  show: (path: string) => string,
): Known<string> | undefined {
  for (const [index, text] of linesOf(path).entries()) {
    const name = /^\s*(?:\/\/|#)/.test(text) ? undefined : line.exec(text)?.[1];
    if (name !== undefined) return { value: name, because: `${show(path)}:${index + 1}` };
  }
  return undefined;
}

/** None of a file that is not there, or that this user may not read. */
function linesOf(path: string): readonly string[] {
  try {
    return readFileSync(path, "utf8").split("\n");
  } catch {
    return [];
  }
}
