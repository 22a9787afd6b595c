import { Session } from "../pg/index.ts";

/** `18.1` */
export async function serverVersion(url: string): Promise<string> {
  await using session = await Session.open({ url, applicationName: "lockstep/rehearse" });
  const [[version]] = (await session.queryArrays("SHOW server_version")) as [[string]];
  return version.split(" ", 1)[0]!;
}
