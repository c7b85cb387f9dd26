#!/usr/bin/env bash
# Builds the solution and leaves the command at bin/orchestrator. Arguments go to `dotnet build`.
set -euo pipefail
cd "$(dirname "$0")/.."
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1

dotnet build Orchestrator.sln "$@"
mkdir -p bin
ln -sfn ../artifacts/bin/Orchestrator.Cli/release/orchestrator bin/orchestrator
