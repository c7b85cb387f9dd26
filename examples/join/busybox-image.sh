#!/usr/bin/env bash
# Makes a container image of the distribution's static busybox: a docker archive with one layer, the same bytes from the same busybox.
# usage: busybox-image.sh busybox.tar
set -euo pipefail
target=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
pack() { tar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner --format=ustar -C "$1" -cf "$2" "${@:3}"; }

mkdir -p "$work"/root/{bin,etc,proc,dev,sys,tmp,inputs,outputs} "$work/archive"
install -m 0755 "$(command -v busybox)" "$work/root/bin/busybox"
busybox --list | while read -r applet; do
    [[ $applet == busybox ]] || ln -s busybox "$work/root/bin/$applet"
done
printf 'root:x:0:0:root:/:/bin/sh\nworker:x:1000:1000::/:/bin/sh\n' >"$work/root/etc/passwd"
printf 'root:x:0:\nworker:x:1000:\n' >"$work/root/etc/group"
chmod -R u=rwX,go=rX "$work/root"
pack "$work/root" "$work/archive/layer.tar" .

diff_id=$(sha256sum "$work/archive/layer.tar" | cut -d' ' -f1)
printf '{"architecture":"amd64","os":"linux","config":{"Env":["PATH=/bin"],"Cmd":["/bin/sh"],"WorkingDir":"/"},"rootfs":{"type":"layers","diff_ids":["sha256:%s"]}}' "$diff_id" >"$work/config"
config=$(sha256sum "$work/config" | cut -d' ' -f1).json
mv "$work/config" "$work/archive/$config"
printf '[{"Config":"%s","RepoTags":["busybox:latest"],"Layers":["layer.tar"]}]' "$config" >"$work/archive/manifest.json"
pack "$work/archive" "$target" manifest.json "$config" layer.tar
