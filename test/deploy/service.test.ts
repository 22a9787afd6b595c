import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startScratch, type Scratch } from "../../src/scratch/index.ts";
import { confirmed, Product, unwrapped, v2, type ProductFiles } from "./product.ts";

let scratch: Scratch;
beforeAll(async () => {
  scratch = await startScratch();
});
afterAll(() => scratch.close());

const v1InService = "deployed v1 in production";
const after = ["id", "total", "note", "confirmed_at"];

/** Release v1 in service, and the checkout of v2 ready to be deployed. */
async function readyForV2(files: ProductFiles = {}): Promise<Product> {
  const product = await Product.withV1(scratch);
  product.write({ migrations: { "0002_confirmed.sql": confirmed }, contract: v2, ...files });
  return product;
}

/** A deploy that went wrong after the schema was done, and then right. */
async function expectUnverified(product: Product, code: string) {
  expect(await product.columns()).toEqual(after);
  expect(await product.record()).toEqual({
    verified: ["v1"],
    runs: [
      "deploy v1 succeeded",
      `deploy v2 ${code === "run-cancelled" ? "stopped" : "failed"} ${code}`,
    ],
  });
}

async function expectNextDeployThrough(product: Product, files: ProductFiles) {
  product.write(files);
  const { exitCode, stderr } = await product.deploy();
  expect(stderr).toContain("nothing pending");
  expect(exitCode).toBe(0);
  expect((await product.record()).verified).toEqual(["v1", "v2"]);
}

describe("the deploy command", () => {
  it("that fails is rolled back, its last lines are shown without secrets", async () => {
    await using product = await readyForV2();
    const { password } = new URL(product.url);
    product.write({
      deploy: { command: `echo "connecting to $DATABASE_URL"; echo no room >&2; exit 7` },
    });
    const { exitCode, stderr, stdout } = await product.deploy();
    expect(exitCode).toBe(3);
    expect(stderr).toContain(
      "error[deploy-command-failed]: the deploy command failed: exit code 7",
    );
    const text = unwrapped(stderr);
    expect(text).toContain("no room");
    expect(text).toContain("│ connecting to postgres://postgres:***@");
    expect(stderr + stdout).not.toContain(password);
    expect(text).toContain("the roll-back command succeeded: the old release was put back");
    expect(text).toContain("applied by this deploy and still there: 0002_confirmed");
    expect(text).toContain("release v1 still fits the database as it is now");
    expect(product.service).toEqual([v1InService, "rolled back"]);
    await expectUnverified(product, "deploy-command-failed");
    await expectNextDeployThrough(product, {});
    expect(product.service.at(-1)).toBe("deployed v2 in production");
  });

  it("that fails together with the roll-back says so", async () => {
    await using product = await readyForV2({
      deploy: { command: "exit 1", rollback: "echo registry is down; exit 9" },
    });
    const { exitCode, stderr } = await product.deploy();
    expect(exitCode).toBe(3);
    expect(unwrapped(stderr)).toContain(
      "the roll-back command failed too (exit code 9): registry is down; look at once which release serves",
    );
    await expectUnverified(product, "deploy-command-failed");
  });

  it("that fails without a way back says what to do by hand", async () => {
    await using product = await readyForV2({ deploy: { command: "exit 1", rollback: undefined } });
    const { stderr } = await product.deploy();
    expect(unwrapped(stderr)).toContain(
      "no roll-back command is configured: put the old release back by hand",
    );
    expect(product.service).toEqual([v1InService]);
  });

  it("that hangs is ended by Ctrl-C and rolled back", async () => {
    await using product = await readyForV2({ deploy: { command: "echo waiting; sleep 600" } });
    const controller = new AbortController();
    const { exitCode, stderr } = await product.deploy({
      signal: controller.signal,
      onOutput: (text) => {
        if (text.includes("│ waiting")) controller.abort();
      },
    });
    expect(exitCode).toBe(3);
    expect(stderr).toContain(
      "error[run-cancelled]: the deploy was stopped on request, at deploy command",
    );
    expect(unwrapped(stderr)).toContain("the roll-back command succeeded");
    expect(product.service).toEqual([v1InService, "rolled back"]);
    await expectUnverified(product, "run-cancelled");
    await expectNextDeployThrough(product, {});
  });
});

