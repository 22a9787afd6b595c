import { describe, expect, it } from "vitest";
import {
  compareEnvironments,
  type EnvironmentState,
  type MigrationState,
  type Reached,
} from "../../src/environments/index.ts";

const now = new Date("2026-03-22T12:00:00Z");
const daysAgo = (days: number) => new Date(now.getTime() - days * 86_400_000);

/** `one@21`: applied 21 days ago; `two`: pending; `three!failed`: in that state. */
function environment(
  name: string,
  migrations: string,
  reached: Partial<Reached> = {},
): EnvironmentState {
  const all = migrations.split(" ").filter((word) => word !== "");
  return {
    name,
    from: `db/${name}`,
    unreachable: undefined,
    reached: {
      takenAt: now,
      migrations: all.map((word) => {
        const [, id, days, state] = /^(\w+)(?:@([\d.]+))?(?:!([\w-]+))?$/.exec(word)!;
        const fallback = days === undefined ? "pending" : "applied";
        return {
          id: id!,
          state: (state ?? fallback) as MigrationState["state"],
          appliedAt: days === undefined ? undefined : daysAgo(Number(days)),
        };
      }),
      drift: undefined,
      lastVerified: undefined,
      running: [],
      ...reached,
    },
  };
}

const told = (...states: readonly EnvironmentState[]) =>
  compareEnvironments(states, { now, lagDays: 7 }).map(
    ({ kind, environment: where, what, migrations }) =>
      [kind, where, what, ...migrations].join(" | "),
  );

describe("environments side by side", () => {
  it.each([
    [
      "agree when both have the same, in the same order",
      [environment("staging", "one@30 two@10"), environment("production", "one@29 two@2")],
      [],
    ],
    [
      "may differ by what has come to one just now",
      [environment("staging", "one@30 two@6.9"), environment("production", "one@29 two")],
      [],
    ],
    [
      "may all lack what is new",
      [environment("staging", "one@30 two"), environment("production", "one@29 two")],
      [],
    ],
    [
      "differ when something is for weeks in one and not in the other",
      [
        environment("staging", "one@30 two@21 three@8"),
        environment("production", "one@29 two three"),
      ],
      [
        "not-carried-on | production | two, three have been in staging for 21 days, and are not in production | two | three",
      ],
    ],
    [
      "are named by the one that had it first",
      [
        environment("dev", "one@30 two@21"),
        environment("staging", "one@30 two@9"),
        environment("production", "one@29 two"),
      ],
      [
        "not-carried-on | production | two has been in dev for 21 days, and is not in production | two",
      ],
    ],
    [
      "are told apart where one was never migrated",
      [environment("staging", "one@30 two@21"), environment("production", "one two")],
      [
        "never-migrated | production | no migration was ever recorded in production; staging has them",
      ],
    ],
    [
      "differ when two migrations came in another order",
      [
        environment("staging", "one@30 two@20 three@10"),
        environment("production", "one@29 two@3 three@5"),
      ],
      [
        "order-differs | production | staging got two before three, production the other way round | two | three",
      ],
    ],
    [
      "do not differ by what came in one transaction",
      [environment("staging", "one@5 two@5"), environment("production", "one@3 two@4")],
      [],
    ],
    [
      "have what failed, was edited, is not in the folder, or was changed by hand",
      [
        environment("staging", "one@30!edited two!failed lost@3!unknown", { drift: 2 }),
        environment("production", "one@29 two", { drift: 0 }),
      ],
      [
        "failed | staging | two did not come to an end in staging | two",
        "edited | staging | changed since staging got it: one | one",
        "unknown | staging | staging has what this checkout has no file of: lost | lost",
        "drifted | staging | 2 objects changed by hand in staging",
      ],
    ],
    [
      "are told with the day of their status",
      [environment("staging", "one@30", { takenAt: daysAgo(3.5) })],
      ["old-status | staging | what is known of staging is 3 days old"],
    ],
    [
      "are compared although one of them cannot be asked",
      [
        {
          name: "dev",
          from: "DEV_URL",
          reached: undefined,
          unreachable: "DEV_URL is not set",
        } satisfies EnvironmentState,
        environment("staging", "one@30 two@21"),
        environment("production", "one@29 two"),
      ],
      [
        "unreachable | dev | dev could not be asked: DEV_URL is not set",
        "not-carried-on | production | two has been in staging for 21 days, and is not in production | two",
      ],
    ],
  ])("%s", (_name, states, expected) => {
    expect(told(...states)).toEqual(expected);
  });
});
