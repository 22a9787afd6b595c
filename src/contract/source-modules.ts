import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join, resolve, sep } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parse } from "@babel/parser";
import type { Jiti } from "jiti";

/** A syntax tree node as @babel/parser gives it; members are read by name. */
export interface SyntaxNode {
  readonly type: string;
  readonly loc?: { readonly start: { readonly line: number } } | null;
  readonly [member: string]: unknown;
}

/** An expression with the file it stands in, which its names belong to. */
export interface Placed {
  readonly file: string;
  readonly node: SyntaxNode;
}

interface Link {
  readonly source: string;
  readonly name: string;
}

interface SourceModule {
  readonly file: string;
  readonly program: SyntaxNode;
  /** Top-level names and what they are set to. */
  readonly names: ReadonlyMap<string, SyntaxNode>;
  /** Top-level types: the same name may stand for a value too. */
  readonly types: ReadonlyMap<string, SyntaxNode>;
  readonly imports: ReadonlyMap<string, Link>;
  readonly exports: ReadonlyMap<string, Link | string>;
  readonly starExports: readonly string[];
}

/** What a name is looked up among. */
type Space = "names" | "types";

/** Source files read as text and followed through imports and re-exports. Nothing is run. */
export class SourceModules {
  readonly #known = new Map<string, SourceModule | undefined>();
  readonly #packages: Packages | undefined;

  /** @param packages finds what is imported by a package's name or an alias; without it only relative imports are followed */
  constructor(packages?: Packages) {
    this.#packages = packages;
  }

