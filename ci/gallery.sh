#!/usr/bin/env bash
# Makes the pictures of docs/gallery.md again, from a run of an example suite against an example
# world: the terminal while it waits and at its end, the summary as GitHub shows it, the HTML report.
# The pictures are what the program shows today: run it after a change of what people see.
#
# Needs tmux and Chromium (apt installs them where they are missing), npm and Python.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
out=$here/docs/img
need() {
    command -v "$1" >/dev/null && return
    local sudo
    sudo=$(command -v sudo || true)
    $sudo apt-get update -qq
    $sudo apt-get install -y -qq --no-install-recommends "$2" >/dev/null
}
need chromium chromium
need tmux tmux
# The summary's signs are pictures of a font.
if ! fc-list | grep -qi emoji; then
    sudo=$(command -v sudo || true)
    $sudo apt-get update -qq
    $sudo apt-get install -y -qq --no-install-recommends fonts-noto-color-emoji >/dev/null
fi

cd "$here"
cargo build --locked --quiet
gate=$here/target/debug/cekura-gate
mkdir -p target/browser
cp ci/browser/* target/browser/
npm ci --prefix target/browser --silent --no-audit --no-fund --ignore-scripts
[ -x target/gallery-python/bin/python ] || python3 -m venv target/gallery-python
target/gallery-python/bin/pip install --quiet --disable-pip-version-check \
    cmarkgfm==2025.10.22 pillow==12.0.0

work=$(mktemp -d)
session=gallery-$$
trap 'tmux kill-session -t "$session" 2>/dev/null || true; rm -rf "$work"' EXIT
cp ci/gallery/cekura-gate.yml "$work/"
cp examples/worlds/quickstart.yml "$work/good.yml"
# Slowly enough to look at the terminal while it waits.
sed 's/^time_scale: .*/time_scale: 30/' examples/worlds/regression.yml >"$work/world.yml"

cd "$work"
unset CI GITHUB_ACTIONS GITLAB_CI NO_COLOR
# The baseline needs none itself.
sed '/^  baseline:/,$d' cekura-gate.yml >base.yml
"$gate" run base.yml --simulate=good.yml --report-dir base --quiet >/dev/null 2>&1 || true

tmux new-session -d -s "$session" -x 120 -y 34 "bash --norc --noprofile"
tmux send-keys -t "$session" "PS1='\$ '; alias cekura-gate=$gate; clear" Enter
sleep 1
tmux send-keys -t "$session" "cekura-gate run --simulate=world.yml" Enter
sleep 5
tmux capture-pane -e -p -t "$session" >waiting.ansi
for _ in $(seq 1 60); do
    sleep 1
    [ -e cekura-report/html/index.html ] && break
done
sleep 1
# All of the account, also what has scrolled away.
tmux capture-pane -e -p -S - -t "$session" >end.ansi

"$here/target/gallery-python/bin/python" - >summary.html <<'PYTHON'
import cmarkgfm
from cmarkgfm.cmark import Options

text = open("cekura-report/summary.md", encoding="utf-8").read()
# GitHub lets the few elements through that the summary is made of.
print(cmarkgfm.github_flavored_markdown_to_html(text, Options.CMARK_OPT_UNSAFE))
PYTHON

mkdir -p "$out"
CHROMIUM=$(command -v chromium) node "$here/target/browser/gallery.mjs" "$work" "$out"
# 256 colours say the same in a third of the bytes.
"$here/target/gallery-python/bin/python" - "$out" <<'PYTHON'
import pathlib
import sys
from PIL import Image

for path in pathlib.Path(sys.argv[1]).glob("*.png"):
    picture = Image.open(path).convert("RGB").quantize(256, dither=Image.Dither.NONE)
    picture.save(path, optimize=True)
PYTHON
du -ch "$out"/* | tail -1
