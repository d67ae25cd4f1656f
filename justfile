# Bare `just` lists the recipes; recipes that start with _ are parts of others.

set positional-arguments

# Where cargo installs, for tools that the recipes install themselves.
export PATH := env("PATH") + ":" + env("CARGO_HOME", env("HOME", "/root") / ".cargo") / "bin"
export CARGO_TERM_COLOR := env("CARGO_TERM_COLOR", "auto")
just := quote(just_executable()) + " --justfile " + quote(justfile())
target := env("CARGO_TARGET_DIR", justfile_directory() / "target")

[private]
default:
    @{{ just }} --list --unsorted

# Run a lab with its narration: just lab net, just lab pid --siblings
[no-exit-message]
lab name='' *args:
    #!/bin/sh
    set -eu
    lab=$({{ just }} _find "$1"); shift
    folder=$({{ just }} _build "$lab")
    exec "$folder/$lab" --explain "$@"

# Run a lab under sudo (built as you), or root's half of the tests: just root test, storm, faults
[no-exit-message]
root name='' *args:
    #!/bin/sh
    set -eu
    sudo=; [ "$(id -u)" = 0 ] || sudo="sudo --preserve-env=INSTA_UPDATE,INSTA_WORKSPACE_ROOT,LABS,SKIPPED_TESTS,CI,WHOLE,FAULTS,ROUNDS,SESSION"
    case "${1-}" in test|storm|faults)
        recipe=$1; shift
        host=$(rustc --print host-tuple | tr a-z- A-Z_)
        # cargo runs as you; only the finished test binaries run under sudo.
        [ -z "$sudo" ] || export "CARGO_TARGET_${host}_RUNNER=$sudo"
        export INSTA_UPDATE=no INSTA_WORKSPACE_ROOT='{{ justfile_directory() }}'
        exec {{ just }} "$recipe" "$@" ;;
    esac
    lab=$({{ just }} _find "${1-}"); shift
    folder=$({{ just }} _build "$lab")
    exec $sudo "$folder/$lab" --explain "$@"

# Draw the namespaces that exist now: just map --pid $$ (just root map sees all)
[no-exit-message]
map *args:
    #!/bin/sh
    set -eu
    folder=$({{ just }} _build map)
    exec "$folder/map" "$@"

# Try what this machine allows, and say which labs run: just doctor, just doctor --json
[no-exit-message]
doctor *args:
    #!/bin/sh
    set -eu
    folder=$({{ just }} _build doctor)
    exec "$folder/doctor" "$@"

# Build every lab, statically where this machine can link so; prints the folder
build:
    @{{ just }} _build

# Build small, fast release binaries; prints the folder
[no-exit-message]
release:
    #!/bin/sh
    set -eu
    built=$({{ just }} _build "" --release)
    # A linker writes page by page, and so the page cache holds single pages. Copies
    # lie there in larger pieces, which are mapped faster when a lab starts.
    copies='{{ target }}/labs'
    rm -rf "$copies"; mkdir "$copies"
    for lab in $(ls labs | sed 's/\.rs$//'); do cp "$built/$lab" "$copies"; done
    echo "$copies"

# Run all tests that this caller can (root runs both halves); words filter by name
[no-exit-message]
test *args:
    #!/bin/sh
    set -eu
    eval "$({{ just }} _cargo_environment)"
    export SKIPPED_TESTS='{{ target }}/skipped-tests'
    mkdir -p '{{ target }}'; : >"$SKIPPED_TESTS"
    status=0
    cargo test --locked --workspace $CARGO_TARGET_OPTION "$@" || status=$?
    if [ -s "$SKIPPED_TESTS" ]; then
        echo "of these, $(wc -l <"$SKIPPED_TESTS") could not run here and count as skipped, not as passed:"
        sort "$SKIPPED_TESTS"
    fi
    exit $status

# End every lab 200 times in each way, and run it in every hostile environment (an hour or less)
[no-exit-message]
storm *args:
    @WHOLE=1 {{ just }} test --test hostile --test storms -- --nocapture --test-threads=1 "$@"

# Review changed snapshots one by one and accept the good ones
bless *args:
    #!/bin/sh
    set -eu
    command -v cargo-insta >/dev/null || cargo install --locked cargo-insta@1.49.0
    INSTA_UPDATE=new {{ just }} test "$@" || true
    cargo insta review

# Format the code
fmt:
    cargo fmt --all

# Look for mistakes: formatting, clippy with warnings denied
lint:
    cargo fmt --all --check
    cargo clippy --locked --workspace --all-targets -- --deny warnings

# Run the same tests with the release binaries
test-release *args:
    #!/bin/sh
    set -eu
    LABS=$({{ just }} release) && export LABS
    exec {{ just }} test "$@"

