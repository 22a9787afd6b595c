import { describe, expect, it } from "vitest";
import { backfillSettings } from "../../src/cli/backfill-steering.ts";
import type { LockstepConfig } from "../../src/config/index.ts";
import { failureOf } from "../support/failure.ts";

const loaded = (backfill: LockstepConfig["backfill"]) => ({
  config: backfill === undefined ? {} : { backfill },
  file: "lockstep.config.ts",
  folder: "",
});

describe("how rows are filled", () => {
  it("is what the config says, with the options before it", () => {
    const config = loaded({
      workers: 3,
      cpus: 8,
      vacuum: false,
      ignore: ["latency"],
      ignoreReplicas: ["late"],
      limits: { "replica-seconds": { slow: 1, stop: null }, sessions: { slow: 4, stop: 9 } },
    });
    expect(backfillSettings({}, config)).toEqual({
      workers: 3,
      vacuum: false,
      steering: {
        cpus: 8,
        ignore: ["latency"],
        ignoreReplicas: ["late"],
        limits: { "replica-seconds": { slow: 1, stop: null }, sessions: { slow: 4, stop: 9 } },
      },
    });
    const words = { workers: 1, limit: ["sessions=1:2"], ignore: ["wal"], cpus: 2 };
    expect(backfillSettings(words, config)).toMatchObject({
      workers: 1,
      steering: {
        cpus: 2,
        ignore: ["latency", "wal"],
        limits: { "replica-seconds": { slow: 1, stop: null }, sessions: { slow: 1, stop: 2 } },
      },
    });
  });

  it("is the usual without either", () => {
    expect(backfillSettings({}, loaded(undefined))).toEqual({
      workers: 1,
      vacuum: true,
      steering: { limits: {}, ignore: [], ignoreReplicas: [] },
    });
  });

  it.each([
    [{ limits: { "replica-second": { slow: 1, stop: 2 } } }, "replica-second"],
    [{ ignore: ["latencies"] }, "latencies"],
  ])("refuses a name that there is not: %j", async (backfill, name) => {
    expect(await failureOf(() => backfillSettings({}, loaded(backfill)))).toMatchObject({
      code: "config-invalid",
      found: `"${name}"`,
    });
  });
});
