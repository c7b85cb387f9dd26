#!/usr/bin/env bash
# Formatting and analyzers over the whole solution, without changing a file.
set -euo pipefail
cd "$(dirname "$0")/.."
dotnet format Orchestrator.sln --verify-no-changes --no-restore --severity warn
