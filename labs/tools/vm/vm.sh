#!/bin/sh
# vm.sh [SERIES] [PROGRAM [ARG…]]: boots a small virtual machine with the labs of the folder
# $LABS in it, as an ordinary user of this one. A shell, or the program, runs as an ordinary
# user there; its status is this script's. Whatever is in the folder $EXTRA goes in as well.
set -eu
exec 3<&0 # A shell gives its background jobs /dev/null.
here=$(cd "${0%/*}" && pwd)
cache=${VM_CACHE:-$here/../../../target/vm}

fail() { echo "vm: $1" >&2; echo "hint: $2" >&2; exit 1; }

command -v qemu-system-x86_64 >/dev/null || fail "qemu-system-x86_64: not found" "install it: apt install qemu-system-x86 busybox-static"
command -v busybox >/dev/null || fail "busybox: not found" "install it: apt install busybox-static"

series=6.12
case ${1:-} in [0-9]*.[0-9]*) series=$1; shift ;; esac
[ "${1:-}" != -- ] || shift
kernel=$("$here/kernel.sh" "$series" "$cache")

run=$(mktemp -d "$cache/.run-XXXXXX")
trap 'rm -rf "$run"' EXIT
trap 'kill "${!:-}" 2>/dev/null; exit 143' HUP INT TERM
root=$run/root
mkdir -p "$root/bin" "$root/dev" "$root/etc" "$root/home/learner" "$root/labs" "$root/mnt" "$root/proc" "$root/root" "$root/run" "$root/sys" "$root/tmp" "$root/var/tmp"
libraries() {
    for library in $(ldd "$1" 2>/dev/null | grep -o '/[^ )]*'); do
        mkdir -p "$root${library%/*}" && cp -L "$library" "$root$library"
    done
}
# bash, because the shell of busybox prefers the unshare and the nsenter of busybox.
for program in busybox bash; do
    cp "$(command -v "$program")" "$root/bin/" && libraries "$root/bin/$program"
done
# net_bridge looks for it where distributions keep it.
mkdir -p "$root/usr/sbin"
[ ! -e /usr/sbin/nft ] || { cp /usr/sbin/nft "$root/usr/sbin/" && libraries /usr/sbin/nft; }
cp "$root/bin/busybox" "$root/bin/su" # It alone becomes set-user-ID root.
find "$LABS" -maxdepth 1 -type f -perm -100 -exec cp {} "$root/labs/" \; && libraries "$root/labs/pid_ns"
ln -s bash "$root/bin/sh"
install -m 755 "$here/init.sh" "$root/init"
cp "$here/init.sh" "$root/etc/init"
[ -z "${EXTRA:-}" ] || cp -R "$EXTRA/." "$root/"
echo 'root::0:0:root:/root:/bin/sh
learner::1000:1000:learner:/home/learner:/bin/sh' >"$root/etc/passwd"
echo 'root:x:0:
learner:x:1000:' >"$root/etc/group"
echo "export PATH=/labs:/bin PS1='\\u@\\h:\\w\\$ '" >"$root/etc/profile"

# What stands outside gets the ends of the lines as they are.
if [ -t 0 ] && [ -t 1 ]; then
    stty size | { read -r rows columns; echo "stty rows $rows cols $columns -onlcr; export TERM=${TERM:-vt100}" >"$root/etc/terminal"; }
else
    echo "stty -onlcr -echo; export TERM=dumb" >"$root/etc/terminal"
fi
if [ $# -gt 0 ]; then
    { echo "#!/bin/sh"; for word; do printf "'%s' " "$(printf %s "$word" | sed "s/'/'\\\\''/g")"; done; } >"$root/etc/line"
    chmod 755 "$root/etc/line"
fi
(cd "$root" && find . | busybox cpio -o -H newc 2>/dev/null | cat "$kernel/modules.cpio" - >"$run/initramfs")

set -- qemu-system-x86_64 -nodefaults -no-reboot -display none -m 1024 -cpu max -kernel "$kernel/vmlinuz"
accel=tcg
if [ -w /dev/kvm ]; then
    # In some KVMs nothing runs. In others, a kernel without a root file system ends at once.
    [ -e "$cache/accel" ] || { timeout 5 "$@" -accel kvm -append panic=-1 2>/dev/null && echo kvm || echo tcg; } >"$cache/accel"
    accel=$(cat "$cache/accel")
fi
# A second processor of TCG's now and then runs an instruction that the kernel is patching.
[ "$accel" = tcg ] || set -- "$@" -smp 2
"$@" -accel "$accel" -initrd "$run/initramfs" -append "console=ttyS1 quiet panic=-1" \
    -serial mon:stdio -serial "file:$run/log" <&3 &
wait $! || true
status=$(sed -n 's/^status \([0-9]*\).*/\1/p' "$run/log")
[ -n "$status" ] || { cat "$run/log" >&2; fail "the machine ended before its command did" "its messages stand above; another kernel may do: just vm 6.1"; }
exit "$status"
