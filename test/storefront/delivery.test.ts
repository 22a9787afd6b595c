import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { readFile } from "node:fs/promises";
import { assetsDir } from "../../examples/storefront/home.ts";
import { chargeRefunded } from "../../examples/storefront/played-provider.ts";
import { emptyOldMails } from "../../examples/storefront/mail.ts";
import { linksIn } from "../../examples/storefront/probes/walk.ts";
import { drainJobs } from "../../examples/storefront/worker.ts";
import type { Scratch } from "../../src/scratch/index.ts";
import { startScratch } from "../../src/scratch/index.ts";
import type { TestShop } from "./fixture.ts";
import { attach, codeOf, openTestShop, secret } from "./fixture.ts";

let scratch: Scratch;
let shop: TestShop;
beforeAll(async () => {
  scratch = await startScratch({ major: 18 });
});
beforeEach(async () => {
  shop = await openTestShop(scratch);
});
afterEach(() => shop[Symbol.asyncDispose]());
afterAll(() => scratch.close());

async function boughtLink(): Promise<string> {
  const { email } = await shop.buy();
  const [link] = await shop.links(email);
  return link!;
}

const uses = () =>
  shop.sql(
    `SELECT t.used_count, (SELECT count(*)::int FROM downloads) AS downloads FROM delivery_tokens t`,
  );

describe("a download link", () => {
  it("streams the very file and counts", async () => {
    const link = await boughtLink();
    const answer = await shop.get(link);
    const content = await readFile(join(assetsDir, "icon-set.svg"));
    expect(answer.status).toBe(200);
    expect(Buffer.from(await answer.arrayBuffer())).toEqual(content);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      "content-length": String(content.byteLength),
      "content-type": "image/svg+xml",
      "content-disposition": "attachment; filename*=UTF-8''icon-set.svg",
      "cache-control": "private, no-store",
      "x-content-type-options": "nosniff",
    });
    expect(await uses()).toEqual([{ used_count: 1, downloads: 1 }]);
  });

  it("is stored as a hash and nowhere else but in the mail, which is emptied in time", async () => {
    const link = await boughtLink();
    const token = link.split("/").at(-1)!;
    const dump = JSON.stringify(
      await shop.sql(
        `SELECT (SELECT json_agg(t) FROM delivery_tokens t) AS tokens,
                (SELECT json_agg(j) FROM jobs j) AS jobs,
                (SELECT json_agg(e) FROM webhook_events e) AS events`,
      ),
    );
    expect(dump).not.toContain(token);
    await shop.sql("UPDATE mails SET created_at = now() - interval '61 minutes'");
    await emptyOldMails(shop.shop);
    expect(await shop.sql("SELECT body, emptied_at IS NOT NULL AS emptied FROM mails")).toEqual([
      { body: "", emptied: true },
    ]);
    expect((await shop.get(link)).status).toBe(200);
  });

  it("has its last use taken by one of ten requests at once", async () => {
    const link = await boughtLink();
    await shop.sql("UPDATE delivery_tokens SET used_count = max_downloads - 1");
    await shop.warm();
    const answers = await Promise.all(Array.from({ length: 10 }, () => shop.get(link)));
    const statuses = answers.map((answer) => answer.status).sort((a, b) => a - b);
    await Promise.all(answers.map((answer) => answer.arrayBuffer()));
    expect(statuses).toEqual([200, ...Array.from({ length: 9 }, () => 410)]);
    expect(await uses()).toEqual([{ used_count: 3, downloads: 1 }]);
    expect(await codeOf(await shop.get(link))).toBe("used-up");
  });

  it("is closed when its time is over", async () => {
    const link = await boughtLink();
    await shop.sql("UPDATE delivery_tokens SET expires_at = now()");
    const answer = await shop.get(link);
    expect([answer.status, await codeOf(answer)]).toEqual([410, "expired"]);
    expect(await uses()).toEqual([{ used_count: 0, downloads: 0 }]);
  });

  it("is closed by a refund, also while it is being used", async () => {
    const { email, payment } = await shop.buy();
    const [link] = await shop.links(email);
    const [, ...answers] = await Promise.all([
      shop.send(chargeRefunded(payment, { secret })),
      shop.get(link!),
      shop.get(link!),
    ]);
    await Promise.all(answers.map((answer) => answer.arrayBuffer()));
    for (const answer of answers) expect([200, 410]).toContain(answer.status);
    const after = await shop.get(link!);
    expect([after.status, await codeOf(after)]).toEqual([410, "revoked"]);
  });

  it("costs nothing when it is guessed, scanned, or when the file is not there", async () => {
    const link = await boughtLink();
    expect((await shop.get("/download/guessed")).status).toBe(404);
    const scanned = await shop.app.request(link, { method: "HEAD" });
    expect(scanned.status).toBe(200);

    const storageDir = await mkdtemp(join(tmpdir(), "storefront-storage-"));
    await using broken = attach(shop.url, { storageDir });
    expect((await broken.get(link)).status).toBe(500);
    expect(broken.logged).toMatchObject([{ event: "request.failed", route: "/download/:token" }]);
    expect(JSON.stringify(broken.logged)).not.toContain(link);
    await rm(storageDir, { recursive: true });
    expect(await uses()).toEqual([{ used_count: 0, downloads: 0 }]);
  });

  it("never leaves the storage directory", async () => {
    const link = await boughtLink();
    await shop.sql(
      "UPDATE files SET storage_key = '../server.ts' WHERE storage_key = 'icon-set.svg'",
    );
    expect((await shop.get(link)).status).toBe(500);
    expect(shop.logged).toMatchObject([{ reason: "A storage key outside the storage directory" }]);
  });
});

