/** What has to work before a deploy of the storefront counts as one. */
import type { Tools } from "./walk.ts";
import {
  awaitDelivery,
  buy,
  downloadAll,
  expect,
  expectEntitlement,
  recover,
  refund,
} from "./walk.ts";

interface Context extends Tools {
  log(message: string): void;
  readonly env: Readonly<Record<string, string | undefined>>;
}

const flow = [
  "public.customers",
  "public.delivery_tokens",
  "public.downloads",
  "public.entitlement_kind",
  "public.entitlements",
  "public.files",
  "public.jobs",
  "public.mails",
  "public.order_items",
  "public.orders",
  "public.payments",
  "public.product_files",
  "public.products",
  "public.recovery_requests",
  "public.webhook_events",
];

/** From the money to the file and back, for one product. */
async function walk(context: Context, product: string, kind: string) {
  const secret = context.env["STRIPE_WEBHOOK_SECRET"];
  expect(secret !== undefined, "STRIPE_WEBHOOK_SECRET is not set, so no payment can be signed");
  const bought = await buy(context, product, secret);
  context.log(`paid for ${product}`);
  const order = await awaitDelivery(context, bought);
  await expectEntitlement(context, bought, kind);
  context.log(`${kind} entitlement granted, links sent`);
  const links = await downloadAll(context, bought);
  context.log(`${links.length} downloaded`);
  const newLinks = await recover(context, bought, links);
  context.log("recovered by mail, old links closed");
  await refund(context, bought, newLinks, secret);
  return order;
}

async function releaseOf({ http }: Context): Promise<string> {
  return (await http.get("/health")).json<{ readonly release: string }>().release;
}

export default {
  probes: [
    {
      name: "a download: payment, webhook, order, entitlement, token, download, recovery",
      touches: flow,
      async run(context: Context) {
        await walk(context, "icon-set", "download");
      },
    },
    {
      name: "a bundle gives the new entitlement and a confirmed order",
      touches: [...flow, "public.orders.confirmed_at", "public.entitlements.kind"],
      async run(context: Context) {
        if ((await releaseOf(context)) === "v1") return context.log("release v1 sells no bundles");
        const order = await walk(context, "studio-bundle", "bundle");
        expect(typeof order["confirmedAt"] === "string", "the paid order has no confirmedAt");
      },
    },
  ],
};
