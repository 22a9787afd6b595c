import { noteRun } from "../ledger/index.ts";
import type { Consent } from "../phases/index.ts";
import { Session } from "../pg/index.ts";
import type { TakeBackRequest, TakenBack } from "./request.ts";

/**
 * Notes with the run what was taken back, and what it cost. It is done by then: where it cannot be noted that is told, and no
 * failure, after which the same command would take back the migration before it.
 *
 * @param session opened before all of it, and perhaps lost meanwhile
 */
export async function noteTaken(
  session: Session,
  { url, run, emit }: Pick<TakeBackRequest, "url" | "run" | "emit">,
  { migration, by, from, losses }: Omit<TakenBack, "isDone">,
  consent: Consent | undefined,
): Promise<void> {
  const given = consent === undefined ? {} : { consent };
  const detail = { migration, by, from, lost: losses, ...given };
  const again = async () => {
    await using other = await Session.open({ url, applicationName: "lockstep/rollback" });
    await noteRun(other, run, detail);
  };
  await noteRun(session, run, detail)
    .catch(again)
    .catch((error: unknown) =>
      emit({
        type: "notice",
        severity: "warning",
        message: `${migration} is taken back, and lockstep.run does not say by what, nor what was lost: ${(error as Error).message}`,
      }),
    );
}
