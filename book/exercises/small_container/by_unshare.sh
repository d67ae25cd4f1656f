#!/bin/sh
# As PID 1 of the new namespaces, with the words of the caller.
root=$1 name=$2; shift 2
exec unshare --user --map-root-user --mount --uts --ipc --net --pid --fork --kill-child sh -ec '
    root=$1 name=$2; shift 2
    hostname "$name"
    mount --rbind "$root" "$root"
    mount -t proc proc "$root/proc"
    cd "$root" && pivot_root . .
    umount -l . && cd /
    exec "$@"' sh "$root" "$name" "$@"
