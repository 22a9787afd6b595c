/** Who owns what: granted by a paid order, taken back by its refund. */
import { randomBytes } from "node:crypto";
import type { SQL } from "drizzle-orm";
import { and, asc, eq, inArray, isNull, sql } from "drizzle-orm";
import type { Deliverable } from "./delivery-token.ts";
import { revokeTokens } from "./delivery-token.ts";
import { NotThisRelease } from "./jobs.ts";
import type { Database, Shop } from "./shop.ts";

/** Four groups of five, without letters and digits that are read for one another. */
function newLicenseKey(): string {
  const letters = "ABCDEFGHJKMNPQRSTVWXYZ23456789";
  const groups = Array.from({ length: 4 }, () =>
    Array.from(randomBytes(5), (byte) => letters[byte % letters.length]).join(""),
  );
  return groups.join("-");
}

/** One entitlement for each item of the order; those that exist stay as they are. */
export async function grantOrder(
  tx: Database,
  shop: Shop,
  order: { readonly id: string; readonly customerId: string },
): Promise<void> {
  const { entitlements, orderItems, products } = shop.release.tables;
  const items = await tx
    .select({ id: orderItems.id, kind: products.kind })
    .from(orderItems)
    .innerJoin(products, eq(products.id, orderItems.productId))
    .where(eq(orderItems.orderId, order.id));
  for (const item of items) {
    const kind = shop.release.grants[item.kind];
    if (!kind) throw new NotThisRelease(`${shop.release.name} cannot fulfil a ${item.kind}`);
    await tx
      .insert(entitlements)
      .values({
        customerId: order.customerId,
        orderItemId: item.id,
        kind,
        licenseKey: kind === "license" ? newLicenseKey() : null,
      })
      .onConflictDoNothing({ target: entitlements.orderItemId });
  }
}

/** Takes back everything the order gave; the caller holds the lock on the order's payment. */
export async function revokeOrder(tx: Database, shop: Shop, orderId: string): Promise<void> {
  const { entitlements, orderItems, orders } = shop.release.tables;
  await tx
    .update(orders)
    .set({ status: "refunded", refundedAt: sql`now()` })
    .where(eq(orders.id, orderId));
  const ids = tx
    .select({ id: orderItems.id })
    .from(orderItems)
    .where(eq(orderItems.orderId, orderId));
  const owned = await lockEntitlements(tx, shop, inArray(entitlements.orderItemId, ids));
  if (owned.length === 0) return;
  await tx
    .update(entitlements)
    .set({ revokedAt: sql`now()` })
    .where(inArray(entitlements.id, owned));
  await revokeTokens(tx, shop, owned, "refund");
}

/**
 * Ids of the entitlements in force, locked in one order for all callers. Whoever mints or revokes tokens
 * holds this lock, so a refund and a recovery at the same moment leave no live token behind.
 */
export async function lockEntitlements(
  tx: Database,
  shop: Shop,
  which: SQL,
): Promise<readonly string[]> {
  const { entitlements } = shop.release.tables;
  const rows = await tx
    .select({ id: entitlements.id })
    .from(entitlements)
    .where(and(which, isNull(entitlements.revokedAt)))
    .orderBy(asc(entitlements.id))
    .for("no key update");
  return rows.map((row) => row.id);
}

export interface Delivery {
  readonly deliverables: readonly Deliverable[];
  readonly licenseKeys: readonly string[];
}

/** What the owner of these entitlements is to be sent. */
export async function deliveryOf(
  tx: Database,
  shop: Shop,
  entitlementIds: readonly string[],
): Promise<Delivery> {
  const { entitlements, files, orderItems, productFiles } = shop.release.tables;
  if (entitlementIds.length === 0) return { deliverables: [], licenseKeys: [] };
  const rows = await tx
    .select({
      entitlementId: entitlements.id,
      licenseKey: entitlements.licenseKey,
      fileId: files.id,
      fileName: files.fileName,
    })
    .from(entitlements)
    .innerJoin(orderItems, eq(orderItems.id, entitlements.orderItemId))
    .innerJoin(productFiles, eq(productFiles.productId, orderItems.productId))
    .innerJoin(files, eq(files.id, productFiles.fileId))
    .where(inArray(entitlements.id, [...entitlementIds]))
    .orderBy(asc(entitlements.grantedAt), asc(productFiles.position));
  const keys = rows.flatMap((row) => row.licenseKey ?? []);
  return { deliverables: rows, licenseKeys: [...new Set(keys)] };
}
