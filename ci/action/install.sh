#!/usr/bin/env bash
# Puts the gate's binary in place and names it in the step's output `binary`.
#
# A release is taken only when its checksum stands in ci/checksums.txt, which every release tag
# carries for its own binaries. A commit that belongs to no release is built from its source.
set -euo pipefail

root=$(cd "${GITHUB_ACTION_PATH:?}" && pwd)
releases=https://github.com/cekura-ai/cekura-gate/releases/download

fail() {
    echo "::error title=cekura-gate::$1" >&2
    exit 2
}

done_with() {
    # The next step may run in another directory.
    local binary
    binary=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
    "$binary" --version
    echo "binary=$binary" >>"${GITHUB_OUTPUT:?}"
    exit 0
}

checksum_of() {
    # macOS has no sha256sum.
    if command -v sha256sum >/dev/null; then sha256sum "$1"; else shasum -a 256 "$1"; fi | cut -d ' ' -f 1
}

if [ -n "${INPUT_BINARY:-}" ]; then
    [ -x "$INPUT_BINARY" ] || fail "the input \`binary\` names no program"
    done_with "$INPUT_BINARY"
fi

own=$(sed -n 's/^version = "\(.*\)"$/\1/p' "$root/Cargo.toml" | head -n 1)
version=${INPUT_VERSION:-$own}
version=${version#v}
[[ $version =~ ^([0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.]+)?|source)$ ]] ||
    fail "the input \`version\` is neither a version such as $own nor \`source\`"

case "${RUNNER_OS:-}/${RUNNER_ARCH:-}" in
    Linux/X64) target=x86_64-unknown-linux-musl ;;
    Linux/ARM64) target=aarch64-unknown-linux-musl ;;
    macOS/X64) target=x86_64-apple-darwin ;;
    macOS/ARM64) target=aarch64-apple-darwin ;;
    Windows/X64) target=x86_64-pc-windows-msvc ;;
    *) target=none ;;
esac
suffix=
[ "${RUNNER_OS:-}" != Windows ] || suffix=.exe

archive=cekura-gate-$version-$target.tar.gz
wanted=$(awk -v name="$archive" '$2 == name { print $1 }' "$root/ci/checksums.txt")

if [ -n "$wanted" ]; then
    mkdir -p "${RUNNER_TEMP:?}/cekura-gate"
    cd "$RUNNER_TEMP/cekura-gate"
    curl --fail --silent --show-error --location --proto '=https' --retry 3 \
        --output "$archive" "$releases/v$version/$archive"
    [ "$(checksum_of "$archive")" = "$wanted" ] || fail "$archive is not the file that was released"
    tar -xzf "$archive"
    done_with "$PWD/cekura-gate$suffix"
fi

[ "$version" = source ] || [ "$version" = "$own" ] ||
    fail "version $version has no checksum here: pin the action at the tag v$version instead"
command -v cargo >/dev/null ||
    fail "this commit is no release for $target and there is no Rust toolchain to build it with: pin the action at a release tag"
echo "no release of $own for $target is known here: building it from source"
# From its own directory, so that the workspace's toolchain file and Cargo configuration stay out.
cd "$root"
cargo build --release --locked
done_with "${CARGO_TARGET_DIR:-$root/target}/release/cekura-gate$suffix"