# Measure the labs against C programs and other tools; words choose: just bench nsenter
[no-exit-message]
bench *words:
    #!/bin/sh
    set -eu
    command -v gcc >/dev/null || { echo "just bench: no gcc, which builds tests/twins" >&2; exit 1; }
    export LABS TARGET='{{ target }}' TWINS='{{ target }}/twins'
    LABS=$({{ just }} release)
    mkdir -p "$TWINS"
    cd '{{ justfile_directory() }}'
    for twin in tests/twins/*.c tests/bench/peak.c; do
        gcc -O2 -w -o "$TWINS/$(basename "$twin" .c)" "$twin"
    done
    eval "$({{ just }} _cargo_environment)"
    # The programs in C need root; cargo runs as you, the finished benchmark under sudo.
    host=$(rustc --print host-tuple | tr a-z- A-Z_)
    [ "$(id -u)" = 0 ] || export "CARGO_TARGET_${host}_RUNNER=sudo --preserve-env=LABS,TARGET,TWINS,ROUNDS"
    exec cargo bench --quiet --profile release --locked $CARGO_TARGET_OPTION --bench bench -- "$@"

# Compare how many instructions the release binaries execute with tests/bench/instructions.txt
[no-exit-message]
instructions:
    #!/bin/sh
    set -eu
    command -v valgrind >/dev/null || { echo "just instructions: no valgrind, which counts" >&2; exit 1; }
    LABS=$({{ just }} release) && export LABS
    eval "$({{ just }} _cargo_environment)"
    exec cargo bench --quiet --profile release --locked $CARGO_TARGET_OPTION --bench instructions

# Make every system call of every lab fail, once with each errno; words: FAULTS="net_ns" just faults
[no-exit-message]
faults:
    @WHOLE=1 {{ just }} test --test faults -- --nocapture

# Build the book and open it in a browser
book: _book
    mdbook build --open book

# Show the book in a browser and rebuild it as you edit chapters or code
serve: _mdbook
    mdbook serve --open book

# Everything that CI checks
ci: lint test test-release _book

[private]
_book: _mdbook
    mdbook build book

[private]
_mdbook:
    @mdbook --version 2>/dev/null | grep -q ' v0\.5\.' || cargo install --locked mdbook@0.5.4

# A folder name in labs/ for what a reader types: net, net_ns, exec, mount …
[no-exit-message, private]
_find name:
    #!/bin/sh
    cd '{{ justfile_directory() }}/labs'
    for lab in "$1" "$1_proc" "$1_ns" "ns_$1"; do
        if [ -n "$1" ] && { [ -f "$lab.rs" ] || [ -f "$lab/main.rs" ]; }; then
            echo "$lab"; exit
        fi
    done
    echo "just: there is no lab '$1'" >&2
    echo "hint: the labs are $(ls | sed 's/\.rs$//' | xargs), for example: just lab net" >&2
    exit 1

# Build one lab, or all; the folder goes to stdout, everything else to stderr
[no-exit-message, private]
_build lab='' profile='':
    #!/bin/sh
    set -eu
    eval "$({{ just }} _cargo_environment ${2-})"
    cargo build --locked $CARGO_TARGET_OPTION ${1:+--bin "$1"} ${2-} >&2
    folder=debug; [ -z "${2-}" ] || folder=release
    echo "{{ target }}/${CARGO_TARGET_OPTION#--target=}/$folder"

# Shell code that has cargo link statically. With --target the flags reach the
# labs only; without it they would break procedural macros.
[no-exit-message, private]
_cargo_environment profile='':
    #!/bin/sh
    set -eu
    tuple=$(rustc --print host-tuple)
    # The small C library musl starts faster; release binaries use it if it is there.
    musl=$(echo "$tuple" | sed 's/-gnu/-musl/')
    if [ -n "${1-}" ] && [ -d "$(rustc --print target-libdir --target "$musl" 2>/dev/null)" ]; then
        tuple=$musl
    fi
    echo "CARGO_TARGET_OPTION=--target=$tuple"
    probe='{{ target }}/links-statically'-$tuple
    mkdir -p '{{ target }}'
    if [ ! -s "$probe" ]; then
        if echo 'fn main() {}' | rustc --target "$tuple" -C target-feature=+crt-static -o "$probe.out" - 2>/dev/null; then
            echo yes >"$probe"
        else
            echo no >"$probe"
        fi
        rm -f "$probe.out"
    fi
    if [ "$(cat "$probe")" = yes ]; then
        # At a fixed address nothing is relocated, so no pages need protection after it.
        echo 'export RUSTFLAGS="${RUSTFLAGS-} -C target-feature=+crt-static -C relocation-model=static -C relro-level=off"'
    else
        echo "note: no static C library here (libc.a), so the labs are linked dynamically" >&2
    fi
