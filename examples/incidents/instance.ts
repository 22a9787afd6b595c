/**
 * One instance of the storefront on a leash: it ends when the pipe to its host does, so that a host that is
 * killed leaves no shop behind. With LOCKSTEP_CONTRACT, the contract that was built with its release, it tells the
 * database that it runs.
 */
import { readFileSync } from "node:fs";
import { registerInstance, type RuntimeContract } from "lockstep/runtime";
import pg from "pg";

process.stdin.on("end", () => process.exit(0)).resume();
process.stdin.unref();

const file = process.env["LOCKSTEP_CONTRACT"];
if (file !== undefined) {
  const contract = JSON.parse(readFileSync(file, "utf8")) as RuntimeContract;
  const connectionString = process.env["DATABASE_URL"];
  const pool = new pg.Pool({ connectionString, max: 1, allowExitOnIdle: true });
  pool.on("error", () => {});
  const registered = await registerInstance(pool, contract, {
    intervalMs: 1_000,
    onWarning: (reason) => console.error(JSON.stringify({ event: "not-registered", reason })),
  });
  process.once("SIGTERM", () => void registered.stop().then(() => pool.end()));
}

await import("../storefront/server.ts");
