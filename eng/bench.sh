#!/usr/bin/env bash
# Measures, and writes out/bench.json. Arguments name benchmarks; all run without any.
set -euo pipefail
cd "$(dirname "$0")/.."
mkdir -p out
exec artifacts/bin/bench/release/bench "$@"
