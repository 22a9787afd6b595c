/** Behind a password: the page, and the two things an operator can do about a stuck order. */
import { Hono } from "hono";
import { basicAuth } from "hono/basic-auth";
import { csrf } from "hono/csrf";
import { secureHeaders } from "hono/secure-headers";
import { z } from "zod";
import { retryJob } from "../jobs.ts";
import { Refusal } from "../refusal.ts";
import type { Shop } from "../shop.ts";
import { applyEvent } from "../webhook.ts";
import { operatorPage } from "./page.ts";
import { readState } from "./state.ts";

const jobId = z.coerce.number().int().positive();
const eventId = z.uuid();

/** Without a password in the configuration there is no operator page: nothing is open by omission. */
export function operatorPages(shop: Shop): Hono {
  const pages = new Hono();
  const password = shop.config.operatorPassword;
  if (password === undefined) return pages;

  // A browser sends the password by itself, so a foreign page could press the buttons: hence `csrf`.
  pages.use(basicAuth({ username: "operator", password }), csrf(), secureHeaders());

  pages.get("/", async (c) => {
    c.header("cache-control", "no-store");
    return c.html(operatorPage(await readState(shop)));
  });

  pages.post("/jobs/:id/retry", async (c) => {
    const id = jobId.safeParse(c.req.param("id"));
    if (!id.success || !(await retryJob(shop, id.data))) {
      throw new Refusal(404, "unknown_job", "There is no such job that waits.");
    }
    return c.redirect("/operator", 303);
  });

  pages.post("/events/:id/apply", async (c) => {
    const id = eventId.safeParse(c.req.param("id"));
    if (!id.success) throw new Refusal(404, "unknown_event", "There is no such event.");
    await applyEvent(shop, id.data);
    return c.redirect("/operator", 303);
  });
  return pages;
}
