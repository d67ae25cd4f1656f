#!/bin/sh
# kernel.sh SERIES FOLDER: fetches the kernel of a series that `pins` names from Debian's
# archive, packs the modules that the labs use, and prints the folder that holds both.
# $KERNEL=/path/to/vmlinuz takes that kernel instead, with the modules of its release.
set -eu
series=$1
here=$(cd "${0%/*}" && pwd)
mirror=http://deb.debian.org # The sums in `pins` and the signatures of the archive protect it.

fail() { echo "vm: $1" >&2; echo "hint: $2" >&2; exit 1; }

download() {
    if command -v curl >/dev/null; then curl --silent --fail --location --retry 3 -o "$2" "$1"
    else /usr/lib/apt/apt-helper --quiet=2 download-file "$1" "$2" 2>/dev/null; fi
}

pinned() {
    grep "^$series " "$here/pins" | while read -r _ sum path; do
        package=$work/${path##*/}
        download "$mirror/$path" "$package" || exit
        echo "$sum  $package" | busybox sha256sum -c >/dev/null || exit
    done
}

# The archive drops old packages: the first release after the pinned one that is all there.
next() {
    rm -f "$work"/*.deb
    mkdir -p "$work/apt/lists/partial" "$work/apt/archives/partial" "$work/apt/none"
    for suite in bullseye-security bookworm trixie trixie-backports; do
        archive=debian; case $suite in *-security) archive=debian-security ;; esac
        echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror/$archive $suite main"
    done >"$work/apt/sources.list"
    cat >"$work/apt/conf" <<END
Dir::State "$work/apt"; Dir::State::status "/dev/null"; Dir::Cache "$work/apt"; APT::Architecture "amd64";
Dir::Etc "$work/apt"; Dir::Etc::parts "none"; Dir::Etc::sourceparts "none"; Dir::Etc::preferencesparts "none"; Acquire::Languages "none";
END
    export APT_CONFIG="$work/apt/conf"
    apt-get --quiet=2 update >&2 || return
    gone=$release
    for release in $(apt-cache pkgnames linux-image- | sed -n 's/^linux-image-\([0-9].*-cloud-amd64\)$/\1/p' |
                     { cat; echo "$gone"; } | sort -Vu | sed "1,/^$gone\$/d"); do
        needed=$(apt-cache depends "linux-image-$release" | grep -oE 'linux-(binary|modules)-[0-9][^ >]*' | sort -u) || true
        (cd "$work" && apt-get --quiet=2 download ${needed:-"linux-image-$release"} 2>/dev/null >&2) || continue
        echo "note: the archive no longer has Linux $gone; this is $release" >&2
        return
    done
    return 1
}

# pack VMLINUZ MODULES: what goes into the machine's initramfs besides the labs.
pack() {
    modules=$work/pack/lib/modules/${2##*/}
    mkdir -p "$modules" && cp "$1" "$work/vmlinuz"
    (cd "$2" && find kernel -path 'kernel/net/*netfilter/*' -o -path 'kernel/net/bridge/*' -o -path 'kernel/net/802/*' \
        -o -path 'kernel/net/llc/*' -o -path 'kernel/fs/overlayfs/*' -o -name 'veth.ko*' -o -name 'dummy.ko*' \
        -o -name '*crc32c*.ko*' | tar -cf - -T -) | tar -xf - -C "$modules"
    find "$modules" -name '*.xz' -exec busybox unxz {} +
    find "$modules" -name '*.zst' -exec zstd --decompress --rm --quiet {} +
    busybox depmod -b "$work/pack" "${2##*/}"
    (cd "$work/pack" && find . | busybox cpio -o -H newc >"$work/modules.cpio" 2>/dev/null)
    rm -rf "$work/pack" "$work/root" "$work"/*.deb "$work/apt"
    rm -rf "$folder" && mv "$work" "$folder" && chmod 755 "$folder" && echo "$folder"
}

mkdir -p "$2"
work=$(mktemp -d "$2/.new-XXXXXX")
trap 'rm -rf "$work"' EXIT
if [ -n "${KERNEL:-}" ]; then
    [ -r "$KERNEL" ] || fail "$KERNEL: cannot be read" "copy the kernel to where you may read it: sudo install -m 644 $KERNEL /tmp/"
    release=${KERNEL##*/vmlinuz-}
    [ "$release" != "$KERNEL" ] || release=$(basename "$(dirname "$KERNEL")")
    [ -d "/lib/modules/$release/kernel" ] || fail "/lib/modules/$release: is not there" "name the kernel /path/to/vmlinuz-RELEASE, with its modules in /lib/modules/RELEASE"
    folder=$2/own-$release
    pack "$KERNEL" "/lib/modules/$release"
    exit
fi
release=$(sed -n "s/^$series .*\/linux-[a-z]*-\(.*\)_.*_.*/\1/p" "$here/pins" | head -n 1)
[ -n "$release" ] || fail "there is no kernel '$series'" "choose one of $(cut -d' ' -f1 "$here/pins" | uniq | xargs), or KERNEL=/path/to/vmlinuz"
folder=$2/$release
if [ -e "$folder/vmlinuz" ]; then echo "$folder"; exit; fi
echo "vm: fetching Linux $release …" >&2
pinned || next || fail "Linux $series: cannot be fetched from $mirror" "take a kernel of this machine: KERNEL=/boot/vmlinuz-$(uname -r) just vm"
for package in "$work"/*.deb; do busybox dpkg-deb -x "$package" "$work/root"; done
modules=$(find "$work/root" -path '*/lib/modules/*' -name kernel -prune)
pack "$(find "$work/root" -name 'vmlinuz*')" "${modules%/kernel}"
