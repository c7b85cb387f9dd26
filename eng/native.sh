#!/usr/bin/env bash
# Builds the C ABI over libtorch (training/native) into artifacts/native. Does nothing when it is up to date.
set -euo pipefail
cd "$(dirname "$0")/.."

build=artifacts/native
log=$build/build.log
mkdir -p "$build"
if ! grep -qsx "CMAKE_HOME_DIRECTORY:INTERNAL=$PWD/training/native" "$build/CMakeCache.txt"; then
    rm -rf "$build" # a tree that was moved, or never built
    mkdir -p "$build"
    echo "setup: building the binding to libtorch (about a minute)"
fi
if ! { cmake -S training/native -B "$build" && cmake --build "$build"; } >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    echo "setup: the binding to libtorch does not build; the whole output is in $log" >&2
    exit 1
fi
