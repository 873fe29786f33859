#!/usr/bin/env bash
# Opens the HTML report of a handful of results in Chromium: under a CI server's content policy and
# from a file, on a telephone's width and a desk's, in light and dark. What is held is in
# ci/browser/check.mjs. With a directory as its argument it leaves pictures and PDFs there.
#
# Installs Chromium (apt) where it is missing, and what the check is driven by (npm, pinned).
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
chromium=${CHROMIUM:-$(command -v chromium || command -v google-chrome || true)}
if [ -z "$chromium" ]; then
    sudo=$(command -v sudo || true)
    $sudo apt-get update -qq
    $sudo apt-get install -y -qq --no-install-recommends chromium >/dev/null
    chromium=$(command -v chromium)
fi
if ! command -v npm >/dev/null; then
    sudo=$(command -v sudo || true)
    $sudo apt-get install -y -qq --no-install-recommends nodejs npm >/dev/null
fi

pages=$(mktemp -d)
trap 'rm -rf "$pages"' EXIT
cd "$here"
mkdir -p target/browser
cp ci/browser/* target/browser/
npm ci --prefix target/browser --silent --no-audit --no-fund --ignore-scripts
CEKURA_GATE_PAGES=$pages cargo test --locked --quiet --test integration writes_pages >/dev/null

CHROMIUM=$chromium node target/browser/check.mjs "$pages" ${1:+--shots "$1"}
