import { spawnSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { readShell } from "../../src/pipeline/shell/read-shell.ts";
import type { ShellOptions } from "../../src/pipeline/shell/shell-command.ts";
import { fileScript } from "../../src/pipeline/text/script.ts";

/** Scripts in which `migrate` fails. What the shell itself does with them is the truth. */
const scripts = [
  "migrate",
  "migrate\ndeploy",
  "migrate; deploy",
  "migrate && deploy",
  "migrate && deploy\ndeploy",
  "migrate || true",
  "migrate || :",
  "migrate || echo failed",
  "migrate || { echo failed; }",
  "migrate || exit 1",
  "migrate || exit 0",
  "migrate || { echo failed; exit 1; }",
  "migrate || (echo failed; exit 1)",
  "migrate || (echo failed; exit 1)\ndeploy",
  "migrate || false",
  "migrate && deploy || echo failed",
  "migrate && deploy || exit 1",
  "migrate | cat",
  "migrate | cat\ndeploy",
  "set -o pipefail\nmigrate | cat",
  "set -eo pipefail\nmigrate | cat\ndeploy",
  "set +e\nmigrate\ndeploy",
  "set -e\nmigrate\ndeploy",
  "set -euo pipefail\nmigrate\ndeploy",
  "set +e\nmigrate\nset -e\ndeploy",
  "set -e\nmigrate && deploy\ndeploy",
  "(migrate)\ndeploy",
  "(migrate; deploy)",
  "(migrate && deploy)\ndeploy",
  "{ migrate; }\ndeploy",
  "{ migrate && deploy; }\ndeploy",
  "(migrate; deploy) || exit 1",
  "x=$(migrate)\ndeploy",
  'echo "$(migrate)"\ndeploy',
  "export x=$(migrate)\ndeploy",
  "if true; then migrate; fi\ndeploy",
  "if true; then migrate && deploy; fi\ndeploy",
  "if true; then migrate; deploy; fi",
  "if migrate; then deploy; else echo failed; fi",
  "if migrate; then deploy; else exit 1; fi",
  "if ! migrate; then echo failed; exit 1; fi\ndeploy",
  "if ! migrate; then echo failed; fi\ndeploy",
  "f() { migrate; deploy; }\nf\ndeploy",
  "f() { migrate && deploy; }\nf\ndeploy",
  "f() { migrate || return 1; deploy; }\nf\ndeploy",
  "f() { migrate; }\nf || exit 1\ndeploy",
  "f() { migrate; deploy; }\nf || exit 1\ndeploy",
  "die() { echo failed; exit 1; }\nmigrate || die",
  "migrate\nif [ $? -ne 0 ]; then exit 1; fi\ndeploy",
  "migrate\nstatus=$?\nif [ $status -ne 0 ]; then exit $status; fi\ndeploy",
  "if true; then migrate; fi\nstatus=$?\n[ $status -eq 0 ] || exit 1\ndeploy",
  "migrate || exit $?\ndeploy",
  "case x in x) migrate ;; esac\ndeploy",
  "migrate & \ndeploy",
  "exec migrate",
  "env X=1 true && migrate",
  "true\nmigrate > /dev/null 2>&1\ndeploy",
  "trap 'exit 1' ERR\nmigrate\ndeploy",
  "migrate <<EOF || true\ninput\nEOF\ndeploy",
];

const shells: { flags: string[]; options: ShellOptions }[] = [
  { flags: [], options: { errexit: false, pipefail: false } },
  { flags: ["-e"], options: { errexit: true, pipefail: false } },
  { flags: ["-eo", "pipefail"], options: { errexit: true, pipefail: true } },
];

/** The exit status of the whole script when `migrate` fails and `deploy` works. */
function statusOf(script: string, flags: readonly string[]): number | null {
  const functions = "migrate() { (exit 7); }\ndeploy() { :; }\n";
  const text = script.replace("exec migrate", "exec sh -c 'exit 7'");
  return spawnSync("bash", ["--noprofile", "--norc", ...flags, "-c", functions + text]).status;
}

describe.each(shells)("bash $flags", ({ flags, options }) => {
  test.each(scripts)("%j", (script) => {
    const { commands, malformed } = readShell(fileScript({ path: "s.sh", text: script }), options);
    expect(malformed).toEqual([]);
    const found = commands.find(({ words }) => words.some(({ text }) => text === "migrate"));
    const status = statusOf(script, flags);
    const fate = found?.fate.kind;
    // "handled" says that the script looks at the failure; what was seen must then be a failure too.
    expect(fate === "handled" || fate === "propagates" ? "fails" : fate).toBe(
      status === 0 ? "ignored" : "fails",
    );
  });
});

test("what depends on more than the text is unknown, never ignored", () => {
  const unknown = [
    "for i in 1 2 3; do migrate && break; sleep 1; done\ndeploy",
    "migrate || migrate\ndeploy",
    "migrate || ./repair.sh\ndeploy",
    'migrate || failed=1\nif [ -n "$failed" ]; then exit 1; fi',
    'if migrate; then ok=1; fi\n[ -n "$ok" ] || exit 1',
    "migrate & pid=$!\nwait $pid",
    "while ! migrate; do sleep 1; done",
  ];
  for (const script of unknown) {
    const { commands } = readShell(fileScript({ path: "s.sh", text: script }), shells[0]!.options);
    const found = commands.find(({ words }) => words[0]!.text === "migrate");
    expect({ script, fate: found?.fate.kind }).toEqual({ script, fate: "unknown" });
  }
});
