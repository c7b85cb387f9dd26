#!/usr/bin/env bash
# Builds the utility VM's image into $1 (default artifacts/uvm): Debian's cloud kernel, an initial file system with the guest agent, and the
# command line. Works offline once `eng/setup.sh uvm` has run; the same packages and sources give the same bytes (docs/spec/uvm.md).
set -euo pipefail
cd "$(dirname "$0")/.."
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 LC_ALL=C TZ=UTC
umask 022

image=$(realpath -m "${1:-artifacts/uvm}")
agent=${UVM_AGENT:-src/Orchestrator.Guest}
packages=artifacts/uvm-packages
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root

fail() { echo "build-uvm: $1" >&2; exit 1; }

# The kernel's package is unpacked, never installed: it would change how this machine boots.
unpack_kernel() {
    local package
    package=$(ls "$packages"/linux-image-*-cloud-amd64_*.deb 2>/dev/null) || fail "the kernel's package is missing: run eng/setup.sh uvm"
    [ "$(wc -l <<<"$package")" -eq 1 ] || fail "$packages holds more than one kernel: keep one"
    dpkg-deb -x "$package" "$work/kernel"
    release=$(basename "$work"/kernel/lib/modules/*)
    echo "linux $(dpkg-deb -f "$package" Package Version | sed 's/.*: //' | paste -sd' ')" >>"$work/contents"
}

# The modules that are listed and what they depend on, with tables from which the kernel finds them when it needs one.
copy_modules() {
    find "$work/kernel/lib/modules/$release" -name '*.ko' >"$work/module-files"
    mkdir -p "$root/lib/modules/$release" "$root/sbin"
    touch "$root/lib/modules/$release"/modules.{order,builtin,builtin.modinfo}
    grep -v '^#' eng/uvm/modules | cut -d' ' -f1 >"$root/lib/modules/wanted"
    while read -r name; do add_module "$name"; done <"$root/lib/modules/wanted"
    busybox depmod -b "$root" "$release"
    for table in "$root/lib/modules/$release"/modules.{dep,alias,symbols}; do sort -o "$table" "$table"; done
    ln -s /usr/bin/busybox "$root/sbin/modprobe"
}

add_module() {
    local file target depends
    file=$(grep -E "/$(sed 's/[-_]/[-_]/g' <<<"$1")\.ko$" "$work/module-files") || fail "the kernel has no module $1"
    target=$root/lib/modules/$release/$(basename "$file")
    [ -e "$target" ] && return
    cp "$file" "$target"
    for depends in $(tr '\0' '\n' <"$file" | sed -n 's/^depends=//p' | tr ',' ' '); do add_module "$depends"; done
}

# A program or library of an installed package, with all that it is linked to, under its own path.
copy_program() {
    local file
    for file in "$1" $(ldd "$1" 2>/dev/null | grep -o '/[^ ]*' || true); do
        [ -e "$root$file" ] || install -D "$file" "$root$file"
        realpath "$file" >>"$work/taken"
    done
}

# The shared frameworks that the agent names, without what it can have no use for: the web server, debugging.
copy_runtime() {
    local dotnet version framework file library
    dotnet=$(dirname "$(realpath "$(command -v dotnet)")")
    version=$(dotnet --list-runtimes | sed -n 's/^Microsoft\.NETCore\.App \(10\.[0-9.]*\) .*/\1/p' | sort -V | tail -n 1)
    (cd "$dotnet" && ls dotnet "host/fxr/$version"/*.so shared/Microsoft.{NETCore,AspNetCore}.App/"$version"/*.{dll,so,json} 2>/dev/null || true) |
        grep -vE "/($(grep -v '^#' eng/uvm/runtime-without | cut -d' ' -f1 | paste -sd'|'))\$" >"$work/runtime"
    (cd "$dotnet" && xargs cp --parents -t "$root/dotnet/") <"$work/runtime"
    for file in $(grep -E '(\.so|^dotnet)$' "$work/runtime"); do
        for library in $(ldd "$dotnet/$file" | grep -o ' /[^ ]*'); do [[ "$library" == "$dotnet"* ]] || copy_program "$library"; done
    done
    echo "dotnet $version" >>"$work/contents"
}

build_agent() {
    dotnet publish "$agent" -c Release -r linux-x64 --self-contained false -p:PublishReadyToRun=true -p:ArtifactsPath="$PWD/artifacts/uvm-agent/" \
        --nologo -v quiet -o "$work/published" >&2
    rm -f "$work"/published/*.pdb
    mkdir -p "$root/agent"
    cp -r "$work/published/." "$root/agent/"
}

# Packages that the files are of. Which of /lib and /usr/lib a package says is history.
owners() {
    sort -u "$work/taken" | sed 'p; s|^/usr||' | { xargs dpkg -S 2>/dev/null || true; } | cut -d: -f1 | sort -u
}

mkdir -p "$root"/{dev,dotnet,etc,proc,run,sys,tmp}
unpack_kernel
for program in $(grep -v '^#' eng/uvm/programs | cut -d' ' -f1); do copy_program "$program"; done
copy_modules
copy_runtime
build_agent
install -m 755 eng/uvm/init "$root/init"
mkdir -p "$root/bin"
ln -s /usr/bin/busybox "$root/bin/sh"
printf 'root:x:0:0::/:/bin/sh\n' >"$root/etc/passwd"

owners | xargs dpkg-query -W -f '${Package} ${Version}\n' | sort >>"$work/contents"
mkdir -p "$image"
cp "$work/kernel/boot/vmlinuz-$release" "$image/kernel"
python3 eng/uvm/pack.py "$root" "$image/initrd"
cp eng/uvm/command-line "$image/command-line"
cp "$work/contents" "$image/contents"
(cd "$image" && sha384sum kernel initrd command-line >measured && sha384sum <measured | cut -d' ' -f1 >measurement)
if [ -x bin/orchestrator ]; then bin/orchestrator group endorse --uvm "$image" --publisher artifacts/uvm-publisher; else cat "$image/measurement"; fi
