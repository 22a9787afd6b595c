#!/usr/bin/env bash
# Writes the report into the pull request: over the comment of an earlier run where there is one.
set -euo pipefail

file="${LOCKSTEP_ACTION_COMMENT:-}"
if [[ ! -f "$file" ]]; then
  echo "there is no report to comment with"
  exit 0
fi
repository="repos/${GITHUB_REPOSITORY:?}"
own=$(gh api --paginate "$repository/issues/${LOCKSTEP_ACTION_PULL_REQUEST:?}/comments" \
  --jq '.[] | select(.body | startswith("<!-- lockstep-check -->")) | .id')
read -r id _ <<<"${own//$'\n'/ }"
if [[ -n "$id" ]]; then
  gh api --silent --method PATCH "$repository/issues/comments/$id" --field "body=@$file"
else
  gh api --silent --method POST "$repository/issues/$LOCKSTEP_ACTION_PULL_REQUEST/comments" --field "body=@$file"
fi
