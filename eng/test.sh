#!/usr/bin/env bash
# Runs every test project (or those whose name contains $1) and closes with `N passed, N failed, N skipped`.
set -uo pipefail
cd "$(dirname "$0")/.."
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1

results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT
status=0
ran=0
for project in tests/*.Tests; do
    name=$(basename "$project")
    [[ "$name" == *"${1:-}"* ]] || continue
    ran=$((ran + 1))
    echo "== $name"
    dotnet test "$project" -c Release --no-build --nologo -v quiet \
        --results-directory "$results" --logger "trx;LogFileName=$name.trx" --logger "console;verbosity=minimal" |
        grep -vE '^(Test run for |A total of |Results File: |$)'
    [ "${PIPESTATUS[0]}" -eq 0 ] || status=1
    [ -s "$results/$name.trx" ] || { echo "$name left no results" >&2; status=1; }
done
# Where eng/setup.sh uvm has run: a few tests of container groups again, in virtual machines. `make test-uvm` runs them all.
if ls artifacts/uvm-packages/*.deb >/dev/null 2>&1 && command -v qemu-system-x86_64 >/dev/null; then
    for name in Orchestrator.Guest.Tests Orchestrator.EndToEnd.Tests; do
        [[ "$name" == *"${1:-}"* ]] || continue
        echo "== $name, in virtual machines"
        eng/build-uvm.sh artifacts/uvm >/dev/null || status=1
        ORCHESTRATOR_UVM=$PWD/artifacts/uvm dotnet test "tests/$name" -c Release --no-build --nologo -v quiet --filter Machine=short \
            --results-directory "$results" --logger "trx;LogFileName=machines-$name.trx" --logger "console;verbosity=minimal" |
            grep -vE '^(Test run for |A total of |Results File: |$)'
        [ "${PIPESTATUS[0]}" -eq 0 ] || status=1
        [ -s "$results/machines-$name.trx" ] || { echo "no test of $name ran in a virtual machine" >&2; status=1; }
    done
fi
[ "$ran" -gt 0 ] || { echo "no test project matches '${1:-}'" >&2; exit 2; }

count() { cat "$results"/*.trx 2>/dev/null | grep -o "<UnitTestResult [^>]*outcome=\"$1\"" | wc -l; }
passed=$(count Passed); failed=$(count Failed); skipped=$(count NotExecuted)
[ "$failed" -eq 0 ] || status=1
# A project that crashed has failed, whatever its tests said before.
[ "$status" -eq 0 ] || [ "$failed" -gt 0 ] || failed=1
[ "$passed" -gt 0 ] || status=1
echo "$passed passed, $failed failed, $skipped skipped"
exit "$status"
