/**
 * Runs before `npm test`: a few tests need programs that only a system package brings. On Debian and its kin, as root
 * (a container, usually), they are installed; elsewhere a line says which tests will be left out, and why.
 */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";

const wanted = [
  { program: "pgbouncer", package: "pgbouncer", tests: "pooler detection" },
  { program: "pg_dump", package: "postgresql-client", tests: "dump and restore" },
];
const folders = [...(process.env.PATH ?? "").split(delimiter), "/usr/sbin", "/usr/local/sbin"];
const has = (program) => folders.some((folder) => existsSync(join(folder, program)));

const missing = wanted.filter(({ program }) => !has(program));
if (missing.length > 0) {
  const reason = install(missing.map((one) => one.package));
  for (const { program, tests } of missing)
    if (!has(program))
      process.stdout.write(
        `tests of ${tests} are left out: no ${program} is installed, and ${reason}\n`,
      );
}

/** Why they could not be installed. */
function install(packages) {
  if (!has("apt-get")) return "it is not known how to install it here";
  if (process.getuid?.() !== 0) return `only root may (sudo apt-get install ${packages.join(" ")})`;
  const quiet = { stdio: "ignore", env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" } };
  spawnSync("apt-get", ["update", "-qq"], quiet);
  spawnSync("apt-get", ["install", "-qq", "--yes", "--no-install-recommends", ...packages], quiet);
  return `apt-get install ${packages.join(" ")} failed`;
}
