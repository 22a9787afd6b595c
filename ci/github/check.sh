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
read -r -a more <<<"${LOCKSTEP_ACTION_ARGUMENTS:-}"

"${program[@]}" check --format github \
  --report "markdown=$reports/lockstep.md" --report "sarif=$reports/lockstep.sarif" "${more[@]}"
code=$?

{
  echo "exit-code=$code"
  echo "markdown=$reports/lockstep.md"
  echo "sarif=$reports/lockstep.sarif"
} >>"${GITHUB_OUTPUT:?}"
if [[ -f "$reports/lockstep.md" && -n "${GITHUB_STEP_SUMMARY:-}" ]]; then
  cat "$reports/lockstep.md" >>"$GITHUB_STEP_SUMMARY"
fi
exit 0
