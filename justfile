# Bare `just` lists the recipes; recipes that start with _ are parts of others. Runs with just 1.21
# or later, which Ubuntu 24.04 has.

set positional-arguments

# Where cargo installs, for tools that the recipes install themselves.
export PATH := env("PATH") + ":" + env("CARGO_HOME", env("HOME", "/root") / ".cargo") / "bin"
just := quote(just_executable()) + " --justfile " + quote(justfile())
target := env("CARGO_TARGET_DIR", justfile_directory() / "target")

_default:
    @{{ just }} --list --unsorted

# Run a lab with its narration: just lab net, just lab pid --siblings
[no-exit-message]
lab *line:
    @lab=$({{ just }} _build "${1-}") && shift && exec "$lab" --explain "$@"

# Run a lab under sudo (built as you), or what needs root: just root test, storm, faults, bench
[no-exit-message]
root *line:
    #!/bin/sh
    set -eu
    sudo=; [ "$(id -u)" = 0 ] || sudo="sudo --preserve-env=INSTA_UPDATE,INSTA_WORKSPACE_ROOT,LABS,SKIPPED_TESTS,CI,WHOLE,FAULTS,ROUNDS,SESSION,TARGET,TWINS"
    case "${1-}" in test|storm|faults|bench)
        # cargo runs as you; only what it has built runs under sudo.
        host=$(rustc --print host-tuple | tr a-z- A-Z_)
        [ -z "$sudo" ] || export "CARGO_TARGET_${host}_RUNNER=$sudo"
        INSTA_UPDATE=no INSTA_WORKSPACE_ROOT='{{ justfile_directory() }}' exec {{ just }} "$@" ;;
    esac
    lab=$({{ just }} _build "${1-}") && shift && exec $sudo "$lab" --explain "$@"

# Draw the namespaces that exist now: just map --pid $$ (just root map sees all)
[no-exit-message]
map *args:
    @lab=$({{ just }} _build map) && exec "$lab" "$@"

# Try what this machine allows, and say which labs run: just doctor, just doctor --json
[no-exit-message]
doctor *args:
    @lab=$({{ just }} _build doctor) && exec "$lab" "$@"

