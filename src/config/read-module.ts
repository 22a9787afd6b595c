import { readFileSync } from "node:fs";
import { dirname, relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { LockstepError } from "../errors/index.ts";
import { compiledCache } from "./compiled-cache.ts";

/**
 * Runs a module of the user's and gives its default export. JSON is parsed; JavaScript is loaded by Node itself;
 * TypeScript, and JavaScript that Node cannot load as it is, is compiled first. `lockstep/config` is this very copy of
 * Lockstep where the project has none installed.
 *
 * @param path absolute
 * @param file as it is named in messages
 * @throws LockstepError `config-invalid` with the line where the module failed, never with a stack
 */
export async function readModule(path: string, file: string): Promise<unknown> {
  try {
    if (path.endsWith(".json")) return JSON.parse(readFileSync(path, "utf8"));
    const module = /\.[cm]?js$/.test(path) ? await importNatively(path) : await compile(path);
    if (isModule(module) && "default" in module) return module["default"];
  } catch (error) {
    throw explain(error, path, file);
  }
  throw new LockstepError("config-invalid", {
    what: `${file} has no default export`,
    expected: "export default …",
    found: "no default export",
    from: file,
    why: "what is not exported by default is not read",
    next: [`write \`export default\` in front of it in ${file}`],
  });
}

async function importNatively(path: string): Promise<unknown> {
  try {
    return await import(pathToFileURL(path).href);
  } catch (error) {
    if (!isNodeLimit(error)) throw error;
    return compile(path);
  }
}

/**
 * True for what fails before the module runs and what compiling can mend, or can at least name the line of:
 * `lockstep/config` that is not installed, an import of TypeScript or without an ending, `import` in a file that Node
 * takes for CommonJS, a slip of the pen.
 */
function isNodeLimit(error: unknown): boolean {
  const { code = "", name = "" } = (error ?? {}) as Partial<NodeJS.ErrnoException>;
  return (
    name === "SyntaxError" ||
    [
      "ERR_MODULE_NOT_FOUND",
      "MODULE_NOT_FOUND",
      "ERR_UNKNOWN_FILE_EXTENSION",
      "ERR_UNSUPPORTED_DIR_IMPORT",
      "ERR_REQUIRE_ESM",
    ].includes(code)
  );
}

async function compile(path: string): Promise<unknown> {
  const { createJiti } = await import("jiti");
  const jiti = createJiti(path, {
    interopDefault: true,
    fsCache: compiledCache(dirname(path)),
    virtualModules: { "lockstep/config": await import("./define-config.ts") },
  });
  return jiti.import(path);
}

function explain(error: unknown, path: string, file: string): LockstepError {
  const { message, code } = described(error);
  const isMissing = code === "ERR_MODULE_NOT_FOUND" || code === "MODULE_NOT_FOUND";
  const place = path.endsWith(".json")
    ? placeInJson(message, path, file)
    : placeInStack(error, path, file);
  return new LockstepError(
    "config-invalid",
    {
      what: `${file} cannot be loaded`,
      expected: "a module that can be run here and now",
      found: withoutPasswords(message.split("\n", 1)[0]!.trim()),
      from: place,
      why: isMissing
        ? "a package or file that it imports is not here; images for production often leave development packages out"
        : "the file, or something it imports, fails when it is run",
      next: [isMissing ? `install what is missing, or import less in ${file}` : `correct ${place}`],
    },
    { cause: error },
  );
}

function described(error: unknown): { readonly message: string; readonly code: string } {
  if (!(error instanceof Error)) return { message: `it throws ${String(error)}`, code: "" };
  return { message: error.message, code: (error as NodeJS.ErrnoException).code ?? "" };
}

/** The first line of the user's own on the stack, else the one that the compiler names. */
function placeInStack(error: unknown, path: string, file: string): string {
  const { message = "", stack = "" } = (error ?? {}) as { message?: string; stack?: string };
  const text = `${message}\n${stack}`.replaceAll(/file:\/\/[^\s():]+/g, (url) =>
    fileURLToPath(url),
  );
  for (const [, source, line] of text.matchAll(
    /(?<=^|[\s(])((?:[A-Za-z]:)?[/\\][^\s()]*?):(\d+)/gm,
  )) {
    if (source === path) return `${file}:${line}`;
    const isOurs =
      /[/\\]node_modules[/\\]/.test(source!) ||
      source!.startsWith(dirname(fileURLToPath(import.meta.url)));
    if (!isOurs) return `${relative(process.cwd(), source!)}:${line}`;
  }
  return file;
}

function placeInJson(message: string, path: string, file: string): string {
  const position = /position (\d+)/.exec(message)?.[1];
  if (position === undefined) return file;
  return `${file}:${readFileSync(path, "utf8").slice(0, Number(position)).split("\n").length}`;
}

/** A config that checks its URL may well repeat it when it fails. */
function withoutPasswords(text: string): string {
  return text.replaceAll(/([a-z+]+:\/\/[^\s:@/]*):\S*@/g, "$1:***@");
}

function isModule(value: unknown): value is Record<string, unknown> {
  return (typeof value === "object" && value !== null) || typeof value === "function";
}
