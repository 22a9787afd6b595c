/** The outbox that a mail service reads. In this example nobody does; the table is the mailbox. */
import { and, isNull, sql } from "drizzle-orm";
import type { Link } from "./delivery-token.ts";
import type { Database, Shop } from "./shop.ts";

export interface LinkMail {
  readonly key: string;
  readonly recipient: string;
  readonly subject: string;
  readonly links: readonly Link[];
  readonly licenseKeys: readonly string[];
}

/** The key is unique: a second mail for the same occasion fails, and with it the transaction that wanted it. */
export async function sendLinks(tx: Database, shop: Shop, mail: LinkMail): Promise<void> {
  const { config, release } = shop;
  const lines = [
    ...mail.links.map((link) => `${link.fileName}: ${link.url}`),
    ...mail.licenseKeys.map((key) => `License key: ${key}`),
    "",
    `Each link works ${config.maxDownloads} times and for ${config.tokenLifetimeHours} hours.`,
    `Lost it? Ask for a new one: ${config.publicUrl}/recover`,
  ];
  await tx.insert(release.tables.mails).values({
    idempotencyKey: mail.key,
    recipient: mail.recipient,
    subject: mail.subject,
    body: lines.join("\n"),
  });
}

/** Links at rest are secrets at rest: old mails lose their text and keep their trace. */
export async function emptyOldMails(shop: Shop): Promise<void> {
  const { mails } = shop.release.tables;
  await shop.db
    .update(mails)
    .set({ body: "", emptiedAt: sql`now()` })
    .where(
      and(
        isNull(mails.emptiedAt),
        sql`${mails.createdAt} < now() - ${shop.config.mailKeepMinutes} * interval '1 minute'`,
      ),
    );
}
