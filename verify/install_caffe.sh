#!/bin/sh
# Installs BVLC Caffe 1.0 (CPU, Python 3) from Debian 11 into a root of its own, beside any system: about 3 minutes, 1 GB.
#
#   sudo verify/install_caffe.sh [ROOT]        ROOT: .caffe-root at the top of the repository, unless given
#
# DEBIAN_MIRROR: where to take Debian from; else Debian's own servers, then its archive.
set -eu

top=$(cd "$(dirname "$0")/.." && pwd)
root=${1:-$top/.caffe-root}
case $root in /*) ;; *) root=$PWD/$root ;; esac
mark=.made-by-install-caffe
mirrors=${DEBIAN_MIRROR:-http://deb.debian.org/debian http://archive.debian.org/debian}

fail() {
    echo "error: $*" >&2
    exit 2
}

works() {
    chroot "$root" python3 -c 'import caffe; print("Caffe " + caffe.__version__)'
}

how_to_use() {
    echo "use it with: --caffe-python \"chroot $root python3\""
}

# Only what this script began is ever removed: a folder that has its mark, or nothing in it.
remove_half_made() {
    [ -e "$root" ] || return 0
    if [ -n "$(ls -A "$root")" ] && [ ! -e "$root/$mark" ]; then
        fail "$root exists, and this script did not make it; give another place"
    fi
    for place in proc sys dev; do
        ! mountpoint -q "$root/$place" || fail "$root/$place is mounted; unmount it first"
    done
    rm -rf "$root"
}

install() {
    for mirror in $mirrors; do
        remove_half_made
        mkdir -p "$root"
        : >"$root/$mark"
        if debootstrap --variant=minbase --include=python3-caffe,python3-numpy bullseye "$root" "$mirror"; then
            return 0
        fi
        echo "debootstrap from $mirror failed:" >&2
        [ ! -f "$root/debootstrap/debootstrap.log" ] || tail -n 20 "$root/debootstrap/debootstrap.log" >&2
    done
    remove_half_made
    fail "Caffe could not be installed; name another mirror in DEBIAN_MIRROR"
}

[ "$(id -u)" -eq 0 ] || fail "a root of its own can only be made by root: sudo $0 $*"

if [ -x "$root/usr/bin/python3" ] && works 2>/dev/null; then
    echo "already installed in $root"
    how_to_use
    exit 0
fi

if ! command -v debootstrap >/dev/null; then
    command -v apt-get >/dev/null || fail "debootstrap is missing; install it with your system's package manager"
    apt-get update || true # a stale list may do
    apt-get install -y --no-install-recommends debootstrap debian-archive-keyring ||
        fail "debootstrap is missing and apt-get could not install it"
fi

install
rm -rf "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/*
works || fail "Caffe was installed in $root but cannot be imported"
how_to_use
