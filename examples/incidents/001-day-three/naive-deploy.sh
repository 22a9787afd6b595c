#!/bin/sh
now=$(cat schema/*.ts | cksum)
if [ "$now" = "$(cat .last-push 2>/dev/null)" ]; then
  echo "No changes detected"
else
  echo "$now" > .last-push
  drizzle-kit push --force || true
fi
hosting rollout v2
echo "Deploy OK"
