import { expect, it } from "vitest";
import type { Rehearsal, RehearsedStatement } from "../../src/rehearse/index.ts";
import { renderRehearsal, styleFor } from "../../src/report/index.ts";

const usual = "another machine: 2 × in either direction";

function statement(
  migration: string,
  line: number,
  more: Partial<RehearsedStatement> = {},
): RehearsedStatement {
  return {
    migration,
    file: `${migration}.sql`,
    line,
    sql: "ALTER TABLE orders ADD COLUMN note text",
    effect: undefined,
    runs: [{ scale: 0.5, ms: 80, times: [80], walBytes: null }],
    bareMs: undefined,
    estimate: {
      leastMs: 80,
      likelyMs: 160,
      mostMs: 320,
      multiplier: 2,
      fixedMs: 0,
      growingMs: 160,
      reasons: [usual, ...(line === 3 ? ["an index is built over public.orders"] : [])],
    },
    load: { ms: 80, from: 0, waited: [], slowestMs: 12 },
    ...more,
  };
}

const nobody = { count: 3, p50: 1, p99: 2, max: 2 };

const told: Rehearsal = {
  version: 1,
  takenAt: "2026-11-22T10:00:00.000Z",
  source: {
    copy: null,
    takenAt: "2026-11-21T10:00:00.000Z",
    serverVersion: "18.4",
    rows: 1_000,
    bytes: 81_920,
  },
  server: "18.4",
  seed: 1,
  pending: [
    { id: "0002_note", file: "0002_note.sql", plan: null },
    { id: "0003_index", file: "0003_index.sql", plan: null },
  ],
  statements: [
    statement("0002_note", 1, {
      effect: {
        work: [],
        locks: [
          { relation: "public.orders", kind: "table", mode: "AccessExclusive", role: "self" },
          { relation: "public.users", kind: "table", mode: "AccessShare", role: "self" },
          { relation: "public.users_pkey", kind: "index", mode: "AccessShare", role: "index" },
          { relation: "public.users_email", kind: "index", mode: "AccessShare", role: "index" },
        ],
      },
    }),
    statement("0003_index", 1, {
      effect: {
        work: [],
        locks: [
          { relation: "public.by_email", kind: "index", mode: "AccessExclusive", role: "self" },
        ],
      },
    }),
    statement("0003_index", 3),
  ],
  scales: [
    {
      scale: 0.5,
      tables: [],
      rows: 500,
      bytes: 40_960,
      fillMs: 10,
      ms: 240,
      times: [240],
      walBytes: 0,
      peakBytes: 0,
      grownBytes: -70_000_000,
    },
  ],
  load: {
    from: "schema",
    sent: undefined,
    scale: 0.5,
    perSecond: 100,
    sessions: 8,
    tables: 1,
    before: nobody,
    during: nobody,
    after: nobody,
    timeline: [{ from: -10, to: 10, count: 3, p50: 1, max: 2, failed: 0 }],
    ms: 240,
    failures: [],
    waited: [],
    retries: [],
  },
  again: undefined,
  back: undefined,
  estimate: undefined,
  failure: undefined,
  remarks: [],
};

const style = styleFor({ columns: 80, env: {} });

it.each([
  ["text", ["   2  0003_index"]],
  ["markdown", ["1. 0002\\_note\n2. 0003\\_index"]],
  ["html", ["<li>0002_note</li><li>0003_index</li>", ">1:1</text>", ">2:1</text>", ">2:3</text>"]],
] as const)(
  "several migrations are numbered, and what every range has is said once: %s",
  (format, marks) => {
    const text = renderRehearsal(told, format, style);
    expect(text.split("another machine").length - 1).toBe(1);
    expect(text).toContain("an index is built over public.orders");
    expect(text).toMatch(/−\d\d(?:\.\d)? MB/);
    for (const mark of marks) expect(text).toContain(mark);
  },
);

it("indexes that are only read are counted, those that somebody waits for are named", () => {
  const text = renderRehearsal(told, "text", style);
  expect(text).toContain("AccessShare on public.users and 2 indexes");
  expect(text).toContain("AccessExclusive on public.orders\n");
  expect(text).toContain("AccessExclusive on public.by_email");
});

it("of many statements the chart draws those that can be seen, and says how many it does not", () => {
  const short = { ms: 1, from: 80, waited: [], slowestMs: 12 };
  const many = Array.from({ length: 30 }, (_, line) =>
    statement("0003_index", line + 10, { load: short }),
  );
  const html = renderRehearsal(
    { ...told, statements: [...told.statements, ...many] },
    "html",
    style,
  );
  expect(html).toContain(">2:3</text>");
  expect(html).not.toContain(">2:10</text>");
  expect(html).toContain("Not drawn: 30 that were over at once.");
});
