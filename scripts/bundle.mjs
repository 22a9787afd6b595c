/**
 * Puts the command line into few CommonJS files, `dist/bundle/`: a short command spends most of its time on finding and
 * opening modules. What is loaded only when it is needed stays apart. The bundle lies as deep as every room, so that
 * paths which start from a module's own hold. `dist/cli/main.js` is taken away: `bin/lockstep.js` starts it where it is
 * there, so that what the compiler alone has written is never older than what runs.
 */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { rolldown } from "rolldown";

const root = join(import.meta.dirname, "..");
const outDir = join(root, "dist", "bundle");

/** Packages that every command needs. Others are found in node_modules when they are asked for. */
const included = ["commander", "picocolors"];

/**
 * What judges statements is one file: a call from one file into another goes through a getter, and a check of a thousand
 * files made half a million of them. Left out is what commands load without it: a kept answer, sizes, observing.
 */
const judging = [
  /[/\\]src[/\\]effects[/\\](?!index|observe|open-observer|rows|fill-tables|stats|sizes|target-settings|world[/\\]read)/,
  /[/\\]src[/\\]rules[/\\](?!configured|fix\.ts|gather|suppression-baseline)/,
  /[/\\]src[/\\]check[/\\](?:check|check-run|parse|recorded-statements)\.ts$/,
];

/** Says which code an answer came from. */
function buildId() {
  const hash = createHash("sha256");
  const sources = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .toSorted();
  for (const name of ["../package.json", "../package-lock.json", ...sources])
    hash
      .update(`${name}\0`)
      .update(readFileSync(join(root, "src", name)))
      .update("\0");
  return hash.digest("hex").slice(0, 32);
}

/** A file that waits for one which waits for it reads what is not there yet, and Node warns of it at every start. */
function requireNoCircle(imports) {
  const done = new Set();
  const visit = (file, path) => {
    if (path.includes(file)) throw new Error(`files import each other: ${path.join(", ")}`);
    if (done.has(file)) return;
    for (const next of imports.get(file) ?? []) visit(next, [...path, file]);
    done.add(file);
  };
  for (const file of imports.keys()) visit(file, []);
}

/** Commander loads what starts processes, for commands that are programs of their own. Lockstep has none. */
const isForPrograms = (id, importer) =>
  id === "node:child_process" && /[/\\]commander[/\\]/.test(importer ?? "");
const noPrograms = {
  name: "no-programs",
  resolveId: (id, importer) => (isForPrograms(id, importer) ? "\0no-programs" : null),
  load: (id) => (id === "\0no-programs" ? "export default {}" : null),
};

rmSync(outDir, { recursive: true, force: true });
const bundle = await rolldown({
  cwd: root,
  input: { lockstep: "src/cli/main.ts" },
  platform: "node",
  preserveEntrySignatures: "allow-extension",
  transform: { target: "es2023", define: { BUNDLED_FROM: JSON.stringify(buildId()) } },
  external: (id, importer) =>
    /^(?:node:|@?[a-z])/.test(id) &&
    !isForPrograms(id, importer) &&
    !id.startsWith("@oxc-project/runtime") &&
    !included.includes(id),
  treeshake: { moduleSideEffects: false },
  plugins: [noPrograms],
  onLog(level, log, print) {
    if (level === "warn") throw new Error(log.message);
    print(level, log);
  },
});
const { output } = await bundle.write({
  dir: outDir,
  format: "cjs",
  codeSplitting: {
    groups: [{ name: "judging", test: (id) => judging.some((place) => place.test(id)) }],
    includeDependenciesRecursively: false,
  },
  entryFileNames: "[name].cjs",
  chunkFileNames: "[name]-[hash].cjs",
  // Names stay for the stacks of bug reports.
  minify: { compress: false, mangle: false, codegen: { removeWhitespace: true } },
});
await bundle.close();
requireNoCircle(new Map(output.map((chunk) => [chunk.fileName, chunk.imports ?? []])));
const licences = included.map(
  (name) => `${name}\n\n${readFileSync(join(root, "node_modules", name, "LICENSE"), "utf8")}`,
);
writeFileSync(join(outDir, "LICENSES"), licences.join("\n\n"));
rmSync(join(root, "dist", "cli", "main.js"), { force: true });
