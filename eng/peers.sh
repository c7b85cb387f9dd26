#!/usr/bin/env bash
# Installs @grpc/grpc-js, the gRPC peer on Node that the tests talk to. Does nothing when it is installed already;
# without Node and npm the tests that need it are skipped by name.
set -euo pipefail
cd "$(dirname "$0")/../tests/Grpc.Tests/peers/node"

# npm writes this file last, so it is newer than the lock file exactly when that lock file is installed.
if [ node_modules/.package-lock.json -nt package-lock.json ]; then
    exit 0
fi
if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
    echo "setup: without node and npm the tests against @grpc/grpc-js will be skipped" >&2
    exit 0
fi

echo "setup: installing @grpc/grpc-js, the gRPC peer on Node in the tests"
npm ci --ignore-scripts --no-fund --no-audit --loglevel=error >/dev/null ||
    echo "setup: @grpc/grpc-js cannot be installed; the tests against it will be skipped" >&2
