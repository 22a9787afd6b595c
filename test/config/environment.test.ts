import { describe, expect, it } from "vitest";
import { chooseEnvironment } from "../../src/config/index.ts";
import { failureOf } from "../support/failure.ts";

const config = {
  deploy: { command: "ship", baseUrl: "http://common" },
  environments: {
    staging: { urlEnv: "STAGING_URL" },
    production: { urlEnv: "PRODUCTION_URL", baseUrl: "http://own" },
  },
};
const variables = { STAGING_URL: "postgres://s", PRODUCTION_URL: "postgres://p" };

describe("the environment is", () => {
  it("the one that is named, with its own settings over the common ones", () => {
    expect(chooseEnvironment(config, { env: "production" }, variables)).toEqual({
      name: "production",
      url: "postgres://p",
      deploy: { command: "ship", baseUrl: "http://own" },
    });
  });

  it("the one in LOCKSTEP_ENV", () => {
    const chosen = chooseEnvironment(config, {}, { ...variables, LOCKSTEP_ENV: "staging" });
    expect(chosen).toMatchObject({ name: "staging", url: "postgres://s" });
  });

  it("the only one", () => {
    const only = { environments: { local: { url: "postgres://l" } } };
    expect(chooseEnvironment(only, {}, { LOCKSTEP_ENV: "" })).toEqual({
      name: "local",
      url: "postgres://l",
      deploy: {},
    });
  });

  it("without a config called default, and named by --url or LOCKSTEP_DATABASE_URL", () => {
    expect(chooseEnvironment({}, { url: "postgres://u" }, {})).toMatchObject({
      name: "default",
      url: "postgres://u",
    });
    const common = { LOCKSTEP_DATABASE_URL: "postgres://v" };
    expect(chooseEnvironment({}, {}, common)).toMatchObject({
      name: "default",
      url: "postgres://v",
    });
    expect(chooseEnvironment({}, { env: "ci" }, common)).toMatchObject({ name: "ci" });
  });

  it("on another database when --url names one", () => {
    const all = { ...variables, LOCKSTEP_DATABASE_URL: "postgres://v" };
    const chosen = chooseEnvironment(config, { env: "staging", url: "postgres://u" }, all);
    expect(chosen).toMatchObject({ name: "staging", url: "postgres://u" });
  });
});

describe("the environment is refused when", () => {
  it("it could be one of several", async () => {
    expect(await failureOf(() => chooseEnvironment(config, {}, variables))).toEqual({
      code: "usage",
      exitCode: 2,
      what: "which environment?",
      expected: "--env with one of: staging, production",
      found: "several in the config, and neither --env nor LOCKSTEP_ENV",
      why: "guessing could migrate production",
      next: ["lockstep … --env staging", "lockstep … --env production"],
    });
  });

  it.each([
    ["prodction", ["did you mean --env production?"]],
    ["constructor", ["lockstep … --env staging"]],
  ])("there is none of that name: %s", async (env, next) => {
    expect(await failureOf(() => chooseEnvironment(config, { env }, variables))).toEqual({
      code: "usage",
      exitCode: 2,
      what: `there is no environment "${env}" in the config`,
      expected: "one of: staging, production",
      found: `"${env}"`,
      next,
    });
  });

  it("its URL is not set", async () => {
    expect(await failureOf(() => chooseEnvironment(config, { env: "staging" }, {}))).toEqual({
      code: "usage",
      exitCode: 2,
      what: 'the database URL of environment "staging" is not set',
      expected: "a URL in STAGING_URL",
      found: "STAGING_URL is not set",
      from: "environments.staging of the config",
      why: "the variable is not exported to this shell, or the pipeline step lacks the secret",
      next: ["export STAGING_URL=postgres://…"],
    });
  });

  it("two databases are named for it, and never shown", async () => {
    const all = { ...variables, LOCKSTEP_DATABASE_URL: "postgres://v" };
    expect(await failureOf(() => chooseEnvironment(config, { env: "staging" }, all))).toEqual({
      code: "usage",
      exitCode: 2,
      what: 'two databases are named for environment "staging"',
      expected: "one URL",
      found: "STAGING_URL and, with another, LOCKSTEP_DATABASE_URL",
      from: "environments.staging of the config",
      why: "work on one database would be recorded as that of the other",
      next: ["unset LOCKSTEP_DATABASE_URL", "or name the one that is meant: --url"],
    });
    const same = { ...variables, LOCKSTEP_DATABASE_URL: "postgres://s" };
    expect(chooseEnvironment(config, { env: "staging" }, same).url).toBe("postgres://s");
  });

  it("no database is named at all", async () => {
    expect(await failureOf(() => chooseEnvironment({}, {}, {}))).toEqual({
      code: "usage",
      exitCode: 2,
      what: "no database was named",
      expected: "an environment in lockstep.config.ts, --url, or LOCKSTEP_DATABASE_URL",
      found: "none of them",
      next: ["lockstep … --url postgres://user@host/database"],
    });
  });
});
