import { expect, it } from "vitest";
import { migrateNext, type Standing } from "../../src/ledger/migrate-next.ts";

const next = (...states: readonly (Standing["state"] | Partial<Standing>)[]) =>
  migrateNext(
    states.map((one, at) =>
      typeof one === "string"
        ? { id: `m${at}`, state: one }
        : { id: `m${at}`, state: "failed", ...one },
    ),
  );

it("names what applies the pending ones where lockstep migrate alone would refuse", () => {
  expect(next("applied", "pending", "failed")).toBe("lockstep migrate");
  expect(next("applied", "pending", "applied", "pending")).toBe(
    "lockstep migrate --allow-out-of-order: m1 stands before m2, which is applied",
  );
  expect(next("pending", "applied", "unknown")).toBe(
    "lockstep migrate --allow-missing --allow-out-of-order: m2 is applied and not in the folder, and m0 stands before m1, which is applied",
  );
  expect(next("edited", "pending")).toBe(
    "bring m0 back to what was applied; then lockstep migrate",
  );
  expect(next({ unfinished: {} }, "pending")).toBe("lockstep resolve m0; then lockstep migrate");
  expect(next({ state: "applied", goingBack: [] }, "pending")).toBe(
    "lockstep rollback m0, which goes on where it stopped; then lockstep migrate",
  );
});
