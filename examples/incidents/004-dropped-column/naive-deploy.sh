#!/bin/sh
# Schema first, then the code: right for additions, wrong for removals.
set -e
drizzle-kit migrate
hosting rollout v3
echo "Deploy OK"
