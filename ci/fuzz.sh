#!/usr/bin/env bash
# Fuzzes what reads foreign text, one target after another: ci/fuzz.sh [SECONDS [TARGET…]].
# Each starts from the checked-in seeds; what it finds beyond them stays in fuzz/corpus, unversioned.
# Coverage only, no sanitizer: the code is safe Rust, so that any toolchain will do.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

seconds=${1:-60}
shift || true
targets=("$@")
[ ${#targets[@]} -gt 0 ] || targets=(suite check result retry_after)

command -v cargo-fuzz >/dev/null || cargo install --locked --quiet cargo-fuzz@0.13.2

# The words of a suite, so that the fuzzer need not guess them letter by letter.
words=$(mktemp)
trap 'rm -f "$words"' EXIT
grep --only-matching --extended-regexp '^ +"[a-z_0-9]+": \{' schema/suite.schema.json |
    tr -d ' :{' | sort --unique >"$words"

for target in "${targets[@]}"; do
    mkdir -p "fuzz/corpus/$target"
    cargo fuzz run --sanitizer none "$target" "fuzz/corpus/$target" "fuzz/seeds/$target" -- \
        -max_total_time="$seconds" -dict="$words" -max_len=20000 -timeout=20 -verbosity=0 -print_final_stats=1
done
