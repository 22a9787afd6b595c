#!/bin/sh
set -e
drizzle-kit migrate
hosting rollout v2
echo "Deploy OK"
