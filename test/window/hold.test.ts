import { describe, expect, it } from "vitest";
import type { EventBody } from "../../src/events/index.ts";
import { holdForWindow, type Clock } from "../../src/window/hold.ts";
import { parseWindow, type Look } from "../../src/window/model.ts";

const day = 24 * 60 * 60 * 1_000;

/** A server on which the stated number of transactions come between two looks, ten seconds apart. */
function server(given: {
  readonly at?: string;
  readonly perSecond?: readonly number[];
  readonly waiting?: readonly number[];
  readonly countedForMs?: number | undefined;
  readonly total?: number;
}) {
  const { at = "2026-11-22T01:58:00Z", perSecond = [0], waiting = [0], total = 0 } = given;
  const start = Date.parse(at);
  let passed = 0;
  let looks = 0;
  let transactions = total;
  const clock: Clock = {
    now: () => passed,
    pause: async (ms, signal) => {
      signal?.throwIfAborted();
      passed += ms;
    },
  };
  const look = async (): Promise<Look> => {
    const nth = <Value>(list: readonly Value[]) => list[Math.min(looks, list.length - 1)]!;
    transactions += nth(perSecond) * 10;
    const now = start + passed;
    const seen = {
      at: now,
      minutes: new Map([["UTC", Math.floor((now % day) / 60_000)]]),
      transactions,
      countedSince: given.countedForMs === undefined ? undefined : start - given.countedForMs,
      waiting: nth(waiting),
    };
    looks++;
    return seen;
  };
  return { clock, look, passed: () => passed };
}

function hold(
  windows: readonly string[],
  { clock, look }: ReturnType<typeof server>,
  more: {
    readonly waitMs?: number;
    readonly signal?: AbortSignal;
    readonly said?: string[];
    readonly meanwhile?: () => Promise<readonly string[]>;
  } = {},
) {
  return holdForWindow({
    windows: windows.map(parseWindow),
    waitMs: more.waitMs ?? day,
    risk: "0042_rename is not harmless, line 1",
    clock,
    look,
    meanwhile: more.meanwhile,
    emit: (event: EventBody) => {
      if (event.type === "notice") more.said?.push(event.message);
    },
    signal: more.signal,
  });
}

describe("hours", () => {
  it("are waited for, and why is said once", async () => {
    const at = server({});
    const said: string[] = [];
    expect(await hold(["02:00-05:00"], at, { said })).toBe("it is 02:00 UTC");
    expect(at.passed()).toBe(120_000);
    expect(said).toEqual(["waiting: it is 01:58 UTC, outside of 02:00-05:00"]);
  });

  it.each([
    ["23:00-02:00", 0],
    ["01:58-01:59", 0],
    ["22:00-01:58", (20 * 60 + 2) * 60_000],
    ["00:00-24:00", 0],
  ])("%s may go over midnight, and its end is not in it", async (window, waited) => {
    const at = server({});
    await hold([window], at);
    expect(at.passed()).toBe(waited);
  });

  it.each(["2-5", "02:00", "25:00-26:00", "02:00-02:00", "02:60-03:00", "quiet:", "quiet:-1", ""])(
    '"%s" is none',
    (text) => expect(() => parseWindow(text)).toThrow("is no window"),
  );

  it.each(["UTC+2", "+02:00", "<CEST>-2"])(
    "are of a zone by name: %s the server would count westward",
    (zone) => {
      expect(() => parseWindow(`02:00-05:00 ${zone}`)).toThrow("names no time zone");
      expect(parseWindow("02:00-05:00 Etc/GMT-2")).toMatchObject({ zone: "Etc/GMT-2" });
    },
  );
});

describe("quiet", () => {
  it("is what three looks one after another have shown", async () => {
    const at = server({ perSecond: [0, 90, 20, 20, 90, 20, 20, 20], countedForMs: 0 });
    expect(await hold(["quiet:50"], at)).toBe("20 transactions a second, 50 at the most");
    expect(at.passed()).toBe(70_000);
  });

  it("is not while somebody waits for a lock", async () => {
    const at = server({ waiting: [1, 1, 1, 0] });
    await hold(["quiet:50"], at);
    expect(at.passed()).toBe(50_000);
  });

  it("is half of the average of at least a day", async () => {
    const counted = { total: 200 * 10 * 86_400, countedForMs: 10 * day };
    const busy = server({ ...counted, perSecond: [101] });
    await expect(hold(["quiet"], busy, { waitMs: 60_000 })).rejects.toMatchObject({
      code: "window-closed",
      explanation: { found: "101 transactions a second, 100 at the most" },
    });
    expect(await hold(["quiet"], server({ ...counted, perSecond: [99] }))).toContain("99 trans");
  });

  it.each([
    [undefined, "since when the server counts is not known"],
    [day - 1, "less than a day is no average"],
  ])("without such an average ends at once", async (countedForMs, found) => {
    const at = server({ total: 1_000, countedForMs });
    await expect(hold(["quiet"], at)).rejects.toMatchObject({
      code: "window-closed",
      explanation: { found: expect.stringContaining(found) },
    });
    expect(at.passed()).toBe(0);
  });
});

it("several windows must be open at once", async () => {
  const at = server({ perSecond: [20] });
  await hold(["02:00-05:00", "quiet:50"], at);
  expect(at.passed()).toBe(140_000);
});

it("ends after its time, with what is risky and how to go on", async () => {
  const at = server({});
  await expect(hold(["03:00-05:00"], at, { waitMs: 65_000 })).rejects.toMatchObject({
    code: "window-closed",
    exitCode: 3,
    explanation: {
      what: "the window did not open within 65 s: what is risky was not begun",
      found: "it is 01:59 UTC, outside of 03:00-05:00",
      why: "0042_rename is not harmless, line 1",
    },
  });
  expect(at.passed()).toBe(65_000);
});

describe("what need not wait", () => {
  const doing = () => {
    const times = { done: 0 };
    const meanwhile = async () => {
      times.done++;
      return ["0041_note"];
    };
    return { times, meanwhile };
  };

  it("is done once, where the window is closed, and named when it stays so", async () => {
    const { times, meanwhile } = doing();
    await expect(
      hold(["03:00-05:00"], server({}), { waitMs: 25_000, meanwhile }),
    ).rejects.toMatchObject({
      code: "window-closed",
      explanation: {
        found: expect.stringContaining("applied meanwhile, for it is harmless: 0041_note"),
      },
    });
    expect(times.done).toBe(1);
  });

  it("is left to the run where the window is open, or can never be", async () => {
    const { times, meanwhile } = doing();
    await hold(["01:00-05:00"], server({}), { meanwhile });
    await expect(hold(["quiet"], server({}), { meanwhile })).rejects.toMatchObject({
      code: "window-closed",
    });
    expect(times.done).toBe(0);
  });
});

it("begins nothing when a look fails, or when it is stopped", async () => {
  const at = server({});
  const gone = new Error("terminating connection");
  const look = async () => {
    if (at.passed() > 30_000) throw gone;
    return at.look();
  };
  await expect(hold(["02:00-05:00"], { ...at, look })).rejects.toBe(gone);
  const stop = new AbortController();
  const pause = async (ms: number, signal: AbortSignal | undefined) => {
    stop.abort("lockstep cancel");
    return at.clock.pause(ms, signal);
  };
  const stopped = hold(
    ["12:00-13:00"],
    { ...server({}), clock: { ...at.clock, pause } },
    { signal: stop.signal },
  );
  await expect(stopped).rejects.toMatchObject({ code: "run-cancelled" });
});
