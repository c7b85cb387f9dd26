#!/usr/bin/env bash
# Kills parts of a deployment at every step of a job's life and at random moments, RUNS times over (default 100), and compares every
# model with that of a training that nobody interrupted. The last line is `chaos: runs=N identical=N`. SEED (default 1) makes the
# moments the same again. RUNS=0 only walks through the steps.
set -euo pipefail
cd "$(dirname "$0")/.."

export ORCHESTRATOR_CHAOS=all ORCHESTRATOR_CHAOS_RUNS="${RUNS:-100}" ORCHESTRATOR_CHAOS_SEED="${SEED:-1}"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
result=0
artifacts/bin/Orchestrator.EndToEnd.Tests/release/Orchestrator.EndToEnd.Tests -class '*.ChaosTests' 2>&1 | tee "$log" || result=$?
grep -E '^chaos: runs=' "$log" | tail -n 1 || result=1
exit "$result"
