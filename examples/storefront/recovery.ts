/**
 * "I lost my link": by mail, to the address that bought, and to nobody else.
 *
 * The request does the same work and gives the same answer for every address; whether there is anything to
 * send is found out later, by the worker.
 */
import { and, eq, gt, isNotNull, ne, sql } from "drizzle-orm";
import { normalizeEmail } from "./checkout.ts";
import { mintLinks, revokeTokens } from "./delivery-token.ts";
import { deliveryOf, lockEntitlements } from "./entitlement.ts";
import { enqueue } from "./jobs.ts";
import { sendLinks } from "./mail.ts";
import type { Database, Shop } from "./shop.ts";

export async function requestRecovery(shop: Shop, email: string): Promise<void> {
  const { recoveryRequests } = shop.release.tables;
  await shop.db.transaction(async (tx) => {
    const [request] = await tx
      .insert(recoveryRequests)
      .values({ email: normalizeEmail(email) })
      .returning({ id: recoveryRequests.id });
    if (!request) throw new Error("An insert returned no row");
    await enqueue(tx, shop, {
      kind: "recover-access",
      key: `recover:${request.id}`,
      payload: { requestId: request.id },
    });
  });
}

/** Job `recover-access`: old links stop, new ones are sent. */
export async function recoverAccess(tx: Database, shop: Shop, requestId: string): Promise<void> {
  const { recoveryRequests } = shop.release.tables;
  const [request] = await tx
    .select()
    .from(recoveryRequests)
    .where(eq(recoveryRequests.id, requestId))
    .for("no key update");
  if (!request || request.handledAt) return;
  const outcome = await sendNewLinks(tx, shop, request);
  await tx
    .update(recoveryRequests)
    .set({ handledAt: sql`now()`, outcome })
    .where(eq(recoveryRequests.id, request.id));
}

async function sendNewLinks(
  tx: Database,
  shop: Shop,
  request: { readonly id: string; readonly email: string },
): Promise<string> {
  const { customers, entitlements, recoveryRequests } = shop.release.tables;
  // The lock makes requests of one customer take turns, and the limit a limit.
  const [customer] = await tx
    .select()
    .from(customers)
    .where(eq(customers.email, request.email))
    .for("no key update");
  if (!customer) return "no such customer";

  const recent = await tx.$count(
    recoveryRequests,
    and(
      eq(recoveryRequests.email, request.email),
      eq(recoveryRequests.outcome, "sent"),
      isNotNull(recoveryRequests.handledAt),
      gt(recoveryRequests.handledAt, sql`now() - interval '1 hour'`),
      ne(recoveryRequests.id, request.id),
    ),
  );
  if (recent >= shop.config.recoveriesPerHour) return "too many requests";

  const owned = await lockEntitlements(tx, shop, eq(entitlements.customerId, customer.id));
  if (owned.length === 0) return "nothing to recover";
  await revokeTokens(tx, shop, owned, "recovery");
  const { deliverables, licenseKeys } = await deliveryOf(tx, shop, owned);
  await sendLinks(tx, shop, {
    key: `recovery:${request.id}`,
    recipient: customer.email,
    subject: "Your new download links",
    links: await mintLinks(tx, shop, deliverables),
    licenseKeys,
  });
  return "sent";
}
