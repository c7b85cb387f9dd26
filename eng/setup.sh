#!/usr/bin/env bash
# Makes a Debian 12 machine with the .NET 10 SDK ready to build: installs the distribution's packages that are
# missing (and says what each is for), then builds the binding to libtorch. Does nothing the second time.
# `eng/setup.sh uvm` makes it ready for the utility VM too: QEMU, what goes into the image, and the kernel's package, which is not installed.
# Where that cannot be, the last line of standard error says why.
set -euo pipefail
cd "$(dirname "$0")/.."

fail() { echo "setup: $1" >&2; exit 1; }

# Runs a command as root, and shows what it says only if it fails.
log=$(mktemp)
trap 'rm -f "$log"' EXIT
as_root() {
    local sudo=""
    [ "$(id -u)" -eq 0 ] || sudo="sudo"
    DEBIAN_FRONTEND=noninteractive $sudo "$@" >"$log" 2>&1 && return
    tail -n 20 "$log" >&2
    fail "$* failed: $(grep '^E:' "$log" | head -n 1)"
}

if ! command -v dotnet >/dev/null || ! grep -q '^10\.' <<<"$(dotnet --list-sdks 2>/dev/null)"; then
    fail "the .NET 10 SDK is missing: install it from https://dotnet.microsoft.com/download/dotnet/10.0, then run this again"
fi

# package -> what it is for
declare -A needed=(
    [g++]="compiles the binding to libtorch"
    [cmake]="builds the binding to libtorch"
    [make]="builds the binding to libtorch"
    [libtorch-dev]="trains: PyTorch's C++ library"
    [libopenblas0-openmp]="fast linear algebra for libtorch"
    [libsodium23]="signatures and key agreement"
    [bubblewrap]="confines the device's tile process"
    [openssl]="the speed limit that the benchmarks compare with"
    [python3-torch]="the peer that training results are compared with; regenerates the example programs"
    [python3-numpy]="reads results in the tests"
    [python3-grpcio]="the foreign gRPC peer in the tests"
    [python3-cryptography]="the independent reader of sealed streams in the tests"
    [age]="the peer that sealing is measured against"
    [libzstd1]="unpacks layers packed with zstd"
    [cryptsetup-bin]="veritysetup, which the tests compare root hashes with"
    [erofs-utils]="fsck.erofs, which the tests have judge layer images"
    [skopeo]="writes images for the tests"
    [umoci]="writes images for the tests"
    [zstd]="packs layers for the tests"
    [busybox-static]="the program in the tests' images"
    [crun]="runs the containers of confidential groups"
    [python3-minimal]="the interpreter in the tests' images"
)
if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
    needed[nodejs]="the second foreign gRPC peer in the tests"
    needed[npm]="installs @grpc/grpc-js for it"
fi
if [[ "${1:-}" == uvm ]]; then
    needed+=(
        [qemu-system-x86]="the utility VM's machine"
        [busybox-static]="in the utility VM: init's shell"
        [crun]="in the utility VM: runs containers"
        [cryptsetup-bin]="in the utility VM: layers under dm-verity, scratch under dm-crypt and dm-integrity"
        [dmsetup]="in the utility VM: parts of the scratch disk"
        [e2fsprogs]="in the utility VM: the scratch's file system"
        [libssl3]="in the utility VM: .NET's cryptography"
        [python3-minimal]="packs the utility VM's initial file system"
    )
fi
missing=()
for package in "${!needed[@]}"; do
    dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
done

if [ "${#missing[@]}" -gt 0 ]; then
    echo "setup: installing from the distribution:"
    for package in "${missing[@]}"; do printf '  %-24s %s\n' "$package" "${needed[$package]}"; done
    [ "$(id -u)" -eq 0 ] || command -v sudo >/dev/null || fail "run as root once, or install sudo: apt-get install ${missing[*]}"
    as_root apt-get update
    as_root apt-get install -y --no-install-recommends "${missing[@]}"
fi

eng/native.sh
eng/peers.sh

# The kernel as a file: installing it would change how this machine boots.
fetch_kernel() {
    local kernel
    kernel=$(apt-cache depends linux-image-cloud-amd64 2>/dev/null | sed -n 's/^ *Depends: //p' | head -n 1)
    [ -n "$kernel" ] || return
    echo "setup: fetching the utility VM's kernel, $kernel"
    rm -rf "$packages.new"
    mkdir -p "$packages.new"
    (cd "$packages.new" && apt-get download -qq -o APT::Sandbox::User=root "$kernel") && mv -T "$packages.new" "$packages"
}

if [[ "${1:-}" == uvm ]]; then
    packages=artifacts/uvm-packages
    if ! ls "$packages"/linux-image-*.deb >/dev/null 2>&1; then
        # What is known of the distribution may be older than its packages.
        fetch_kernel || { as_root apt-get update; fetch_kernel; } || fail "the distribution has no linux-image-cloud-amd64, the utility VM's kernel"
    fi
    # What compiles the agent ahead of time, where eng/build-uvm.sh builds it.
    agent=artifacts/uvm-agent
    if [ ! -e "$agent/obj/Orchestrator.Guest/project.assets.json" ]; then
        dotnet restore src/Orchestrator.Guest -r linux-x64 -p:PublishReadyToRun=true -p:ArtifactsPath="$PWD/$agent/" --nologo -v quiet >&2 ||
            fail "what compiles the utility VM's agent cannot be fetched"
    fi
fi