# List the exercises, or show one and begin it: just exercise, just exercise hostname
[no-exit-message]
exercise *args:
    #!/bin/sh
    set -eu
    if [ "${1-}" = --verify ]; then # For authors: solutions pass, wrong ones do not.
        shift; [ $# = 0 ] || export EXERCISE="$1"
        WHOLE=1 exec {{ just }} test exercise::
    fi
    exercise=$({{ just }} _build exercise) && exec "$exercise" "$@"

# Ask the kernel whether an exercise is done, or all that are begun: just check hostname
[no-exit-message]
check *args:
    @exercise=$({{ just }} _build exercise) && exec "$exercise" --check "$@"

# The next hint of an exercise
[no-exit-message]
hint name:
    @exercise=$({{ just }} _build exercise) && exec "$exercise" --hint "$1"

# A solution, once the exercise is done (or with --give-up)
[no-exit-message]
solution *args:
    @exercise=$({{ just }} _build exercise) && exec "$exercise" --solution "$@"

# What to paste when a lab fails on your machine: just report, just report net_ns --list
[no-exit-message]
report *line:
    #!/bin/sh
    set -eu
    doctor=$({{ just }} _build doctor)
    if [ $# -gt 0 ]; then lab=$({{ just }} _build "$1"); shift; set -- "${lab##*/}" "$@"; fi
    LABS=${doctor%/*} exec labs/tools/report.sh "$@"

# Build every lab; prints the folder, for your PATH
build:
    @cargo build --locked >&2 && echo '{{ target }}/debug'

# Run all tests that this caller can (root runs both halves): just test net_ns::
test *args:
    #!/bin/sh
    # Most of a test's time is spent on waiting for other processes.
    export SKIPPED_TESTS='{{ target }}/skipped-tests' RUST_TEST_THREADS=${RUST_TEST_THREADS:-$(($(nproc) * 2))}
    mkdir -p '{{ target }}'; : >"$SKIPPED_TESTS"
    cargo test --locked --workspace -- "$@"; status=$?
    sort "$SKIPPED_TESTS" | sed '1i these could not run here, and count as skipped, not as passed:'
    exit $status

# Run the same tests with the release binaries
test-release *args:
    @LABS="$({{ just }} release)" {{ just }} test "$@"

# End every lab 200 times in each way, and run it in every hostile environment (an hour or less)
storm *args:
    @WHOLE=1 {{ just }} test hostile:: storms:: container::attacks:: --nocapture --test-threads=1 "$@"

# Make every system call of every lab fail, once with each errno; words: FAULTS="net_ns" just faults
faults:
    @WHOLE=1 {{ just }} test faults:: --nocapture

# Review changed snapshots one by one, accept the good ones, and write what derives from them
bless *args:
    @command -v cargo-insta >/dev/null || cargo install --locked cargo-insta@1.49.0
    -@INSTA_UPDATE=new {{ just }} test "$@"
    cargo insta review

# Look for mistakes: formatting, clippy with warnings denied
lint:
    cargo fmt --all --check
    cargo clippy --locked --workspace --all-targets -- --deny warnings

# Build small, fast release binaries, statically where this machine can; prints the folder
release:
    @{{ just }} _static build --release

# Pack release binaries, manual pages, completions and the book: just dist, just dist aarch64; prints the folder
dist *processors: _mdbook
    @labs/tools/dist/dist.sh '{{ target }}/dist' "$({{ just }} _labs)" "$@"

# Boot a small machine with the labs in it, without root: just vm, just vm 7.3, just vm -- net_ns --explain
vm *args:
    @LABS=$({{ just }} _static build) VM_CACHE='{{ target }}/vm' labs/tools/vm/vm.sh "$@"

# Run every lab in the kernels that labs/tools/vm/pins names: just kernels 5.10 7.3, just kernels --32
kernels *series:
    @VM_CACHE='{{ target }}/vm' JUST={{ quote(just) }} labs/tools/vm/kernels.sh "$@"

# Measure the labs against C programs and other tools, as root; words choose: just bench nsenter
bench *words:
    #!/bin/sh
    set -eu
    LABS=$({{ just }} release) && mkdir -p '{{ target }}/twins'
    export LABS TARGET='{{ target }}' TWINS='{{ target }}/twins'
    for twin in tests/twins/*.c tests/bench/peak.c; do
        gcc -O2 -w -o "$TWINS/$(basename "$twin" .c)" "$twin"
    done
    exec cargo bench --quiet --profile release --locked --bench bench -- "$@"

# Build the book and open it in a browser
book: _mdbook
    mdbook build --open book

# Show the book in a browser and rebuild it as you edit chapters or code
serve: _mdbook
    mdbook serve --open book

# Hold the built book to WCAG AA: contrast in every theme, pictures, keyboard (minutes; needs npm and Chromium)
accessibility: _book
    #!/bin/sh
    set -eu
    cd book/accessibility
    command -v npm >/dev/null || { echo "skipped: the check of the book's accessibility needs npm"; exit 0; }
    for chromium in "${CHROMIUM:-}" chromium chromium-browser google-chrome; do
        CHROMIUM=$(command -v "$chromium") && break
    done
    [ "$CHROMIUM" ] || { echo "skipped: the check of the book's accessibility needs Chromium (or CHROMIUM=PATH)"; exit 0; }
    npm ci --ignore-scripts --no-audit --no-fund --loglevel error >&2
    CHROMIUM=$CHROMIUM exec node check.mjs

# Everything that CI checks
ci: lint test test-release _book

_book: _mdbook
    mdbook build book

_mdbook:
    @mdbook --version 2>/dev/null | grep -q ' v0\.5\.' || cargo install --locked mdbook@0.5.4

# The names of all labs
_labs:
    @ls labs/*.rs labs/*/main.rs labs/tools/*/main.rs | sed -E 's#(/main)?\.rs$##; s#.*/##' | grep -vx table

# Builds the lab of a name that a reader types (net, net_ns, exec, mount …); prints its path
[no-exit-message]
_build name:
    #!/bin/sh
    set -eu
    labs=$({{ just }} _labs)
    for lab in "$1" "$1_proc" "$1_ns" "ns_$1"; do
        if echo "$labs" | grep -qxF -e "$lab"; then
            cargo build --locked --bin "$lab" >&2
            echo "{{ target }}/debug/$lab"; exit
        fi
    done
    echo "just: there is no lab '$1'" >&2
    echo "hint: the labs are $(echo "$labs" | sort | xargs), for example: just lab net" >&2
    exit 1

# Runs cargo for static binaries, where this machine has a static C library; prints their folder.
_static *cargo:
    #!/bin/sh
    set -eu
    # The small C library musl starts faster; glibc serves where rustc has no musl.
    for tuple in "$(rustc --print host-tuple | sed 's/-gnu/-musl/')" "$(rustc --print host-tuple)"; do
        export RUSTFLAGS="-C target-feature=+crt-static"
        echo 'fn main() {}' | rustc --target "$tuple" $RUSTFLAGS -o '{{ target }}/probe' - 2>/dev/null && break
        RUSTFLAGS=
    done
    [ "$RUSTFLAGS" ] || echo "note: no static C library here (libc.a), so the labs are linked dynamically" >&2
    # With --target the flags reach the labs only; without it they would break procedural macros.
    cargo "$@" --locked --target "$tuple" >&2
    case "$*" in *--release*) profile=release ;; *) profile=debug ;; esac
    echo "{{ target }}/$tuple/$profile"
