import { expect, it } from "vitest";
import { runCommand } from "../../src/processes/index.ts";
import type { EventBody } from "../../src/events/index.ts";

const run = async (command: string, more: { timeoutMs?: number; signal?: AbortSignal } = {}) => {
  const events: EventBody[] = [];
  const result = await runCommand({
    command,
    cwd: process.cwd(),
    env: process.env,
    emit: (event) => events.push(event),
    redact: (line) => line.replaceAll("hunter2", "***"),
    ...more,
  });
  return {
    ...result,
    lines: events.map((event) => (event.type === "command.output" ? event.line : "")),
  };
};

it("passes the command's lines on, secrets removed, and reports its end", async () => {
  expect(await run("echo one; echo hunter2 >&2; exit 3")).toMatchObject({
    ok: false,
    ended: "exit code 3",
    tail: expect.arrayContaining(["one", "***"]),
    lines: expect.arrayContaining(["one", "***"]),
  });
  expect(await run("true")).toMatchObject({ ok: true });
});

it("is not held by a child that goes on in the background", async () => {
  const started = performance.now();
  expect(await run("sleep 30 & echo started")).toMatchObject({ ok: true, lines: ["started"] });
  expect(performance.now() - started).toBeLessThan(20_000);
});

it("ends the whole process group at the time limit and when cancelled", async () => {
  expect(await run("sleep 30", { timeoutMs: 100 })).toMatchObject({
    ok: false,
    ended: "time limit of 0.1 s",
  });
  expect(await run("sleep 30", { signal: AbortSignal.timeout(50) })).toMatchObject({
    ok: false,
    ended: "cancelled",
  });
});

it("explains a shell that finds no such command", async () => {
  expect(await run("no-such-command-here")).toMatchObject({ ok: false, ended: "exit code 127" });
});