describe("recovery", () => {
  const recover = async (email: string) => {
    const answer = await shop.post("/recover", { email });
    await drainJobs(shop.shop);
    return answer;
  };
  const outcomes = async () =>
    (
      await shop.sql<{ outcome: string }>(
        "SELECT outcome FROM recovery_requests ORDER BY requested_at",
      )
    ).map((row) => row.outcome);

  it("closes the old links and sends new ones to the address that bought", async () => {
    const { email } = await shop.buy("interface-kit");
    const [old] = await shop.links(email);
    expect((await recover(` ${email.toUpperCase()}`.trim())).status).toBe(202);
    const [fresh] = await shop.links(email);
    expect(fresh).not.toBe(old);
    expect(await codeOf(await shop.get(old!))).toBe("revoked");
    expect((await shop.get(fresh!)).status).toBe(200);
    const [mail] = await shop.sql<{ body: string }>(
      "SELECT body FROM mails ORDER BY created_at DESC",
    );
    expect(mail!.body).toMatch(/License key: ([A-Z2-9]{5}-){3}[A-Z2-9]{5}/);
  });

  it("does not tell who is a customer: same answer, same rows, no mail", async () => {
    const { email } = await shop.buy();
    const known = await shop.post("/recover", { email });
    const unknown = await shop.post("/recover", { email: "nobody@example.com" });
    expect([unknown.status, await unknown.text()]).toEqual([known.status, await known.text()]);
    expect(
      await shop.sql("SELECT count(*)::int AS jobs FROM jobs WHERE kind = 'recover-access'"),
    ).toEqual([{ jobs: 2 }]);
    await drainJobs(shop.shop);
    expect(await outcomes()).toEqual(["sent", "no such customer"]);
    expect(await shop.links("nobody@example.com")).toEqual([]);
  });

  it("is limited by the hour, also for requests at the same moment", async () => {
    const { email } = await shop.buy();
    await Promise.all(Array.from({ length: 6 }, () => shop.post("/recover", { email })));
    await Promise.all([1, 2, 3].map(() => drainJobs(shop.shop)));
    const sent = (await outcomes()).filter((outcome) => outcome === "sent");
    expect(sent).toHaveLength(3);
    // Which of the mails written at the same moment came last, their times do not tell: one link works, the others do not.
    const mails = await shop.sql<{ body: string }>("SELECT body FROM mails WHERE recipient = $1", [
      email,
    ]);
    const answers = await Promise.all(
      mails.map(async ({ body }) => (await shop.get(linksIn(body)[0]!)).status),
    );
    expect(answers.filter((status) => status === 200)).toHaveLength(1);
  });

  it("gives nothing back after a refund", async () => {
    const { email, payment } = await shop.buy();
    await shop.send(chargeRefunded(payment, { secret }));
    await recover(email);
    expect(await outcomes()).toEqual(["nothing to recover"]);
  });

  it("leaves no live token when it races with a refund", async () => {
    for (let round = 0; round < 10; round += 1) {
      const { email, payment } = await shop.buy();
      await shop.post("/recover", { email });
      await Promise.all([drainJobs(shop.shop), shop.send(chargeRefunded(payment, { secret }))]);
    }
    const [row] = await shop.sql(
      `SELECT count(*) FILTER (WHERE e.revoked_at IS NULL)::int AS owned,
              count(*) FILTER (WHERE t.revoked_at IS NULL)::int AS live
         FROM entitlements e JOIN delivery_tokens t ON t.entitlement_id = e.id`,
    );
    expect(row).toEqual({ owned: 0, live: 0 });
  });
});
