#!/usr/bin/env bash
# Runs every test project (or those whose name contains $1) and closes with `N passed, N failed, N skipped`. A few tests of container groups run again
# with each group in a virtual machine; where this machine can have none, one line says why, and the tests that need one are skipped.
set -uo pipefail
cd "$(dirname "$0")/.."
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1

results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT
status=0
ran=0

# Runs a project's tests. $1: heading, $2: project, $3: name of the results; the rest goes to dotnet test.
run() {
    echo "== $1"
    dotnet test "tests/$2" -c Release --no-build --nologo -v quiet --results-directory "$results" \
        --logger "trx;LogFileName=$3.trx" --logger "console;verbosity=minimal" "${@:4}" |
        grep -vE '^(Test run for |A total of |Results File: |$)'
    [ "${PIPESTATUS[0]}" -eq 0 ] || status=1
    [ -s "$results/$3.trx" ] || { echo "$2 left no results" >&2; status=1; }
}

# The projects with tests in virtual machines, of which `make test-uvm` runs all.
machines=()
for name in Orchestrator.Guest.Tests Orchestrator.EndToEnd.Tests; do
    [[ "$name" == *"${1:-}"* ]] && machines+=("$name")
done
no_machine=""
if [ "${#machines[@]}" -gt 0 ]; then
    # What cannot be installed is no failure; what is installed has to build.
    if eng/setup.sh uvm 2>"$results/setup"; then
        if ! eng/build-uvm.sh artifacts/uvm >"$results/build"; then
            cat "$results/build" >&2
            no_machine="its image cannot be built"
            status=1
        fi
    else
        no_machine=$(tail -n 1 "$results/setup")
    fi
fi

for project in tests/*.Tests; do
    name=$(basename "$project")
    [[ "$name" == *"${1:-}"* ]] || continue
    ran=$((ran + 1))
    chosen=()
    # What runs in a machine below is not to be counted as skipped here.
    [[ -z "$no_machine" && " ${machines[*]} " == *" $name "* ]] && chosen=(--filter "Machine!=short|FullyQualifiedName!~MachineTests")
    run "$name" "$name" "$name" "${chosen[@]}"
done
if [ -z "$no_machine" ]; then
    for name in "${machines[@]}"; do
        # One machine at a time: two would share two cores.
        ORCHESTRATOR_UVM=$PWD/artifacts/uvm run "$name, in virtual machines" "$name" "machines-$name" --filter Machine=short -- xUnit.ParallelizeTestCollections=false
    done
fi
[ "$ran" -gt 0 ] || { echo "no test project matches '${1:-}'" >&2; exit 2; }

count() { cat "$results"/*.trx 2>/dev/null | grep -o "<UnitTestResult [^>]*outcome=\"$1\"" | wc -l; }
passed=$(count Passed); failed=$(count Failed); skipped=$(count NotExecuted)
[ "$failed" -eq 0 ] || status=1
# A project that crashed has failed, whatever its tests said before.
[ "$status" -eq 0 ] || [ "$failed" -gt 0 ] || failed=1
[ "$passed" -gt 0 ] || status=1
[ -z "$no_machine" ] || echo "test: no virtual machine here, and nothing was tested in one: $no_machine"
echo "$passed passed, $failed failed, $skipped skipped"
exit "$status"
