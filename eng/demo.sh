#!/usr/bin/env bash
# Runs the demonstration: two clinics and a lab train one model on an attested device, then a hostile host attacks.
# With JOIN=1 the clinics hold different columns of the same patients, which a confidential container group joins first (examples/join).
# With JOIN=1 UVM=1 the group runs in a virtual machine of its own (docs/spec/uvm.md).
# With FOLDER=dir, keys, sealed files, logs and results stay there to look at. With ATTACK=1 every attack there is, and nothing else.
set -euo pipefail
cd "$(dirname "$0")/.."
if [[ "${ATTACK:-0}" == 1 ]]; then
    exec bin/orchestrator attack --run all ${FOLDER:+--folder "$FOLDER"}
fi
if [[ "${JOIN:-0}" == 1 && "${UVM:-0}" != 1 && "$(id -u)" -ne 0 ]]; then
    echo "demo: container groups in a sandbox need root: run \`sudo make demo JOIN=1\`, or take virtual machines with UVM=1" >&2
    exit 2
fi
join=()
[[ "${JOIN:-0}" == 1 ]] && join=(--join examples/join)
if [[ "${JOIN:-0}" == 1 && "${UVM:-0}" == 1 ]]; then
    eng/setup.sh uvm
    eng/build-uvm.sh
    join+=(--uvm artifacts/uvm)
fi
exec artifacts/bin/Orchestrator.Demo/release/Orchestrator.Demo "${join[@]}" bin/orchestrator training/datasets training/programs ${FOLDER:+"$FOLDER"}