describe("a probe", () => {
  it("that fails rolls back; the message has its words and its line", async () => {
    await using product = await readyForV2({
      probes: `[
        { name: "orders are confirmed", touches: ["public.orders"],
          run({ log }) { log("looking"); throw new Error("order 4711 shows no time"); } },
        { name: "never reached", run() { throw new Error("reached"); } },
      ]`,
    });
    const { exitCode, stderr } = await product.deploy();
    expect(exitCode).toBe(3);
    expect(stderr).toContain('error[probe-failed]: probe "orders are confirmed" failed');
    const text = unwrapped(stderr);
    expect(text).toMatch(/found order 4711 shows no time at \S+shop\.probe\.mjs:3/);
    expect(text).toContain("the roll-back command succeeded");
    expect(text).toContain("release v1 still fits the database as it is now");
    expect(text).not.toContain("reached failed");
    expect(product.service).toEqual([v1InService, "deployed v2 in production", "rolled back"]);
    await expectUnverified(product, "probe-failed");
    await expectNextDeployThrough(product, {});
  });

  it("that hangs is given up, on the server too", async () => {
    await using product = await readyForV2({
      probes: `[{ name: "slow", timeoutMs: 300, async run({ sql }) { await sql("SELECT pg_sleep(600)"); } }]`,
    });
    const { exitCode, stderr } = await product.deploy();
    expect(exitCode).toBe(3);
    expect(unwrapped(stderr)).toContain("found no result within 300 ms");
    expect(product.service.at(-1)).toBe("rolled back");
    await expect
      .poll(async () =>
        product.ask("SELECT pid FROM pg_stat_activity WHERE application_name = 'lockstep/probes'"),
      )
      .toEqual([]);
  });

  it("is cancelled by Ctrl-C and rolled back", async () => {
    await using product = await readyForV2({
      probes: `[{ name: "slow", run: ({ signal }) => new Promise((_, no) => signal.addEventListener("abort", () => no(signal.reason))) }]`,
    });
    const controller = new AbortController();
    const { exitCode, stderr } = await product.run(["deploy", "--format", "ndjson"], {
      signal: controller.signal,
      onOutput: (text) => {
        if (text.includes('"probe.started"')) controller.abort();
      },
    });
    expect(exitCode).toBe(3);
    expect(stderr).toBe("");
    expect(product.service.at(-1)).toBe("rolled back");
    await expectUnverified(product, "run-cancelled");
  });

  it("cannot spoil the next one's session", async () => {
    await using product = await readyForV2({
      probes: `[
        { name: "careless", async run({ sql }) { await sql("BEGIN"); await sql("SET search_path = pg_temp"); } },
        { name: "careful", async run({ sql }) { await sql("SELECT confirmed_at FROM orders"); } },
      ]`,
    });
    expect((await product.deploy()).stdout).toBe(
      "deployed and verified: release v2 in production, 2 probes passed, 1 warning\n",
    );
  });
});

describe("the record", () => {
  it("is not written once the lock was lost, and the next deploy writes it", async () => {
    await using product = await readyForV2({
      probes: `[{ name: "fail-over", async run({ sql }) {
        await sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'lockstep/deploy%'");
      } }]`,
    });
    const { exitCode, stderr } = await product.deploy();
    expect(exitCode).toBe(3);
    expect(stderr).toContain(
      "error[record-failed]: the release is in service and verified, but the record of it could not be written",
    );
    // It works: nothing is put back.
    expect(product.service).toEqual([v1InService, "deployed v2 in production"]);
    await expectUnverified(product, "record-failed");
    await expectNextDeployThrough(product, {});
  });

  it("that cannot be written because the server has stopped takes nothing out of service", async () => {
    await using server = await startScratch();
    await using product = await Product.make(server, {
      probes: `[{ name: "the lights go out", async run({ sql, eventually }) {
        const [{ pid }] = await sql("SELECT split_part(pg_read_file('postmaster.pid'), chr(10), 1)::int AS pid");
        process.kill(pid, "SIGINT");
        await eventually(async () => {
          if (await sql("SELECT 1").then(() => true, () => false)) throw new Error("still there");
        });
      } }]`,
    });
    const { exitCode, stderr } = await product.deploy();
    expect(exitCode).toBe(3);
    expect(stderr).toContain("error[record-failed]");
    expect(unwrapped(stderr)).toContain("next lockstep deploy again: nothing is pending");
    expect(product.service).toEqual(["deployed v2 in production"]);
  });
});

it("without a deploy command, says that nothing was put into service", async () => {
  await using product = await Product.make(scratch, { deploy: { command: undefined } });
  const { exitCode, stdout, stderr } = await product.deploy();
  expect(exitCode).toBe(0);
  expect(stdout).toBe(
    "ready: production has what release v2 expects; nothing was put into service, 2 warnings\n",
  );
  expect(unwrapped(stderr)).toContain("! no deploy command is configured");
  expect(product.service).toEqual([]);
});
