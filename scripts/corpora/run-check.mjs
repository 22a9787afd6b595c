import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const bin =
  process.env["LOCKSTEP_BIN"] ??
  join(dirname(fileURLToPath(import.meta.url)), "../../bin/lockstep.js");

/**
 * Files and findings of `lockstep check --static` on a history, every file sent as its tool sends it. It runs what
 * `npm run build` made.
 *
 * @param corpora the folder that `load.mjs` wrote
 */
export function checkHistory(corpora, product) {
  const folder = join(corpora, product);
  const json = (file) => JSON.parse(readFileSync(join(folder, file), "utf8"));
  const { mode, outside } = json("transaction.json");
  const paths = json("order.json").map((step) => join(folder, `${step}.sql`));
  const start = performance.now();
  // One deploy for each file, not one for ten years.
  const main = run(paths, mode === "deploy" ? "file" : mode);
  const seconds = (performance.now() - start) / 1000;
  if (outside.length === 0) return { ...main, seconds };
  const apart = run(paths, "query");
  const isApart = ({ file }) => outside.includes(basename(file, ".sql"));
  const merged = (name) => [
    ...main[name].filter((one) => !isApart(one)),
    ...apart[name].filter(isApart),
  ];
  return { files: merged("files"), findings: merged("findings"), seconds };
}

function run(paths, mode) {
  const folder = mkdtempSync(join(tmpdir(), "lockstep-corpora-"));
  try {
    writeFileSync(join(folder, "empty.sql"), "");
    const options = ["--static", "--no-pipeline", "--format", "json", "--base", "empty.sql"];
    const args = ["check", ...options, "--transaction", mode, ...paths];
    const { stdout, stderr } = spawnSync(process.execPath, [bin, ...args], {
      cwd: folder,
      encoding: "utf8",
      maxBuffer: 2 ** 30,
    });
    const report = JSON.parse(stdout);
    if (report.error !== undefined) throw new Error(`${stdout}${stderr}`);
    return report;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
