import { limitWaits } from "../../deploy/index.ts";
import { examine } from "../../doctor/index.ts";
import { Session } from "../../pg/index.ts";
import { renderDoctor } from "../../report/index.ts";
import type { Context } from "../context.ts";
import { commandOutput } from "../output.ts";
import { readSettings, type TargetOptions } from "../settings.ts";

/**
 * `lockstep doctor`: what would hurt a change to this database, or its way back. Exit code 1 for a danger; with
 * `--strict` for a warning, and for what is not known, too.
 */
export async function doctorCommand(
  options: TargetOptions & { readonly strict?: boolean },
  context: Context,
): Promise<number> {
  const { environment } = await readSettings(options, context);
  await using session = await Session.open({
    url: environment.url,
    applicationName: "lockstep/doctor",
  });
  await limitWaits(session, { lock: "2s", statement: "1min" });
  const report = await examine(session, { environment: environment.name, url: environment.url });
  const output = commandOutput(options, context);
  output.result(report, () => renderDoctor(report, output.style));
  const bad = options.strict === true ? ["danger", "warning", "unknown"] : ["danger"];
  return report.examined.some(({ verdict }) => bad.includes(verdict)) ? 1 : 0;
}
