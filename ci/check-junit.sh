#!/usr/bin/env bash
# Validates the reports of a handful of results with the tools of their readers: JUnit with the
# strict schemas (xmllint) and junitparser, summaries with GitHub's own Markdown renderer.
#
# Needs xmllint, and a Python with junitparser and cmarkgfm (PYTHON, default python3).
# SCHEMAS names the directory of the schemas; without it the sister directory is tried.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
python=${PYTHON:-python3}
schemas=${SCHEMAS:-$here/../shared/contract/junit}

samples=$(mktemp -d)
trap 'rm -rf "$samples"' EXIT

cd "$here"
CEKURA_GATE_SAMPLES=$samples cargo test --quiet --test report_files writes_samples >/dev/null

found=0
for schema in "$schemas"/*.xsd; do
    [ -e "$schema" ] || break
    found=$((found + 1))
    # Over 10 MB of text needs --huge in common readers: its absence here is on purpose.
    xmllint --noout --schema "$schema" "$samples"/*.xml
done
if [ "$found" -eq 0 ]; then
    echo "no schema in $schemas: set SCHEMAS to check the files against them" >&2
fi

"$python" "$here/ci/check-reports.py" "$samples"
