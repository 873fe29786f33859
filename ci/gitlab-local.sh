#!/usr/bin/env bash
# Runs the GitLab component in a pipeline of gitlab-ci-local, against the simulator: the example's
# own pipeline, with the component taken from here in place of a GitLab instance.
#
# Needs npm, git, rsync and the gate (CEKURA_GATE, default target/debug/cekura-gate). Installs
# gitlab-ci-local, and the Node that it needs, into CEKURA_GATE_TOOLS (default: target/ci-tools).
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
gate=$(realpath "${CEKURA_GATE:-target/debug/cekura-gate}")
tools=${CEKURA_GATE_TOOLS:-target/ci-tools}/gitlab
node=(gitlab-ci-local@4.75.1 node@22.23.3)
if [ "$(cat "$tools/versions" 2>/dev/null)" != "${node[*]}" ]; then
    mkdir -p "$tools"
    npm install --silent --no-audit --no-fund --prefix "$tools" "${node[@]}"
    echo "${node[*]}" >"$tools/versions"
fi
tools=$(realpath "$tools")
PATH=$tools/node_modules/.bin:$(dirname "$gate"):$PATH

scratch=$(mktemp -d)
simulator=
cleanup() {
    [ -z "$simulator" ] || kill "$simulator" 2>/dev/null || true
    rm -rf "$scratch"
}
trap cleanup EXIT

cat >"$scratch/world.yml" <<'YAML'
time_scale: 0
agents: [{ id: 123, name: Mia }]
scenarios:
  - { id: 101, name: Where is my order, tags: [good], pass: 1, error: 0 }
  - { id: 102, name: Broken, tags: [bad], pass: 0, error: 0 }
  - { id: 103, name: Never connects, tags: [unknown], pass: 1, error: 1 }
YAML
"$gate" simulate --world "$scratch/world.yml" >"$scratch/address" 2>"$scratch/log" &
simulator=$!
for _ in $(seq 100); do
    url=$(grep -o 'http://[0-9.:]*' "$scratch/address" "$scratch/log" -h | head -n 1 || true)
    [ -z "$url" ] || break
    sleep 0.1
done
[ -n "$url" ] || { cat "$scratch/log" >&2; exit 1; }

# A project with the example's pipeline.
project=$scratch/project
mkdir -p "$project/templates"
cp templates/gate.yml "$project/templates/"
sed -e 's|- component: .*|- local: templates/gate.yml|' \
    -e 's|      suite: .*|&\n      allowed_exit_codes: [3]|' \
    examples/workflows/gitlab/.gitlab-ci.yml >"$project/.gitlab-ci.yml"
cd "$project"
git init --quiet --initial-branch main
git remote add origin git@gitlab.com:acme/shop.git
git add .
git -c user.name=ci -c user.email=ci@example.com commit --quiet --message "A project"

# Runs the pipeline with the runs of one tag.
pipeline() {
    printf 'version: 1\nagent: 123\ntags: [%s]\nfrequency: 2\n' "$1" >cekura-gate.yml
    # It calls itself no GitLab; a runner does.
    gitlab-ci-local --force-shell-executor --artifacts-to-source --no-color \
        --variable GITLAB_CI=true \
        --variable "CEKURA_API_URL=$url" --variable CEKURA_API_KEY=none >"$scratch/out" 2>&1 || true
}
# It says of each job how it ended. Its own exit code and the jobs behind a failed one are not looked
# at: this version takes a job with allowed exit codes for one that may fail in any way.
expect() {
    local name=$1
    shift
    for words in "$@"; do
        grep -qF "$words" "$scratch/out" || {
            echo "FAIL  $name: \`$words\` is missing" >&2
            cat "$scratch/out" >&2
            exit 1
        }
    done
    echo "ok    $name"
}

pipeline good
expect "a gate that passes, and a job behind it that has its variables" \
    "PASS  cekura-run" "gated by result 2001 (pass)"
for file in junit.xml gate.env summary.md; do
    [ -s "cekura-report/$file" ] || { echo "FAIL  the artifact $file is missing" >&2; exit 1; }
done
pipeline bad
expect "a gate that fails" "FAIL  cekura-run"
pipeline unknown
expect "too little evidence, which the input lets pass with a warning" "WARN  cekura-run"
