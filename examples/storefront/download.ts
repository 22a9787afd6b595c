/** The file behind a token, streamed, and counted before the first byte. */
import type { FileHandle } from "node:fs/promises";
import { open } from "node:fs/promises";
import { resolve, sep } from "node:path";
import { Readable } from "node:stream";
import type { Closed } from "./delivery-token.ts";
import { fileOfToken, takeUse } from "./delivery-token.ts";
import { Refusal } from "./refusal.ts";
import type { Shop } from "./shop.ts";

const sentences: Readonly<Record<Exclude<Closed, "unknown">, string>> = {
  revoked: "This link was replaced or withdrawn.",
  expired: "This link has expired.",
  "used-up": "This link was used as often as it may be.",
};

/** Throws a refusal for a link that does not work; only a file that could be opened costs a use. */
export async function download(shop: Shop, token: string): Promise<Response> {
  const file = await fileOfToken(shop, token);
  if (!file) throw unknownLink();
  const handle = await openStored(shop.config.storageDir, file.storageKey);
  try {
    const use = await takeUse(shop, token);
    if (use === "unknown") throw unknownLink();
    if (use !== "taken") {
      throw new Refusal(410, use, `${sentences[use]} Ask for a new one: POST /recover`);
    }
    const { size } = await handle.stat();
    // The stream closes the handle, also when the client goes away.
    const body = Readable.toWeb(handle.createReadStream()) as ReadableStream<Uint8Array>;
    return new Response(body, {
      headers: { ...downloadHeaders(file), "content-length": String(size) },
    });
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** Link scanners of mail programs ask with HEAD: they learn that the link exists and use nothing up. */
export async function inspect(shop: Shop, token: string): Promise<Response> {
  const file = await fileOfToken(shop, token);
  if (!file) throw unknownLink();
  return new Response(null, { headers: downloadHeaders(file) });
}

function unknownLink(): Refusal {
  return new Refusal(404, "unknown_link", "There is no such link.");
}

function downloadHeaders(file: { readonly fileName: string; readonly contentType: string }) {
  return {
    "content-type": file.contentType,
    "content-disposition": `attachment; filename*=UTF-8''${encodeURIComponent(file.fileName)}`,
    "accept-ranges": "none",
    "cache-control": "private, no-store",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
  };
}

async function openStored(storageDir: string, storageKey: string): Promise<FileHandle> {
  const root = resolve(storageDir);
  const path = resolve(root, storageKey);
  if (!path.startsWith(root + sep)) throw new Error("A storage key outside the storage directory");
  return open(path, "r");
}
