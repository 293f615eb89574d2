#!/bin/sh
# Installs BVLC Caffe 1.0 (CPU, Python 3) from Debian 11 into a directory of its own: about 3 minutes, 1 GB.
#
#   sudo verify/install_caffe.sh [ROOT]        ROOT: .caffe-root at the top of the repository, unless given
#
# DEBIAN_MIRROR: the Debian mirror to use; by default Debian's own servers, then its archive.
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

# Removes only a directory that is empty or has the mark of this script.
remove_incomplete() {
    [ -e "$root" ] || return 0
    if [ -n "$(ls -A "$root")" ] && [ ! -e "$root/$mark" ]; then
        fail "$root exists and was not created by this script; give another directory"
    fi
    for dir in proc sys dev; do
        ! mountpoint -q "$root/$dir" || fail "$root/$dir is mounted; unmount it first"
    done
    rm -rf "$root"
}

install() {
    for mirror in $mirrors; do
        remove_incomplete
        mkdir -p "$root"
        : >"$root/$mark"
        if debootstrap --variant=minbase --include=python3-caffe,python3-numpy bullseye "$root" "$mirror"; then
            return 0
        fi
        echo "debootstrap from $mirror failed:" >&2
        [ ! -f "$root/debootstrap/debootstrap.log" ] || tail -n 20 "$root/debootstrap/debootstrap.log" >&2
    done
    remove_incomplete
    fail "Caffe could not be installed; set DEBIAN_MIRROR to another mirror"
}

[ "$(id -u)" -eq 0 ] || fail "only root can do this; run sudo $0 $*"

if [ -x "$root/usr/bin/python3" ] && works 2>/dev/null; then
    echo "already installed in $root"
    how_to_use
    exit 0
fi

if ! command -v debootstrap >/dev/null; then
    command -v apt-get >/dev/null || fail "debootstrap is missing; install it with your system's package manager"
    apt-get update || true # an old package list may suffice
    apt-get install -y --no-install-recommends debootstrap debian-archive-keyring ||
        fail "debootstrap is missing and apt-get could not install it"
fi

install
rm -rf "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/*
works || fail "Caffe was installed in $root but cannot be imported"
how_to_use
