#!/bin/sh
# Installs cekura-gate @VERSION@:
#
#   curl -fsSL https://github.com/cekura-ai/cekura-gate/releases/latest/download/install.sh | sh
#
# CEKURA_GATE_DIR is where it goes (default: ~/.local/bin). The checksums below are those of this
# release: a download that differs is not installed.
set -eu

version=@VERSION@
from=${CEKURA_GATE_DOWNLOAD:-https://github.com/cekura-ai/cekura-gate/releases/download/v$version}
checksums='@CHECKSUMS@'

fail() {
    echo "error: $1" >&2
    exit 2
}

# The whole file is read before anything is done: half a download does nothing.
main() {
    case "$(uname -s)/$(uname -m)" in
        Linux/x86_64 | Linux/amd64) target=x86_64-unknown-linux-musl ;;
        Linux/aarch64 | Linux/arm64) target=aarch64-unknown-linux-musl ;;
        Darwin/x86_64) target=x86_64-apple-darwin ;;
        Darwin/arm64) target=aarch64-apple-darwin ;;
        *) fail "there is no binary for $(uname -s) on $(uname -m): \`cargo install --locked cekura-gate\` builds one" ;;
    esac
    archive=cekura-gate-$version-$target.tar.gz
    wanted=$(echo "$checksums" | awk -v name="$archive" '$2 == name { print $1 }')
    [ -n "$wanted" ] || fail "release $version has no binary for $target"

    directory=${CEKURA_GATE_DIR:-${HOME:?}/.local/bin}
    scratch=$(mktemp -d)
    trap 'rm -rf "$scratch"' EXIT
    echo "downloading $from/$archive" >&2
    curl --fail --silent --show-error --location --retry 3 --output "$scratch/$archive" "$from/$archive" ||
        fail "$from/$archive cannot be downloaded"
    if command -v sha256sum >/dev/null; then
        seen=$(sha256sum "$scratch/$archive")
    else
        seen=$(shasum -a 256 "$scratch/$archive")
    fi
    [ "${seen%% *}" = "$wanted" ] || fail "$archive has the checksum ${seen%% *}, and the release has $wanted: not installed"

    tar -xzf "$scratch/$archive" -C "$scratch"
    mkdir -p "$directory"
    # Moved into place whole: a gate that runs keeps its file.
    cp "$scratch/cekura-gate" "$directory/.cekura-gate.$$"
    chmod 755 "$directory/.cekura-gate.$$"
    mv "$directory/.cekura-gate.$$" "$directory/cekura-gate"
    "$directory/cekura-gate" --version
    case ":$PATH:" in
        *":$directory:"*) ;;
        *) echo "$directory is not on your PATH: add it, or set CEKURA_GATE_DIR" >&2 ;;
    esac
}

main
