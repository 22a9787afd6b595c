import { readFileSync } from "node:fs";
import { migrate } from "../../src/runner/index.ts";
import { folderOf, toolLedger } from "./support.ts";

// A runner in a process of its own: child.ts URL FILES.json [OPTIONS.json]. Prints one event a line, then the outcome.
const [url, files, options = "{}"] = process.argv.slice(2);
const folder = folderOf(JSON.parse(readFileSync(files!, "utf8")), { ledger: toolLedger });
const print = (value: unknown) => process.stdout.write(`${JSON.stringify(value)}\n`);
const controller = new AbortController();
process.on("SIGINT", () => controller.abort());
try {
  const { applied } = await migrate({
    url: url!,
    folder,
    emit: print,
    signal: controller.signal,
    options: JSON.parse(options),
  });
  print({ outcome: "succeeded", applied: applied.length });
} catch (error) {
  const { code, message } = error as { code?: string; message: string };
  print({ outcome: code ?? "crashed", message });
  process.exitCode = 1;
}
