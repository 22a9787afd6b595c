import { messageOf } from "./check.ts";
import { queryOf } from "./connection.ts";
import type { RuntimeContract } from "./contract.ts";

export interface InstanceOptions {
  /** Names this process; host, pid and a random part by default. */
  readonly instance?: string;
  /** The contract's release by default. */
  readonly release?: string;
  /** Time between heartbeats in ms, 30,000 by default. An instance counts as gone after three of them. */
  readonly intervalMs?: number;
  /** Told why a heartbeat could not be written; nothing by default. */
  readonly onWarning?: (message: string) => void;
}

/** A registered instance. */
export interface RegisteredInstance {
  readonly instance: string;
  /** Ends the heartbeat and takes the registration back. Safe to call twice. */
  readonly stop: () => Promise<void>;
}

/**
 * Tells the database that an instance of this release runs, and goes on telling, so that a deploy knows which
 * releases its migrations must not break. It never throws and never keeps the process alive; without schema
 * `lockstep` it only warns, and finds it when it appears.
 */
export async function registerInstance(
  database: unknown,
  contract: RuntimeContract,
  options: InstanceOptions = {},
): Promise<RegisteredInstance> {
  const query = queryOf(database);
  const instance = (options.instance ?? defaultName()).slice(0, 200);
  const release = (options.release ?? contract.release).slice(0, 200);
  let warned: string | undefined;
  let stopped = false;
  const beat = async () => {
    try {
      const rows = await query(
        "SELECT lockstep.beat($1::text, $2::text, $3::text)::text AS known",
        [instance, contract.hash, release],
      );
      if (rows[0]?.["known"] !== "true")
        await query("SELECT lockstep.offer_contract($1::text, $2::text, $3::text::jsonb)::text", [
          contract.hash,
          release,
          JSON.stringify(contract),
        ]);
      warned = undefined;
    } catch (error) {
      const message = messageOf(error);
      // Once for each new reason, not once a beat.
      if (message !== warned) options.onWarning?.(`this instance is not registered: ${message}`);
      warned = message;
    }
  };
  await beat();
  let running = Promise.resolve();
  const timer = setInterval(() => {
    running = running.then(() => (stopped ? undefined : beat()));
  }, options.intervalMs ?? 30_000);
  timer.unref?.();
  return {
    instance,
    stop: async () => {
      if (stopped) return;
      stopped = true;
      clearInterval(timer);
      await running;
      await query("SELECT lockstep.leave($1::text)::text", [instance]).catch(() => {});
    },
  };
}

function defaultName(): string {
  const host = process.env["HOSTNAME"] ?? "instance";
  return `${host}-${process.pid}-${crypto.randomUUID().slice(0, 8)}`;
}
