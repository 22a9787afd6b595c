/**
 * The hosting provider's command line: `hosting rollout RELEASE` replaces every instance, `hosting canary RELEASE` one.
 * Its exit code tells whether the new release is live.
 */
const [command, release] = process.argv.slice(2);
const url = process.env["HOSTING_URL"];

if (!["rollout", "canary"].includes(command ?? "") || release === undefined || url === undefined) {
  console.error("usage: hosting rollout|canary RELEASE   (with HOSTING_URL)");
  process.exitCode = 2;
} else {
  const answer = await fetch(`${url}/${command}?release=${encodeURIComponent(release)}`, {
    method: "POST",
  });
  console.log(await answer.text());
  process.exitCode = answer.ok ? 0 : 1;
}
