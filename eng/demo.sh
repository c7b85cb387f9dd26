#!/usr/bin/env bash
# Runs the demonstration: two clinics and a lab train one model on an attested device, then a hostile host attacks.
# With FOLDER=dir, keys, sealed files, logs and results stay there to look at. With ATTACK=1 every attack there is, and nothing else.
set -euo pipefail
cd "$(dirname "$0")/.."
if [[ "${ATTACK:-0}" == 1 ]]; then
    exec bin/orchestrator attack --run all ${FOLDER:+--folder "$FOLDER"}
fi
exec artifacts/bin/Orchestrator.Demo/release/Orchestrator.Demo bin/orchestrator training/datasets training/programs ${FOLDER:+"$FOLDER"}
