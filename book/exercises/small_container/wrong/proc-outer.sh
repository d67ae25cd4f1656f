#!/bin/sh
# As it should be, but with the /proc that was there.
root=$1 name=$2; shift 2
exec unshare --user --map-root-user --mount --uts --ipc --net --pid --fork --kill-child sh -ec '
    root=$1 name=$2; shift 2
    hostname "$name"
    mount --rbind "$root" "$root"
    mount --rbind /proc "$root/proc"
    cd "$root" && pivot_root . .
    umount -l . && cd /
    exec "$@"' sh "$root" "$name" "$@"
