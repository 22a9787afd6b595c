#!/bin/sh
set -e
hosting rollout v2
echo "Deploy OK"
