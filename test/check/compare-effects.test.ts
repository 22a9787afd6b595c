import { expect, it } from "vitest";
import { compareEffects } from "../../src/check/compare-effects.ts";
import { noEffect, type Effect } from "../../src/effects/index.ts";

const rewrite: Effect = {
  ...noEffect,
  locks: [
    { relation: "public.users", kind: "table", mode: "AccessExclusive", role: "self" },
    { relation: "public.users_pkey", kind: "index", mode: "AccessExclusive", role: "index" },
  ],
  work: [
    { kind: "rewrite", relation: "public.users" },
    {
      kind: "index-build",
      relation: "public.users",
      index: "public.users_pkey",
      again: true,
      concurrent: false,
    },
  ],
};

it("names each lock and rewrite in which a prediction was wrong", () => {
  expect(compareEffects(rewrite, rewrite)).toEqual([]);
  const observed: Effect = {
    ...rewrite,
    locks: [{ ...rewrite.locks[0]!, mode: "Share" }],
    work: [rewrite.work[0]!],
  };
  expect(compareEffects(rewrite, observed)).toEqual([
    "lock of public.users: predicted AccessExclusive, observed Share",
    "lock of public.users_pkey: predicted AccessExclusive, observed none",
    "rewrite of public.users_pkey: predicted new storage, observed none",
  ]);
  expect(compareEffects(noEffect, { ...noEffect, locks: [rewrite.locks[0]!] })).toEqual([
    "lock of public.users: predicted none, observed AccessExclusive",
  ]);
});

it("does not hold against a prediction that it does not know, nor compare what was not done", () => {
  const unsure: Effect = { ...noEffect, unknown: ["the view's sources are not known"] };
  expect(compareEffects(unsure, rewrite)).toEqual([]);
  const failed: Effect = {
    ...noEffect,
    failures: [{ when: "on-rows", sqlState: "23502", message: "contains null values" }],
  };
  expect(compareEffects(rewrite, failed)).toEqual([]);
});
