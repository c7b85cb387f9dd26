#!/usr/bin/env bash
# Builds the utility VM's image twice, which has to give the same bytes, and runs the tests of container groups and the attacks on them with each
# group in a virtual machine: all of them, or only the tests of the classes whose name contains $1.
set -euo pipefail
cd "$(dirname "$0")/.."

eng/setup.sh uvm
eng/build-uvm.sh artifacts/uvm
eng/build-uvm.sh artifacts/uvm-again
for file in kernel initrd command-line measured measurement contents; do
    cmp "artifacts/uvm/$file" "artifacts/uvm-again/$file" || { echo "test-uvm: a second build gives another $file" >&2; exit 1; }
done
rm -rf artifacts/uvm-again

export ORCHESTRATOR_UVM=$PWD/artifacts/uvm
artifacts/bin/Orchestrator.Uvm.Tests/release/Orchestrator.Uvm.Tests
# One machine at a time: two would share two cores.
artifacts/bin/Orchestrator.Guest.Tests/release/Orchestrator.Guest.Tests -parallel none ${1:+-class "*$1*"}
# Jobs whose group has a machine, and what becomes of them when it ends.
if [[ MachineTests == *"${1:-}"* ]]; then artifacts/bin/Orchestrator.EndToEnd.Tests/release/Orchestrator.EndToEnd.Tests -parallel none -class '*.MachineTests'; fi
[ -n "${1:-}" ] || bin/orchestrator attack --run groups --uvm artifacts/uvm
