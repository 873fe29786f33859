#!/usr/bin/env bash
# A whole release, from the packed binary to each place that it is installed from, on this machine:
# packaging/pack.py, each step of packaging/release.sh twice, and an installation in an empty
# directory by each way. In place of GitHub, PyPI, npm and the tap stand a directory, two local
# registries and a bare repository; crates.io is asked for a dry run.
#
#   ci/release-rehearsal.sh BINARY     (default: target/x86_64-unknown-linux-gnu/dist/cekura-gate)
#
# Needs git, curl, jq, npm, python3 and cargo; installs what it needs from PyPI.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
root=$PWD
binary=$(realpath "${1:-target/x86_64-unknown-linux-gnu/dist/cekura-gate}")
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$root/target}

scratch=$(mktemp -d)
servers=()
# shellcheck disable=SC2329 # called by the trap
cleanup() {
    [ ${#servers[@]} -eq 0 ] || kill "${servers[@]}" 2>/dev/null || true
    rm -rf "$scratch"
}
trap cleanup EXIT
failed=0
# A name, the code that the command has to end with, and the command.
step() {
    local name=$1 wanted=$2 code=0
    shift 2
    "$@" >"$scratch/log" 2>&1 </dev/null || code=$?
    if [ "$code" -eq "$wanted" ]; then
        echo "ok    $name"
    else
        echo "FAIL  $name: code $code, not $wanted"
        cat "$scratch/log"
        failed=1
    fi
}
says() {
    grep -qF -- "$1" "$scratch/log" || {
        echo "FAIL  the step before does not say: $1"
        cat "$scratch/log"
        failed=1
    }
}

python3 -m venv "$scratch/python"
"$scratch/python/bin/pip" install --quiet --disable-pip-version-check \
    twine==7.0.0 pypiserver==2.4.2 uv==0.13.9 pipx==1.18.4 pre-commit==4.7.0
tools=$scratch/python/bin

# What would be released: the files of this checkout on a main of their own, their version named in
# the changelog.
work=$scratch/work
mkdir -p "$work" "$scratch/home" "$scratch/bin" "$scratch/github"
git ls-files -z --cached --others --exclude-standard | xargs -0 cp --parents -t "$work" 2>/dev/null || true
cd "$work"
version=$(sed -n 's/^version = "\(.*\)"$/\1/p' Cargo.toml | head -n 1)
export GIT_CONFIG_GLOBAL=$scratch/gitconfig GIT_CONFIG_SYSTEM=/dev/null
git config --global user.name rehearsal
git config --global user.email rehearsal@example.com
git config --global init.defaultBranch main
git init --quiet
git init --quiet --bare "$scratch/origin.git"
git remote add origin "$scratch/origin.git"
git add --all
git commit --quiet --message "Before the release"
git push --quiet --set-upstream origin main
ln -s "$root/ci/packaging/gh.py" "$scratch/bin/gh"
# shellcheck disable=SC2329 # called by step
release() {
    PATH=$scratch/bin:$tools:$PATH REHEARSAL_GITHUB=$scratch/github GITHUB_REPOSITORY=cekura-ai/cekura-gate \
        GITHUB_REF=${GITHUB_REF_REHEARSED:-refs/heads/main} GITHUB_SHA=$(git rev-parse origin/main) \
        packaging/release.sh "$@"
}

echo success >"$scratch/github/ci"
step "without a section in the changelog nothing is released" 1 release plan
says "CHANGELOG.md has no section"
sed -i "s/^## \[Unreleased\]/&\n\n## [$version] - 2026-01-01/" CHANGELOG.md
git commit --quiet --all --message "Name the release in the changelog"
git push --quiet --set-upstream origin main
GITHUB_REF_REHEARSED=refs/heads/other step "another branch than main releases nothing" 1 release plan
says "not from refs/heads/other"
echo failure >"$scratch/github/ci"
step "nor does a commit whose CI failed" 1 release plan
says "has the conclusion \`failure\`"
echo success >"$scratch/github/ci"
step "main after green CI may be released" 0 release plan
says "tag=v$version"

target=x86_64-unknown-linux-musl
mkdir -p "$scratch/binaries/$target"
cp "$binary" "$scratch/binaries/$target/cekura-gate"
step "a binary that is missing is told" 1 packaging/pack.py "$scratch/binaries" "$scratch/none"
says "there is no"
step "packages" 0 packaging/pack.py "$scratch/binaries" "$scratch/out" "$target"
step "the same packages again" 0 packaging/pack.py "$scratch/binaries" "$scratch/again" "$target"
step "are the same files" 0 diff -r "$scratch/out" "$scratch/again"
out=$scratch/out
mkdir "$out/packed"
for package in "$out"/npm/*; do
    step "npm pack $(basename "$package")" 0 npm pack --silent --pack-destination "$out/packed" "$package"
done
archive=$out/release/cekura-gate-$version-$target.tar.gz

touch "$scratch/github/down"
step "nothing is drafted where GitHub does not answer" 1 release draft "$out/release"
rm "$scratch/github/down"
step "a draft" 0 release draft "$out/release"
step "and once more" 0 release draft "$out/release"
step "is not published without a tag" 1 release publish
step "the tag" 0 release tag "$out/release"
step "and once more, from a fresh checkout" 0 bash -c "git reset --quiet --hard origin/main"
step "which finds it" 0 release tag "$out/release"
says "v$version is there"
mkdir "$scratch/other"
sed 's/^./0/;s/^0/1/' "$out/release/checksums.txt" | tr 'a-f' 'b-g' >"$scratch/other/checksums.txt"
step "other files under this tag are refused" 1 release tag "$scratch/other"
says "knows other checksums"
step "published" 0 release publish
step "and once more" 0 release publish
step "the files of a published release stay" 0 release draft "$scratch/other"
says "its files stay"
step "and it is not planned again" 1 release plan
says "v$version exists"
[ ! -e "$scratch/github/v$version/.draft" ] || step "the release is a draft still" 0 false
moving=v${version%%.*}
step "$moving stands where v$version does, one commit after main" 0 bash -c "
    git fetch --quiet origin tag v$version
    [ \"\$(git ls-remote origin refs/tags/$moving | cut -f 1)\" = \"\$(git ls-remote origin refs/tags/v$version | cut -f 1)\" ]
    [ \"\$(git diff --name-only origin/main v$version)\" = ci/checksums.txt ]"

step "crates.io, dry" 0 release crate --dry-run --quiet
mkdir -p "$scratch/index/ce/ku"
echo "{\"name\":\"cekura-gate\",\"vers\":\"$version\"}" >"$scratch/index/ce/ku/cekura-gate"
CRATES_INDEX=file://$scratch/index step "and passed over where it is there" 0 release crate
says "crates.io has $version"

git clone --quiet --bare "$work" "$scratch/tap.git"
git clone --quiet "$scratch/tap.git" "$scratch/tap"
step "the tap" 0 release homebrew "$out/release/cekura-gate.rb" "$scratch/tap"
step "and once more" 0 release homebrew "$out/release/cekura-gate.rb" "$scratch/tap"
says "the tap has $version"
step "holds the formula" 0 git -C "$scratch/tap.git" show HEAD:Formula/cekura-gate.rb
says "$(sha256sum "$archive" | cut -d ' ' -f 1)"
step "which is Ruby" 0 ruby -c "$out/release/cekura-gate.rb"

python3 "$root/ci/packaging/npm-registry.py" "$scratch/npm-port" &
servers+=($!)
mkdir "$scratch/index-pypi"
pypi_port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
"$tools/pypi-server" run --port "$pypi_port" --interface 127.0.0.1 --authenticate . --passwords . \
    --disable-fallback "$scratch/index-pypi" >/dev/null 2>&1 &
servers+=($!)
pypi=http://127.0.0.1:$pypi_port
for _ in $(seq 100); do
    [ ! -s "$scratch/npm-port" ] || ! curl --silent --output /dev/null "$pypi/simple/" || break
    sleep 0.1
done
npm=http://127.0.0.1:$(cat "$scratch/npm-port")
# npm's settings, too, are of this rehearsal only.
export npm_config_registry=$npm npm_config_cache=$scratch/npm-cache npm_config_userconfig=$scratch/npmrc
export npm_config_audit=false npm_config_fund=false npm_config_update_notifier=false
echo "//127.0.0.1:${npm##*:}/:_authToken=rehearsal" >"$scratch/npmrc"

export PYPI_INDEX=$pypi/simple TWINE_REPOSITORY_URL=$pypi TWINE_USERNAME=rehearsal TWINE_PASSWORD=rehearsal
step "PyPI: checked and published" 0 release pypi "$out/pypi"
step "and once more" 0 release pypi "$out/pypi"
says "PyPI has cekura_gate-"
step "npm: published" 0 release npm "$out/packed"
step "and once more" 0 release npm "$out/packed"
says "npm has cekura-gate $version"

# Each in an empty directory, as a stranger would.
suite=$root/examples/quickstart/cekura-gate.yml
empty() {
    mkdir "$scratch/$1"
    cd "$scratch/$1"
}
rehearses() {
    step "$1: a rehearsal" 0 "${@:2}" run "$suite" --simulate
    says "39 of 40 judged runs passed"
    [ -s cekura-report/junit.xml ] || step "$1: its reports" 0 false
    step "$1: a fault's code" 2 "${@:2}" run none.yml
}
empty pip
python3 -m venv venv
step "pip install" 0 venv/bin/pip install --disable-pip-version-check --index-url "$pypi/simple/" cekura-gate
rehearses pip venv/bin/cekura-gate
step "pip: the released binary, byte for byte" 0 cmp venv/bin/cekura-gate "$binary"
empty uvx
export UV_CACHE_DIR=$scratch/uv UV_TOOL_DIR=$scratch/uv-tools UV_PYTHON_DOWNLOADS=never
rehearses uvx "$tools/uvx" --quiet --default-index "$pypi/simple/" cekura-gate
empty pipx
export PIPX_HOME=$scratch/pipx PIPX_BIN_DIR=$scratch/pipx-bin
rehearses pipx "$tools/pipx" run --index-url "$pypi/simple/" cekura-gate
# setuptools, which builds the hook, comes from PyPI, the wheel from the files that were packed.
empty hook
git init --quiet
cp "$suite" cekura-gate.yml
git add cekura-gate.yml
export PRE_COMMIT_HOME=$scratch/hooks
# shellcheck disable=SC2329 # called by step
hook() {
    PIP_FIND_LINKS=$out/pypi "$tools/pre-commit" try-repo "$work" cekura-gate --all-files
}
step "pre-commit: a valid suite may be committed" 0 hook
says "Passed"
echo "agnet: 1" >>cekura-gate.yml
git add cekura-gate.yml
step "pre-commit: a fault may not" 1 hook
says "unknown key \`agnet\`"

empty npm
npm init --yes >/dev/null
step "npm install" 0 npm install cekura-gate
rehearses npx npx cekura-gate
step "npm: the released binary, byte for byte" 0 cmp node_modules/cekura-gate-linux-x64/cekura-gate "$binary"
step "npm: for no other system" 0 diff <(printf '%s\n' cekura-gate cekura-gate-linux-x64) <(ls node_modules)
sed 's/^time_scale: .*/time_scale: 1/' "$root/examples/worlds/quickstart.yml" >world.yml
grep -q '^time_scale: 1$' world.yml || echo 'time_scale: 1' >>world.yml
for signal in TERM:143 INT:130; do
    rm -rf cekura-report
    # In a group of its own, as a job's: a shell would have its children pass over SIGINT.
    python3 - "${signal%:*}" "$suite" >"$scratch/log" 2>&1 <<'PYTHON' || true
import pathlib, signal, subprocess, sys, time
gate = subprocess.Popen(
    ["node_modules/.bin/cekura-gate", "run", sys.argv[2], "--simulate=world.yml"],
    stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
)
for _ in range(200):
    if pathlib.Path("cekura-report/run.json").exists():
        break
    time.sleep(0.1)
gate.send_signal(getattr(signal, "SIG" + sys.argv[1]))
print(gate.communicate()[0].decode())
print("code", gate.returncode)
PYTHON
    if grep -q "^code ${signal#*:}$" "$scratch/log" && [ -s cekura-report/junit.xml ]; then
        echo "ok    npm: SIG${signal%:*} to the launcher reaches the gate, which ends the calls and reports"
    else
        step "npm: SIG${signal%:*} to the launcher" 0 cat "$scratch/log"
        failed=1
        cat "$scratch/log"
    fi
done
empty npm-omit
npm init --yes >/dev/null
step "npm install without the binary" 0 npm install --omit=optional cekura-gate
step "is told, and is no verdict" 2 npx cekura-gate --version
says "is not installed: install again without --omit=optional"

empty installer
export CEKURA_GATE_DOWNLOAD=file://$scratch/github/v$version CEKURA_GATE_DIR=$PWD/bin
step "install.sh" 0 sh "$scratch/github/v$version/install.sh"
rehearses install.sh bin/cekura-gate
rm -rf bin
mkdir bad
printf 'no archive' >"bad/$(basename "$archive")"
CEKURA_GATE_DOWNLOAD=file://$PWD/bad step "install.sh: another file is refused" 2 sh "$out/release/install.sh"
says "not installed"
head -c "$(($(wc -c <"$out/release/install.sh") - 8))" "$out/release/install.sh" >half.sh
step "install.sh: a part of it does nothing" 2 sh half.sh
[ ! -e bin ] || step "install.sh: nothing is installed then" 0 false

# The address that cargo-binstall asks, from the manifest.
empty binstall
step "cargo binstall: its address is of a released file" 0 python3 - "$root/Cargo.toml" "$target" "$out/release" <<'PYTHON'
import pathlib, sys, tarfile, tomllib
package = tomllib.loads(pathlib.Path(sys.argv[1]).read_text())["package"]
about = package["metadata"]["binstall"]
values = {"repo": package["repository"], "version": package["version"], "target": sys.argv[2], "bin": "cekura-gate", "binary-ext": ""}
def fill(text):
    for key, value in values.items():
        text = text.replace("{ %s }" % key, value)
    assert "{" not in text, text
    return text
url = fill(about["pkg-url"])
assert url.startswith(f"{package['repository']}/releases/download/v{package['version']}/"), url
with tarfile.open(pathlib.Path(sys.argv[3]) / url.rsplit("/", 1)[1]) as archive:
    assert fill(about["bin-dir"]) in archive.getnames(), archive.getnames()
PYTHON

# The action at its tag, with a curl that answers for GitHub.
empty action
git clone --quiet --branch "v$version" "$scratch/origin.git" action 2>/dev/null
mkdir bin temp
cat >bin/curl <<CURL
#!/usr/bin/env bash
while [ \$# -gt 1 ]; do [ "\$1" != --output ] || file=\$2; shift; done
cp "$scratch/github/\${1#https://github.com/cekura-ai/cekura-gate/releases/download/}" "\$file"
CURL
chmod +x bin/curl
step "the action at its tag takes the release" 0 env PATH="$PWD/bin:$PATH" GITHUB_ACTION_PATH="$PWD/action" \
    GITHUB_OUTPUT="$PWD/output" RUNNER_TEMP="$PWD/temp" RUNNER_OS=Linux RUNNER_ARCH=X64 action/ci/action/install.sh
step "byte for byte" 0 cmp "$(sed -n 's/^binary=//p' output)" "$binary"

exit "$failed"
