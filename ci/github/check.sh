#!/usr/bin/env bash
# Runs lockstep check: annotations on stdout, and reports beside them. Always ends well, so that the comment can be
# written before the job fails; what it ended with is an output.
set -uo pipefail

reports="${RUNNER_TEMP:?}"
if npx --no-install lockstep --version >/dev/null 2>&1; then
  program=(npx --no-install lockstep)
else
  program=(npx --yes "lockstep@${LOCKSTEP_ACTION_VERSION:-latest}")
fi
# What an earlier run of the job left says nothing about this one.
rm -f "$reports/lockstep.md" "$reports/lockstep.sarif"
read -r -a more <<<"${LOCKSTEP_ACTION_ARGUMENTS:-}"

"${program[@]}" check --format github \
  --report "markdown=$reports/lockstep.md" --report "sarif=$reports/lockstep.sarif" "${more[@]}"
code=$?
# Else the comment of an earlier run would stand as if it held still.
if [[ ! -s "$reports/lockstep.md" ]]; then
  cat >"$reports/lockstep.md" <<EOF
<!-- lockstep-check -->
### lockstep check: could not be done

It ended with exit code $code before it had a report; the job's log says why. What an earlier run found is not known to hold.
EOF
fi

{
  echo "exit-code=$code"
  echo "markdown=$reports/lockstep.md"
  echo "sarif=$reports/lockstep.sarif"
} >>"${GITHUB_OUTPUT:?}"
if [[ -f "$reports/lockstep.md" && -n "${GITHUB_STEP_SUMMARY:-}" ]]; then
  cat "$reports/lockstep.md" >>"$GITHUB_STEP_SUMMARY"
fi
exit 0
