import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { playDemo } from "../../examples/incidents/demo.ts";
import { startDrawing } from "../../examples/incidents/draw.ts";
import { essentials } from "../../examples/incidents/essentials.ts";
import type { Act } from "../../examples/incidents/programme.ts";
import { rewrap, unwrapper } from "../../examples/incidents/rewrap.ts";
import { LockstepError } from "../../src/errors/index.ts";
import { renderError, styleFor } from "../../src/report/index.ts";

const error = new LockstepError("gate-closed", {
  what: "the gate is closed",
  expected: "public.entitlement_kind.bundle: value 'bundle' of enum public.entitlement_kind",
  found: "only 'download', 'license'",
  from: "schema/v2.ts:31",
  why: "in transaction or statement mode a pooler lends a backend for one transaction at a time: settings would apply to other people's statements",
  next: ["npx drizzle-kit generate", "lockstep deploy"],
});

function style(columns: number) {
  return styleFor({ columns, env: {} });
}

describe("Lockstep's lines on a narrower page", () => {
  const written = renderError(error, style(80)).split("\n");
  const lines: string[] = [];
  const whole = unwrapper((line) => lines.push(line));
  for (const line of written) whole.add(line);
  whole.end();

  it("are put together as they were before they were broken", () => {
    const { expected, found, from, why } = error.explanation;
    expect(written.length).toBeGreaterThan(lines.length);
    expect(lines.map((line) => line.slice(12))).toEqual([
      expect.anything(),
      expected,
      found,
      from,
      why,
      "npx drizzle-kit generate",
      "lockstep deploy",
    ]);
  });

  it("are broken at spaces below where their text begins, and nothing is lost", () => {
    for (const line of lines) {
      const parts = rewrap(line, 60);
      for (const part of parts) expect(part.length).toBeLessThanOrEqual(60);
      expect(parts.map((part) => part.trim()).join(" ")).toBe(line.trim());
      for (const part of parts.slice(1)) expect(part).toMatch(/^ {12}\S/);
    }
  });

  it("show the slots of the first difference only", () => {
    const isEssential = essentials();
    const two = [...lines, ...lines.map((line) => line.replace("gate-closed", "missing-column"))];
    expect(two.filter(isEssential)).toEqual([
      ...lines,
      "error[missing-column]: the gate is closed",
    ]);
  });
});

describe("the drawing", () => {
  it("has a running line on a terminal that goes away, and none elsewhere", async () => {
    const drawn = async (live: boolean) => {
      let text = "";
      const drawing = startDrawing({ write: (part) => (text += part), style: style(80), live });
      drawing.tell({ kind: "progress", text: "3 payments" });
      await sleep(600);
      drawing.tell({ kind: "seen", good: true, text: "delivered" });
      drawing[Symbol.dispose]();
      return text;
    };
    const terminal = await drawn(true);
    expect(terminal).toContain("3 payments");
    expect(terminal.endsWith("\r\u001B[2K    ✓ delivered\n")).toBe(true);
    expect(await drawn(false)).toBe("    ✓ delivered\n");
  });
});

describe("the story", () => {
  const act = (holds: boolean): Act => ({
    title: "A deploy",
    short: "a deploy",
    plot: "It goes wrong, and right.",
    run: async ({ narrate }) => {
      narrate({ kind: "scene", text: "The pipeline as it was" });
      const half = { steps: [], observed: {}, summary: "as measured" };
      return { naive: half, lockstep: half, expectations: [{ what: "it is stopped", holds }] };
    },
  });
  const tell = async (acts: readonly Act[], columns: number) => {
    let text = "";
    const told = await playDemo({
      acts,
      server: { major: 18 } as never,
      write: (part) => (text += part),
      style: style(columns),
      live: false,
      fast: true,
      signal: new AbortController().signal,
    });
    return { told, text };
  };

  it("ends well only when every replay behaved as told, and names what did not", async () => {
    const well = await tell([act(true), act(true)], 80);
    expect(well.told).toBe(true);
    expect(well.text).toContain("2 of 2 incidents went as told");
    const badly = await tell([act(true), act(false)], 80);
    expect(badly.told).toBe(false);
    expect(badly.text).toContain("not as told: it is stopped");
    expect(badly.text).toContain("1 of 2 incidents went as told");
  });

  it.each([80, 120])("fits %i columns", async (columns) => {
    const { text } = await tell([act(true), act(false)], columns);
    const widest = Math.max(...text.split("\n").map((line) => line.length));
    expect(widest).toBeLessThanOrEqual(columns);
    expect(widest).toBeGreaterThan(columns - 8);
  });
});
