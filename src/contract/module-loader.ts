import { existsSync, readFileSync } from "node:fs";
import { dirname, join, resolve, sep } from "node:path";
import { pathToFileURL } from "node:url";
import { createJiti, type TransformOptions } from "jiti";
import { pathAliases } from "./path-aliases.ts";
import { Stage } from "./source-child.ts";
import { child, parseModule, walk } from "./source-modules.ts";

/** What a module exports, by name. */
export type Exports = Readonly<Record<string, unknown>>;

/** Loads the user's modules, and packages as the user's modules would. */
export interface ModuleLoader {
  /** @throws Stage `load` */
  file(path: string): Promise<Exports>;
  package<Module>(name: string): Promise<Module>;
  /** Files of the project that were loaded so far: sources, where a map leads from a compiled file to them. */
  loaded(): readonly string[];
}

/**
 * A loader for modules with decorators, in TypeScript or JavaScript, ESM or CommonJS. Types of decorated members are kept
 * for `Reflect` (`emitDecoratorMetadata`), and the aliases in `paths` of tsconfig.json are followed. All goes through one
 * loader, so that no class is there twice.
 */
export function moduleLoader(root: string): ModuleLoader {
  const base = pathToFileURL(join(root, "lockstep-schema.js")).href;
  const compiler = createJiti(base, { fsCache: false });
  const seen = new Set<string>();
  const jiti = createJiti(base, {
    // A proxy over a module that is half loaded would keep what was not there yet: modules of entities refer to each other.
    interopDefault: false,
    moduleCache: true,
    // What was compiled for decorators is nobody else's.
    fsCache: false,
    ...pathAliases(root),
    transform: (options: TransformOptions) => {
      if (options.filename !== undefined) seen.add(options.filename);
      const source = options.ts === true ? withoutAssertions(options.source) : options.source;
      return { code: withInitializers(compiler.transform({ ...options, source })) };
    },
  });
  return {
    file: (path) =>
      jiti
        .import<Exports>(path)
        .catch((error: unknown) => Promise.reject(new Stage("load", error))),
    package: (name) => jiti.import(name),
    loaded: () => {
      const cached = Object.keys(jiti.cache);
      const own = [...new Set([...seen, ...cached])].filter(
        (file) => file.startsWith(sep) && !file.includes(`${sep}node_modules${sep}`),
      );
      return [...new Set(own.flatMap(sourcesOf))];
    },
  };
}

/**
 * `id!: string` without its mark. The compiler here takes what a decorator makes of such a member for an initial value, and
 * refuses it.
 */
function withoutAssertions(source: string): string {
  if (!source.includes("@") || !source.includes("!")) return source;
  const places: number[] = [];
  try {
    const program = parseModule(source, "");
    for (const node of walk(program)) {
      const type = child(node, "typeAnnotation") as { readonly start?: number } | undefined;
      if (node.type !== "ClassProperty" || node["definite"] !== true || type === undefined)
        continue;
      places.push(source.lastIndexOf("!", type.start));
    }
  } catch {
    // The compiler has the better message.
    return source;
  }
  let text = source;
  for (const at of places) text = `${text.slice(0, at)} ${text.slice(at + 1)}`;
  return text;
}

const warning = /function _initializerWarningHelper\((\w+), (\w+)\) \{throw Error\([^)]*\);\}/g;

/**
 * Babel leaves members with decorators to a second plugin, which the compiler here does not have, and has every `new` throw
 * until then. ORMs make instances of what they map; each member begins with its own initial value, as in TypeScript.
 */
function withInitializers(code: string): string {
  return code.replaceAll(
    warning,
    "function _initializerWarningHelper($1, $2) {return $1?.initializer?.call($2);}",
  );
}

/** The sources that a compiled file was made from, where its map lies beside it. */
function sourcesOf(file: string): readonly string[] {
  const map = `${file}.map`;
  if (!existsSync(map)) return [file];
  try {
    const { sources, sourceRoot = "" } = JSON.parse(readFileSync(map, "utf8")) as {
      readonly sources: readonly string[];
      readonly sourceRoot?: string;
    };
    const found = sources
      .map((source) => resolve(dirname(file), sourceRoot, source))
      .filter((source) => existsSync(source));
    return found.length > 0 ? found : [file];
  } catch {
    return [file];
  }
}
