#!/bin/sh
# kernels.sh [SERIES…] [--32]: runs the example lines of every lab in each kernel, as an
# ordinary user and as root, and prints a table of what was right, was refused as the doctor
# says, or was wrong; with --32 alone, the tests of a 32-bit build on this machine's kernel.
set -eu
here=$(cd "${0%/*}" && pwd)
root=$(cd "$here/../../.." && pwd)
bits= series=
for word; do
    case $word in --32) bits=32 ;; *) series="$series $word" ;; esac
done
[ -n "$series$bits" ] || series=$(cut -d' ' -f1 "$here/pins" | uniq)

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0
for kernel in $series; do # It says which there are, before anything is built.
    grep -q "^$kernel " "$here/pins" || { "$here/kernel.sh" "$kernel" "$work" || exit 1; }
done
if [ -n "$series" ]; then
    LABS=$(eval "$JUST" _static test --no-run --test labs)
    mkdir -p "$work/extra/tests" "$work/extra$root/tests"
    cp "$(ls -t "$LABS"/deps/labs-* | grep -v '\.d$' | head -n 1)" "$work/extra/tests/labs"
    cp -R "$root/tests/snapshots" "$work/extra$root/tests/"
    export LABS EXTRA="$work/extra"
    tests='LABS=/labs /tests/labs --nocapture kernels::every_'
    differs='time_ns::clone_ time_ns::a_kernel_that_ cgroup_ns::with_nsdelegate_' # By kernel, as the chapters tell it.
    for kernel in $series; do
        started=$(date +%s)
        "$here/vm.sh" "$kernel" sh -c "uname -r; $tests $differs; user=\$?; su -c '$tests' && exit \$user" </dev/null >"$work/log" || {
            failed=1
            cat "$work/log" >&2
        }
        echo "Linux $(head -n 1 "$work/log"): $(($(date +%s) - started)) s" >&2
        sed -n "s/^\(right\|refused\|wrong\) /$kernel \1 /p" "$work/log" >>"$work/cells"
    done
    # A line is there twice: first the user's verdict, then root's.
    awk -v series="$series" '
        { kernel = $1; verdict = $2; sub(/^[^ ]+ [^ ]+ /, "") }
        !($0 in seen) { seen[$0]; line[++lines] = $0 }
        { cell[$0, kernel] = cell[$0, kernel] == "" ? verdict : cell[$0, kernel] == verdict ? verdict : cell[$0, kernel] " / root " verdict }
        END {
            count = split(series, kernels)
            for (i = 1; i <= count; i++) { head = head " | " kernels[i]; rule = rule "|---" }
            print "| line" head " |\n|---" rule "|"
            for (l = 1; l <= lines; l++) {
                row = "| `" line[l] "`"
                for (i = 1; i <= count; i++) row = row " | " cell[line[l], kernels[i]]
                print row " |"
            }
        }' "$work/cells"
fi
if [ -n "$bits" ]; then
    export CARGO_BUILD_TARGET=i686-unknown-linux-musl RUSTFLAGS='-C target-feature=+crt-static'
    rustup target add "$CARGO_BUILD_TARGET" 2>/dev/null || {
        echo "kernels: rustup cannot add the target $CARGO_BUILD_TARGET" >&2
        exit 1
    }
    eval "$JUST" test || failed=1
fi
exit $failed
