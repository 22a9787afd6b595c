/**
 * The whole business flow, walked from outside: payment → webhook → order → entitlement → delivery token →
 * download → recovery. Each stage is a function that throws with a sentence when the shop does not keep its
 * promise.
 */
import { createHash, randomUUID } from "node:crypto";
import type { Payment } from "../played-provider.ts";
import { chargeRefunded, paymentSucceeded } from "../played-provider.ts";

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  text(): string;
  json<Body>(): Body;
}

interface Request {
  readonly json?: unknown;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What the walk needs of whoever runs it; a deploy's probe context has all of it. */
export interface Tools {
  readonly http: {
    get(path: string, request?: Request): Promise<Answer>;
    post(path: string, request?: Request): Promise<Answer>;
  };
  sql<Row>(text: string, params?: readonly unknown[]): Promise<Row[]>;
  eventually<Value>(
    check: () => Promise<Value>,
    options?: { readonly timeoutMs?: number },
  ): Promise<Value>;
}

export interface Bought {
  readonly orderId: string;
  readonly email: string;
  readonly payment: Payment;
}

/** One order, paid by a signed event that is delivered twice, as providers do. */
export async function buy(tools: Tools, product: string, secret: string): Promise<Bought> {
  const email = `probe+${randomUUID()}@storefront.invalid`;
  const checkout = await tools.http.post("/checkout", {
    json: { email, products: [product] },
    headers: { "idempotency-key": randomUUID() },
  });
  expect(checkout.status === 201, `checkout of ${product} answered ${described(checkout)}`);
  const { orderId, payment } = checkout.json<Omit<Bought, "email">>();

  const event = paymentSucceeded(payment, { secret });
  for (const delivery of ["first", "repeated"]) {
    const answer = await tools.http.post("/webhooks/payments", event);
    expect(answer.status === 200, `the ${delivery} payment event got ${described(answer)}`);
  }
  return { orderId, email, payment };
}

/** Waits until the paid order is delivered; gives the order as its page shows it. */
export async function awaitDelivery(
  tools: Tools,
  { orderId }: Bought,
): Promise<Readonly<Record<string, unknown>>> {
  return tools.eventually(async () => {
    const answer = await tools.http.get(`/orders/${orderId}`);
    expect(answer.status === 200, `the order's page answered ${described(answer)}`);
    const { order } = answer.json<{ readonly order: Readonly<Record<string, unknown>> }>();
    if (order["status"] === "fulfilled") return order;
    const [job] = await tools.sql<{ readonly last_error: string | null }>(
      `SELECT last_error FROM public.jobs WHERE payload->>'orderId' = $1 AND status <> 'done'`,
      [orderId],
    );
    const because = job?.last_error ? `: ${job.last_error}` : "";
    throw new Error(`the order is ${String(order["status"])} and not fulfilled${because}`);
  });
}

/** The customer owns one entitlement of this kind, and every token of it is stored as a hash only. */
export async function expectEntitlement(tools: Tools, bought: Bought, kind: string): Promise<void> {
  const owned = await tools.sql<{ readonly kind: string; readonly tokens: number }>(
    `SELECT e.kind::text AS kind,
            count(*) FILTER (WHERE t.token_hash ~ '^[0-9a-f]{64}$')::int AS tokens
       FROM public.entitlements e
       JOIN public.order_items i ON i.id = e.order_item_id
       JOIN public.customers c ON c.id = e.customer_id
       LEFT JOIN public.delivery_tokens t ON t.entitlement_id = e.id
      WHERE i.order_id = $1 AND c.email = $2 AND e.revoked_at IS NULL
      GROUP BY e.id`,
    [bought.orderId, bought.email],
  );
  const [first] = owned;
  expect(owned.length === 1, `the order gave ${owned.length} entitlements instead of one`);
  expect(first?.kind === kind, `the entitlement is a ${first?.kind}, not a ${kind}`);
  expect((first?.tokens ?? 0) > 0, "the entitlement has no delivery token");
}

/** Downloads every file of the newest mail and compares it with the catalogue's checksum. */
export async function downloadAll(tools: Tools, bought: Bought): Promise<readonly string[]> {
  const links = await newestLinks(tools, bought.email);
  for (const link of links) {
    const answer = await tools.http.get(link);
    expect(answer.status === 200, `a fresh download link answered ${described(answer)}`);
    const sha256 = createHash("sha256").update(answer.text()).digest("hex");
    const [file] = await tools.sql(
      `SELECT 1 FROM public.delivery_tokens t
         JOIN public.files f ON f.id = t.file_id
         JOIN public.downloads d ON d.token_id = t.id
        WHERE t.token_hash = $1 AND f.sha256 = $2 AND t.used_count = 1`,
      [hashOf(link), sha256],
    );
    expect(file !== undefined, "a download was not the file that was bought, or was not counted");
  }
  return links;
}

/** Asks for new links: the old ones stop and the new ones work. */
export async function recover(
  tools: Tools,
  bought: Bought,
  oldLinks: readonly string[],
): Promise<readonly string[]> {
  const answers = await Promise.all(
    [bought.email, `nobody+${randomUUID()}@storefront.invalid`].map((email) =>
      tools.http.post("/recover", { json: { email } }),
    ),
  );
  for (const answer of answers) {
    expect(answer.status === 202, `the request for new links got ${described(answer)}`);
  }
  expect(
    answers[0]?.text() === answers[1]?.text(),
    "the answer to a request for new links tells whether the address is a customer's",
  );
  await tools.eventually(async () => {
    const links = await newestLinks(tools, bought.email);
    expect(!links.some((link) => oldLinks.includes(link)), "no new links were sent");
  });
  await expectClosed(tools, oldLinks, "a link that was replaced");
  return downloadAll(tools, bought);
}

/** Gives the money back, which takes the access back; a probe leaves no revenue behind. */
export async function refund(
  tools: Tools,
  bought: Bought,
  links: readonly string[],
  secret: string,
): Promise<void> {
  const answer = await tools.http.post(
    "/webhooks/payments",
    chargeRefunded(bought.payment, { secret }),
  );
  expect(answer.status === 200, `the refund event got ${described(answer)}`);
  await expectClosed(tools, links, "a link of a refunded order");
}

async function expectClosed(tools: Tools, links: readonly string[], which: string): Promise<void> {
  for (const link of links) {
    const answer = await tools.http.get(link);
    expect(answer.status === 410, `${which} answered ${answer.status} instead of 410`);
  }
}

async function newestLinks(tools: Tools, email: string): Promise<readonly string[]> {
  const [mail] = await tools.sql<{ readonly body: string }>(
    "SELECT body FROM public.mails WHERE recipient = $1 ORDER BY created_at DESC LIMIT 1",
    [email],
  );
  const links = linksIn(mail?.body ?? "");
  expect(links.length > 0, "the customer has no mail with download links");
  return links;
}

/** Paths of the download links in a mail. */
export function linksIn(body: string): readonly string[] {
  const words = body.split(/\s+/).filter((word) => URL.canParse(word));
  return words
    .map((word) => new URL(word).pathname)
    .filter((path) => path.startsWith("/download/"));
}

function hashOf(link: string): string {
  return createHash("sha256").update(link.slice("/download/".length)).digest("hex");
}

function described(answer: Answer): string {
  return `${answer.status} ${answer.text().slice(0, 200)}`;
}

/** Throws `otherwise` unless the condition holds. */
export function expect(condition: boolean, otherwise: string): asserts condition {
  if (!condition) throw new Error(otherwise);
}
