import { expect, it } from "vitest";
import { untouched } from "../../src/deploy/touched.ts";

const probe = (...touches: string[]) => ({ name: "p", touches, run: () => {} });

it.each([
  [["public.orders.confirmed_at"], ["public.orders"], []],
  [["public.orders"], ["public.orders.confirmed_at"], []],
  [["public.orders.a", "public.orders.b"], ["public.orders.a"], ["public.orders.b"]],
  [["public.orders"], ["public.order"], ["public.orders"]],
  [["public.orders"], [], ["public.orders"]],
])("of %j with probes on %j leaves %j", (changed, touches, left) => {
  expect(untouched(changed, [probe(...touches)])).toEqual(left);
});
