import { expect, it } from "vitest";
import { waysPastPooler } from "../../src/pg/pooler-advice.ts";

it.each([
  ["aws-0-eu-central-1.pooler.supabase.com", 6543, "port 5432 instead of 6543"],
  [
    "ep-cool-rain-123-pooler.eu-central-1.aws.neon.tech",
    5432,
    "ep-cool-rain-123.eu-central-1.aws.neon.tech",
  ],
  ["shop.proxy-abc.eu-central-1.rds.amazonaws.com", 5432, "writer endpoint"],
  ["db.internal", 6543, "port 5432 instead of 6543"],
  ["127.0.0.1", 6432, "straight to the server"],
])("names the setting to change for %s", (host, port, advice) => {
  expect(waysPastPooler(host, port)[0]).toContain(advice);
});
