/** The operator's one page. Everything that comes from outside passes through `html`, which escapes it. */
import { html, raw } from "hono/html";
import type { EventRow, JobRow, OperatorState, OrderRow } from "./state.ts";
import { style } from "./style.ts";

export function operatorPage(state: OperatorState) {
  const { figures } = state;
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta http-equiv="refresh" content="10" />
        <title>${figures.stuck > 0 ? `(${figures.stuck} stuck) ` : ""}Storefront operator</title>
        <style>
          ${raw(style)}
        </style>
      </head>
      <body>
        <main>
          <header>
            <h1>Storefront</h1>
            <span class="soft">operator, release ${state.release}, times in UTC</span>
          </header>
          <section class="figures">
            ${figure("orders in 24 hours", figures.ordersToday)}
            ${figure("paid, not delivered", figures.stuck, figures.stuck > 0)}
            ${figure("to review", figures.review, figures.review > 0)}
            ${figure("jobs open", figures.openJobs)}
            ${figure("jobs given up", figures.deadJobs, figures.deadJobs > 0)}
            ${figure("events not applied", figures.openEvents, figures.openEvents > 0)}
          </section>
          <h2>Orders</h2>
          ${table(
            ["Placed", "Order", "Customer", "Bought", "Amount", "State", "Way to the customer"],
            state.orders.map(orderRow),
            "No orders yet.",
          )}
          <h2>Jobs that wait or were given up</h2>
          ${table(
            ["Job", "For", "State", "Attempts", "Next", "Last error", ""],
            state.jobs.map(jobRow),
            "The queue is empty.",
          )}
          <h2>Payment events</h2>
          ${table(
            ["Received", "Event", "Type", "Deliveries", "Outcome", ""],
            state.events.map(eventRow),
            "No events yet.",
          )}
        </main>
      </body>
    </html>`;
}

type Html = ReturnType<typeof html>;

const numeric = new Set(["Amount", "Attempts", "Deliveries"]);

function figure(label: string, value: number, alarm = false): Html {
  return html`<div class="figure ${alarm ? "alarm" : ""}"><b>${value}</b>${label}</div>`;
}

function table(heads: readonly string[], rows: readonly Html[], empty: string): Html {
  return html`<div class="scroll">
    <table>
      <thead>
        <tr>
          ${heads.map((head) => html`<th class="${numeric.has(head) ? "number" : ""}">${head}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${
          rows.length > 0
            ? rows
            : html`<tr>
                <td class="empty" colspan="${heads.length}">${empty}</td>
              </tr>`
        }
      </tbody>
    </table>
  </div>`;
}

const orderTag: Readonly<Record<OrderRow["order"]["status"], string>> = {
  pending: "",
  paid: "wait",
  fulfilled: "good",
  refunded: "",
  review: "bad",
};

function orderRow({ order, email, products, attention, entitled, downloads }: OrderRow): Html {
  const stuck = attention && order.status === "paid";
  return html`<tr class="${attention ? "attention" : ""}">
    <td>${when(order.createdAt)}</td>
    <td><code title="${order.id}">${order.id.slice(0, 8)}</code></td>
    <td>${email}</td>
    <td>${products}</td>
    <td class="number">${amount(order.totalCents, order.currency)}</td>
    <td>
      <span class="tag ${stuck ? "bad" : orderTag[order.status]}">
        ${stuck ? "stuck" : order.status}
      </span>
    </td>
    <td>
      <ol class="steps">
        ${step("paid", order.paidAt !== null)} ${step("entitled", entitled > 0, stuck)}
        ${step("sent", order.fulfilledAt !== null, stuck)}
        ${step(downloads > 1 ? `downloaded ×${downloads}` : "downloaded", downloads > 0)}
      </ol>
    </td>
  </tr>`;
}

function step(label: string, done: boolean, overdue = false): Html {
  if (done) return html`<li class="done">${label}</li>`;
  return overdue ? html`<li class="missing">not ${label}</li>` : html`<li>${label}</li>`;
}

function jobRow(job: JobRow): Html {
  const dead = job.status === "dead";
  const subject = Object.values(job.payload)[0] ?? "";
  return html`<tr class="${dead ? "attention" : ""}">
    <td>${job.kind}</td>
    <td><code title="${subject}">${subject.slice(0, 8)}</code></td>
    <td><span class="tag ${dead ? "bad" : "wait"}">${dead ? "given up" : job.status}</span></td>
    <td class="number">${job.attempts} of ${job.maxAttempts}</td>
    <td>${dead ? "" : when(job.runAt)}</td>
    <td class="error">${job.lastError ?? ""}</td>
    <td>${job.status === "running" ? "" : button(`/operator/jobs/${job.id}/retry`, "Retry")}</td>
  </tr>`;
}

function eventRow(event: EventRow): Html {
  const open = event.processedAt === null;
  return html`<tr class="${open ? "attention" : ""}">
    <td>${when(event.receivedAt)}</td>
    <td><code title="${event.eventId}">${event.eventId.slice(0, 16)}</code></td>
    <td>${event.type}</td>
    <td class="number">${event.deliveries}</td>
    <td class="${open ? "error" : ""}">
      ${open ? (event.lastError ?? "not applied yet") : event.outcome}
    </td>
    <td>${open ? button(`/operator/events/${event.id}/apply`, "Apply") : ""}</td>
  </tr>`;
}

function button(action: string, label: string): Html {
  return html`<form method="post" action="${action}"><button>${label}</button></form>`;
}

function when(at: Date): Html {
  const iso = at.toISOString();
  return html`<time datetime="${iso}">${iso.slice(5, 10)} ${iso.slice(11, 19)}</time>`;
}

function amount(cents: number, currency: string): string {
  return `${(cents / 100).toFixed(2)} ${currency.toUpperCase()}`;
}
