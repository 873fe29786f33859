#!/usr/bin/env bash
# Validates the reports of a handful of results, and of every attack on them, with the tools of
# their readers: JUnit with the strict schemas (xmllint), expat, junitparser, junit2html and
# xunit-viewer, summaries and comments with GitHub's own Markdown renderer.
#
# Needs xmllint, npm, and a Python with junitparser, junit2html and cmarkgfm (PYTHON, default
# python3). SCHEMAS names the directory of the schemas; without it the sister directory is tried.
# xunit-viewer is installed into CEKURA_GATE_TOOLS (default: target/ci-tools) the first time.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
python=${PYTHON:-python3}
schemas=${SCHEMAS:-$here/../shared/contract/junit}
tools=${CEKURA_GATE_TOOLS:-$here/target/ci-tools}/readers
node=(xunit-viewer@10.6.1)

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
samples=$scratch/samples
mkdir "$samples" "$scratch/tame" "$scratch/hostile"

cd "$here"
CEKURA_GATE_SAMPLES=$samples cargo test --quiet --test integration writes_samples >/dev/null

found=0
for schema in "$schemas"/*.xsd; do
    [ -e "$schema" ] || break
    found=$((found + 1))
    files=("$samples"/*.xml)
    # Elements of retried runs are for Jenkins, where a suite asks for them.
    if [[ $schema != *jenkins* ]]; then
        files=()
        for file in "$samples"/*.xml; do
            [[ $file == *.jenkins.xml ]] || files+=("$file")
        done
    fi
    # Over 10 MB of text needs --huge in common readers: its absence here is on purpose.
    xmllint --noout --schema "$schema" "${files[@]}"
done
if [ "$found" -eq 0 ]; then
    echo "no schema in $schemas: set SCHEMAS to check the files against them" >&2
fi

if [ "$(cat "$tools/versions" 2>/dev/null)" != "${node[*]}" ]; then
    mkdir -p "$tools"
    npm install --silent --no-audit --no-fund --prefix "$tools" "${node[@]}"
    echo "${node[*]}" >"$tools/versions"
fi
cp "$samples/passing.xml" "$scratch/tame/"
cp "$samples"/*.xml "$scratch/hostile/"
for kind in tame hostile; do
    "$tools/node_modules/.bin/xunit-viewer" --results "$scratch/$kind" \
        --output "$scratch/$kind.html" >/dev/null
done

"$python" "$here/ci/check-reports.py" "$samples" "$scratch/tame.html" "$scratch/hostile.html"
