import { isLockstepError } from "../../errors/index.ts";
import { refuseTransactionPooler } from "../../pg/index.ts";
import type { Examination } from "../examination.ts";

/** Session settings and advisory locks need a backend of one's own, see `refuseTransactionPooler`. */
export const connection: Examination = {
  name: "connection",
  question: "Does this URL lead to a session of one's own?",
  async examine({ url }) {
    try {
      const { kind } = await refuseTransactionPooler({ url, applicationName: "lockstep/doctor" });
      return [
        kind === "direct"
          ? { verdict: "ok", found: "straight to the server" }
          : {
              verdict: "note",
              found: "through a proxy that keeps a session's backend to itself",
              means:
                "process ids at login are the proxy's own; everything else is as on the server",
            },
      ];
    } catch (error) {
      if (!isLockstepError(error)) throw error;
      const { found = error.message, why, next } = error.explanation;
      const isPooler = error.code === "pooler-transaction-mode";
      return [
        {
          verdict: isPooler ? "danger" : "unknown",
          found,
          means: why ?? "whether a session keeps its backend could not be found out",
          next: [...(next ?? [])],
        },
      ];
    }
  },
};
