#!/bin/sh
# dist.sh OUT LABS [PROCESSOR…]: packs the LABS, linked statically, with completions, manual
# pages and the book into a tarball for each processor, in the folder OUT. The same commit and
# the same rustc make the same bytes, wherever clone and OUT are.
set -eu
cd "${0%/*}/../../.."
mkdir -p "$1" && out=$(cd "$1" && pwd) labs=$2 && shift 2
[ $# -gt 0 ] || set -- x86_64 aarch64 i686
export LC_ALL=C SOURCE_DATE_EPOCH="${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}"
id=$(cargo pkgid --locked) && version=${id##*[@#]}
host=$(rustc --print host-tuple)
rm -rf "$out/share" "$out/SHA256SUMS"

# What all processors share: what the command lines say of themselves, and the book.
cargo build --locked --bins --features dist --target "$host" --target-dir "$out/pages" >&2
for lab in $labs; do
    DIST=$out/share "$out/pages/$host/debug/$lab" >/dev/null
done
mdbook build book --dest-dir "$out/share/doc/namespace-labs" >&2

# The licences of what is linked: of Rust's standard library with its C library, and of each crate.
licenses=$out/share/licenses
mkdir "$licenses" && cp "$(rustc --print sysroot)"/share/doc/rust/COPYRIGHT-library.html "$licenses/rust.html"
cargo tree --locked --edges normal,no-proc-macro --no-dedupe --prefix none --format '{p}:{l}:{r}' | sort -u |
while IFS=: read -r crate license repository; do
    case $crate in ''|*" (/"*) continue ;; esac # A package of this repository.
    crate=$(echo "$crate" | sed 's/ v/-/')
    for file in LICENSE-MIT LICENSE-BSD-3-Clause LICENSE; do
        cp "${CARGO_HOME:-$HOME/.cargo}"/registry/src/*/"$crate/$file" "$licenses/$crate" 2>/dev/null && break
    done
    echo "$crate: $license, $repository" >>"$licenses/crates"
done

# Rust's own linker and C library: no compiler of this machine has a part in it. The flags stand
# between unit separators, as paths may hold blanks; of those that match, the last one counts.
flags=$(printf '%s\037' -Clinker=rust-lld -Ctarget-feature=+crt-static "--remap-path-prefix=$(pwd)=/labs" \
    "--remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=/cargo" "--remap-path-prefix=$out=/target")
export CARGO_ENCODED_RUSTFLAGS="${flags%?}" NAMESPACE_LABS_TARBALL=1
for processor; do
    tuple=$processor-unknown-linux-musl name=namespace-labs-$version-$processor-linux
    [ -d "$(rustc --print target-libdir --target "$tuple")" ] || rustup target add "$tuple" >&2 || {
        echo "note: no standard library of Rust for $tuple to be had, so no $name" >&2
        continue
    }
    cargo build --locked --release --bins --target "$tuple" --target-dir "$out/build" >&2
    tree=$out/$name
    rm -rf "$tree" && mkdir -p "$tree/bin"
    for lab in $labs; do cp "$out/build/$tuple/release/$lab" "$tree/bin/"; done
    cp labs/tools/report.sh "$tree/bin/report"
    cp -r "$out/share" LICENSE LICENSE-CC-BY-4.0 README.md CHANGELOG.md "$tree/"
    tar --create --file "$tree.tar" --directory "$out" --format gnu --sort name --mtime "@$SOURCE_DATE_EPOCH" \
        --owner 0 --group 0 --numeric-owner --mode u=rwX,go=rX "$name"
    gzip --no-name --best --force "$tree.tar"
    rm -rf "$tree"
    (cd "$out" && sha256sum "$name.tar.gz" >>SHA256SUMS)
done
rm -rf "$out/share"
cat "$out/SHA256SUMS" && echo "$out"