  /** What a module exports under a name, followed to the module that declares it. */
  exported(file: string, name: string, space: Space = "names", depth = 0): Placed | undefined {
    const module = this.#read(file);
    if (module === undefined || depth > 20) return undefined;
    const target = module.exports.get(name);
    if (typeof target === "string") return this.named(file, target, space, depth + 1);
    if (target !== undefined) return this.#follow(file, target, space, depth);
    for (const source of module.starExports) {
      const found = this.#follow(file, { source, name }, space, depth);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** What a name stands for inside a module. */
  named(file: string, name: string, space: Space = "names", depth = 0): Placed | undefined {
    const module = this.#read(file);
    if (module === undefined || depth > 20) return undefined;
    const node = module[space].get(name);
    if (node !== undefined) return { file, node };
    const link = module.imports.get(name);
    return link === undefined ? undefined : this.#follow(file, link, space, depth);
  }

  /** The whole module, for a search. */
  program(file: string): SyntaxNode | undefined {
    return this.#read(file)?.program;
  }

  #follow(file: string, { source, name }: Link, space: Space, depth: number): Placed | undefined {
    const target = source.startsWith(".")
      ? findModule(file, source)
      : this.#packages && findPackage(file, source, this.#packages);
    return target === undefined ? undefined : this.exported(target, name, space, depth + 1);
  }

  #read(file: string): SourceModule | undefined {
    if (!this.#known.has(file)) this.#known.set(file, readModule(file));
    return this.#known.get(file);
  }
}

const endings = ["", ".ts", ".tsx", ".mts", ".cts", ".js", ".mjs", ".cjs", ".jsx"];

/** What resolves imports that are not relative. */
type Packages = Pick<Jiti, "esmResolve">;

/** A package of the same repository, or an alias, as a file. Installed packages are not followed: nobody edits them. */
function findPackage(from: string, source: string, packages: Packages): string | undefined {
  const url = packages.esmResolve(source, { parentURL: pathToFileURL(from).href, try: true });
  if (url === undefined || !url.startsWith("file:")) return undefined;
  const file = fileURLToPath(url);
  return file.includes(`${sep}node_modules${sep}`) ? undefined : file;
}

/** A relative import as a file. */
function findModule(from: string, source: string): string | undefined {
  const base = resolve(dirname(from), source);
  // `./orders.js` names orders.ts in TypeScript sources.
  const bases = [base, base.replace(/\.([cm]?)js$/, ".$1ts"), base.replace(/\.js$/, ".tsx")];
  return bases
    .flatMap((path) => [
      ...endings.map((ending) => path + ending),
      ...endings.slice(1).map((ending) => join(path, `index${ending}`)),
    ])
    .find((path) => existsSync(path) && statSync(path).isFile());
}

/** The syntax tree of TypeScript or JavaScript; `file` tells by its ending whether there may be JSX. */
export function parseModule(text: string, file: string): SyntaxNode {
  return parse(text, {
    sourceType: "unambiguous",
    errorRecovery: true,
    plugins: ["typescript", "decorators-legacy", ...(file.endsWith("x") ? ["jsx" as const] : [])],
  }).program as unknown as SyntaxNode;
}

function readModule(file: string): SourceModule | undefined {
  let program: SyntaxNode;
  try {
    program = parseModule(readFileSync(file, "utf8"), file);
  } catch {
    return undefined;
  }
  const names = new Map<string, SyntaxNode>();
  const types = new Map<string, SyntaxNode>();
  const imports = new Map<string, Link>();
  const exports = new Map<string, Link | string>();
  const starExports: string[] = [];
  for (const statement of nodes(program["body"])) {
    const source = text(child(statement, "source")?.["value"]);
    if (statement.type === "ImportDeclaration" && source !== undefined) {
      for (const specifier of nodes(statement["specifiers"])) {
        const local = nameOf(child(specifier, "local"));
        const imported =
          specifier.type === "ImportDefaultSpecifier"
            ? "default"
            : nameOf(child(specifier, "imported"));
        if (local !== undefined && imported !== undefined)
          imports.set(local, { source, name: imported });
      }
    } else if (statement.type === "ExportAllDeclaration" && source !== undefined) {
      starExports.push(source);
    } else if (statement.type === "ExportNamedDeclaration") {
      const declared = child(statement, "declaration");
      for (const name of declare(declared, names)) exports.set(name, name);
      const type = declareType(declared, types);
      if (type !== undefined) exports.set(type, type);
      for (const specifier of nodes(statement["specifiers"])) {
        const local = nameOf(child(specifier, "local"));
        const exported = nameOf(child(specifier, "exported"));
        if (local !== undefined && exported !== undefined)
          exports.set(exported, source === undefined ? local : { source, name: local });
      }
    } else if (statement.type === "ExportDefaultDeclaration") {
      const declared = child(statement, "declaration");
      if (declared !== undefined) names.set("default", declared);
      const type = declareType(declared, types);
      exports.set("default", type ?? "default");
    } else {
      declare(statement, names);
      declareType(statement, types);
    }
  }
  return { file, program, names, types, imports, exports, starExports };
}

const typeDeclarations = new Set([
  "TSInterfaceDeclaration",
  "TSTypeAliasDeclaration",
  "TSEnumDeclaration",
]);

function declareType(
  statement: SyntaxNode | undefined,
  types: Map<string, SyntaxNode>,
): string | undefined {
  if (statement === undefined || !typeDeclarations.has(statement.type)) return undefined;
  const name = nameOf(child(statement, "id"));
  if (name !== undefined) types.set(name, statement);
  return name;
}

function declare(
  statement: SyntaxNode | undefined,
  names: Map<string, SyntaxNode>,
): readonly string[] {
  if (statement?.type === "FunctionDeclaration") {
    const name = nameOf(child(statement, "id"));
    if (name === undefined) return [];
    names.set(name, statement);
    return [name];
  }
  if (statement?.type !== "VariableDeclaration") return [];
  return nodes(statement["declarations"]).flatMap((declarator) => {
    const name = nameOf(child(declarator, "id"));
    const value = child(declarator, "init");
    if (name === undefined || value === undefined) return [];
    names.set(name, value);
    return [name];
  });
}

/** The members of a list that are nodes. */
export function nodes(value: unknown): readonly SyntaxNode[] {
  return Array.isArray(value) ? value.filter(isNode) : [];
}

/** A member that is a node. */
export function child(node: SyntaxNode, member: string): SyntaxNode | undefined {
  const value = node[member];
  return isNode(value) ? value : undefined;
}

/** The text of an identifier or string literal. */
export function nameOf(node: SyntaxNode | undefined): string | undefined {
  if (node?.type === "Identifier") return text(node["name"]);
  return node?.type === "StringLiteral" ? text(node["value"]) : undefined;
}

export function lineOf(node: SyntaxNode): number {
  return node.loc?.start.line ?? 1;
}

/** Every node below, the node itself first. */
export function* walk(node: SyntaxNode): Generator<SyntaxNode> {
  yield node;
  for (const [member, value] of Object.entries(node)) {
    if (member === "loc" || member.endsWith("Comments")) continue;
    if (isNode(value)) yield* walk(value);
    else if (Array.isArray(value)) for (const item of nodes(value)) yield* walk(item);
  }
}

function isNode(value: unknown): value is SyntaxNode {
  return (
    typeof value === "object" && value !== null && typeof (value as SyntaxNode).type === "string"
  );
}

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
