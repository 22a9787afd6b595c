import { existsSync, readFileSync, readdirSync, statSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { LockstepError } from "../errors/index.ts";
import type { PrismaFile } from "./prisma-syntax.ts";
import { child, nameOf, nodes, SourceModules, type Placed } from "./source-modules.ts";

/** Where Prisma looks when nothing names the schema (manual, "Prisma schema location"). */
const usualPlaces = ["schema.prisma", "prisma/schema.prisma", "prisma/schema"];

const configs = ["prisma.config", ".config/prisma"].flatMap((base) =>
  ["ts", "mts", "cts", "js", "mjs", "cjs"].map((ending) => `${base}.${ending}`),
);

/**
 * The schema file or folder of a project as Prisma finds it: named in prisma.config, else in package.json, else in its usual
 * places. Undefined when there is none.
 * @throws LockstepError `contract-source` when prisma.config computes the name
 */
export function findPrismaSchema(root: string): string | undefined {
  const config = configs.map((name) => join(root, name)).find((path) => existsSync(path));
  const named =
    (config === undefined ? undefined : namedInConfig(config, root)) ?? namedInManifest(root);
  return [...(named === undefined ? [] : [named]), ...usualPlaces]
    .map((path) => resolve(root, path))
    .find((path) => existsSync(path));
}

/**
 * The files of a schema: the one that is named, or every `.prisma` file in the named folder and below it, in order.
 * @param schema file or folder, relative to `root`; looked for when left away
 * @throws LockstepError `contract-source`
 */
export function readPrismaFiles(root: string, schema: string | undefined): readonly PrismaFile[] {
  const place = schema === undefined ? findPrismaSchema(root) : resolve(root, schema);
  if (place === undefined || !existsSync(place))
    throw new LockstepError("contract-source", {
      what: "the Prisma schema is not there",
      expected:
        schema === undefined
          ? `a schema that prisma.config or package.json names, or one of ${usualPlaces.join(", ")}`
          : "a .prisma file, or a folder of them",
      found: "no such file",
      from: schema ?? root,
      next: ['name it in lockstep.config.ts: contract: { prisma: "path/to/schema.prisma" }'],
    });
  const paths = statSync(place).isDirectory() ? below(place) : [place];
  if (paths.length === 0)
    throw new LockstepError("contract-source", {
      what: "the folder of the Prisma schema holds no schema",
      expected: "files that end in .prisma",
      found: "none",
      from: relative(root, place),
      next: ["name the right folder in contract.prisma"],
    });
  return paths.map((path) => ({ name: relative(root, path), text: readFileSync(path, "utf8") }));
}

function below(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".prisma"))
    .sort()
    .map((name) => join(folder, name));
}

/** `"prisma": { "schema": "…" }` in package.json, as Prisma before 7 has it. */
function namedInManifest(root: string): string | undefined {
  const path = join(root, "package.json");
  if (!existsSync(path)) return undefined;
  try {
    const manifest = JSON.parse(readFileSync(path, "utf8")) as { prisma?: { schema?: unknown } };
    const named = manifest.prisma?.schema;
    return typeof named === "string" ? named : undefined;
  } catch {
    return undefined;
  }
}

/** What `schema` of prisma.config says; the file is read, not run, for it asks for variables that lead to databases. */
function namedInConfig(file: string, root: string): string | undefined {
  const modules = new SourceModules();
  const config = objectBehind(modules.exported(file, "default"), modules);
  const property = nodes(config?.node["properties"]).find(
    (one) => nameOf(child(one, "key")) === "schema",
  );
  const value = property && child(property, "value");
  if (config === undefined || value === undefined) return undefined;
  const path = pathIn({ file: config.file, node: value }, modules);
  if (path !== undefined) return resolve(dirname(file), path);
  throw new LockstepError("contract-source", {
    what: "where the Prisma schema is cannot be read",
    expected: 'a text, e.g. schema: "prisma/schema.prisma", or path.join("prisma", "schema")',
    found: "something computed",
    from: `${relative(root, config.file)}:${value.loc?.start.line ?? 1}`,
    next: ['name it in lockstep.config.ts: contract: { prisma: "path/to/schema.prisma" }'],
  });
}

/** The object in `defineConfig({ … })`, `{ … } satisfies PrismaConfig` or a constant. */
function objectBehind(
  from: Placed | undefined,
  modules: SourceModules,
  depth = 0,
): Placed | undefined {
  if (from === undefined || depth > 10) return undefined;
  const { file, node } = from;
  if (node.type === "ObjectExpression") return from;
  if (node.type === "Identifier")
    return objectBehind(modules.named(file, String(node["name"])), modules, depth + 1);
  const inner = nodes(node["arguments"])[0] ?? child(node, "expression");
  return inner && objectBehind({ file, node: inner }, modules, depth + 1);
}

/** `"a/b"`, `path.join("a", "b")` and `resolve(__dirname, "a")`; undefined for anything else. */
function pathIn({ file, node }: Placed, modules: SourceModules, depth = 0): string | undefined {
  if (depth > 10) return undefined;
  if (node.type === "StringLiteral") return nameOf(node);
  if (node.type === "Identifier" && node["name"] === "__dirname") return dirname(file);
  if (node.type === "MemberExpression" && nameOf(child(node, "property")) === "dirname")
    return dirname(file);
  if (node.type === "Identifier") {
    const named = modules.named(file, String(node["name"]));
    return named && pathIn(named, modules, depth + 1);
  }
  if (node.type !== "CallExpression") return undefined;
  const callee = child(node, "callee");
  const called = nameOf(callee) ?? nameOf(callee && child(callee, "property"));
  if (called !== "join" && called !== "resolve") return undefined;
  const parts = nodes(node["arguments"]).map((one) =>
    pathIn({ file, node: one }, modules, depth + 1),
  );
  return parts.includes(undefined) ? undefined : join(...(parts as string[]));
}
