#!/usr/bin/env bash
# Builds the docs as a site into target/site, and fails for a link or an anchor that leads nowhere
# and a page that the navigation lacks. Needs python3, and the network the first time.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
python=${CEKURA_GATE_SITE_PYTHON:-target/site-python}
[ -x "$python/bin/mkdocs" ] || {
    python3 -m venv "$python"
    "$python/bin/pip" install --quiet --disable-pip-version-check mkdocs==1.6.1
}
# Not --quiet: it hides the warnings from --strict, too.
"$python/bin/mkdocs" build --strict
[ -s target/site/search/search_index.json ]
[ -s target/site/index.html ]
pages=$(find target/site -name '*.html' | wc -l)
echo "site: $pages pages in target/site"
