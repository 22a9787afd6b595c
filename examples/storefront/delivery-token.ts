/** Secrets in download links: made, hashed, used up, revoked. Only their hashes are stored. */
import { createHash, randomBytes } from "node:crypto";
import { and, eq, gt, inArray, isNull, lt, sql } from "drizzle-orm";
import type { Database, Shop } from "./shop.ts";

export interface Deliverable {
  readonly entitlementId: string;
  readonly fileId: string;
  readonly fileName: string;
}

export interface Link {
  readonly fileName: string;
  readonly url: string;
}

/** Why a link does not work (any more). */
export type Closed = "unknown" | "revoked" | "expired" | "used-up";

export function hashToken(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}

/** One new token a file. The links exist nowhere but in the answer. */
export async function mintLinks(
  tx: Database,
  shop: Shop,
  deliverables: readonly Deliverable[],
): Promise<readonly Link[]> {
  if (deliverables.length === 0) return [];
  const minted = deliverables.map((deliverable) => ({
    ...deliverable,
    token: randomBytes(32).toString("base64url"),
  }));
  await tx.insert(shop.release.tables.deliveryTokens).values(
    minted.map(({ entitlementId, fileId, token }) => ({
      entitlementId,
      fileId,
      tokenHash: hashToken(token),
      maxDownloads: shop.config.maxDownloads,
      expiresAt: sql`now() + ${shop.config.tokenLifetimeHours} * interval '1 hour'`,
    })),
  );
  return minted.map(({ fileName, token }) => ({
    fileName,
    url: `${shop.config.publicUrl}/download/${token}`,
  }));
}

/** Call it with the entitlements locked, so that no token is minted at the same moment. */
export async function revokeTokens(
  tx: Database,
  shop: Shop,
  entitlementIds: readonly string[],
  reason: string,
): Promise<void> {
  const { deliveryTokens } = shop.release.tables;
  await tx
    .update(deliveryTokens)
    .set({ revokedAt: sql`now()`, revokedReason: reason })
    .where(
      and(
        inArray(deliveryTokens.entitlementId, [...entitlementIds]),
        isNull(deliveryTokens.revokedAt),
      ),
    );
}

/** The file a token is for, whether the token may still be used or not. */
export async function fileOfToken(shop: Shop, token: string) {
  const { deliveryTokens, files } = shop.release.tables;
  const [file] = await shop.db
    .select({
      storageKey: files.storageKey,
      fileName: files.fileName,
      contentType: files.contentType,
    })
    .from(deliveryTokens)
    .innerJoin(files, eq(files.id, deliveryTokens.fileId))
    .where(eq(deliveryTokens.tokenHash, hashToken(token)));
  return file;
}

/**
 * Takes one use. Condition and count are one `UPDATE`: of two requests for the last use the second waits for
 * the first one's row lock, looks at the new count and finds the token used up.
 */
export async function takeUse(shop: Shop, token: string): Promise<Closed | "taken"> {
  const { deliveryTokens, downloads } = shop.release.tables;
  const tokenHash = hashToken(token);
  return shop.db.transaction(async (tx) => {
    const [used] = await tx
      .update(deliveryTokens)
      .set({ usedCount: sql`${deliveryTokens.usedCount} + 1`, lastUsedAt: sql`now()` })
      .where(
        and(
          eq(deliveryTokens.tokenHash, tokenHash),
          isNull(deliveryTokens.revokedAt),
          gt(deliveryTokens.expiresAt, sql`now()`),
          lt(deliveryTokens.usedCount, deliveryTokens.maxDownloads),
        ),
      )
      .returning({ id: deliveryTokens.id });
    if (!used) return whyClosed(tx, shop, tokenHash);
    await tx.insert(downloads).values({ tokenId: used.id });
    return "taken";
  });
}

async function whyClosed(tx: Database, shop: Shop, tokenHash: string): Promise<Closed> {
  const { deliveryTokens } = shop.release.tables;
  const [token] = await tx
    .select({
      revoked: sql<boolean>`${deliveryTokens.revokedAt} is not null`,
      expired: sql<boolean>`${deliveryTokens.expiresAt} <= now()`,
    })
    .from(deliveryTokens)
    .where(eq(deliveryTokens.tokenHash, tokenHash));
  if (!token) return "unknown";
  if (token.revoked) return "revoked";
  return token.expired ? "expired" : "used-up";
}
