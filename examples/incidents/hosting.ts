/** The hosting provider's command line: `hosting rollout RELEASE`. Its exit code tells whether the new release is live. */
const [command, release] = process.argv.slice(2);
const url = process.env["HOSTING_URL"];

if (command !== "rollout" || release === undefined || url === undefined) {
  console.error("usage: hosting rollout RELEASE   (with HOSTING_URL)");
  process.exitCode = 2;
} else {
  const answer = await fetch(`${url}/rollout?release=${encodeURIComponent(release)}`, {
    method: "POST",
  });
  console.log(await answer.text());
  process.exitCode = answer.ok ? 0 : 1;
}
