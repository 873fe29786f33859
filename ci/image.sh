#!/usr/bin/env bash
# Builds the images of the Dockerfile with buildah and runs them: the one without a shell not as root,
# as process 1, with the working directory mounted.
#
# Needs buildah, busybox-static, root, and the gate as a static binary (CEKURA_GATE, or the first argument). No
# registry is asked: the stage that compiles is replaced by a directory with that binary, made on
# the spot; the last stage, which is the image, is the Dockerfile's own.
set -euo pipefail

if [ "$(id -u)" -ne 0 ]; then
    exec sudo --preserve-env=CEKURA_GATE "$0" "$@"
fi
cd "$(dirname "${BASH_SOURCE[0]}")/.."
binary=${1:-${CEKURA_GATE:-target/x86_64-unknown-linux-gnu/dist/cekura-gate}}
if readelf --dynamic "$binary" | grep -q NEEDED; then
    echo "$binary needs libraries: build it with RUSTFLAGS='-C target-feature=+crt-static'" >&2
    exit 2
fi

scratch=$(mktemp -d)
export BUILDAH_ISOLATION=chroot
storage=(--storage-driver vfs --root "$scratch/storage" --runroot "$scratch/run")
container=
cleanup() {
    [ -z "$container" ] || buildah "${storage[@]}" umount "$container" >/dev/null 2>&1 || true
    rm -rf "$scratch"
}
trap cleanup EXIT

mkdir -p "$scratch/builder/etc/ssl/certs"
cp "$binary" "$scratch/builder/cekura-gate"
cp /etc/ssl/certs/ca-certificates.crt "$scratch/builder/etc/ssl/certs/"

buildah "${storage[@]}" build --quiet --pull=never --build-context "builder=$scratch/builder" \
    --tag cekura-gate --file Dockerfile . >/dev/null
buildah "${storage[@]}" inspect --type image cekura-gate >"$scratch/config.json"
python3 - "$scratch/config.json" <<'PYTHON'
import json
import sys

config = json.load(open(sys.argv[1]))["OCIv1"]["config"]
assert config["User"] == "65532:65532", config
assert config["Entrypoint"] == ["/cekura-gate"], config
assert config["WorkingDir"] == "/work", config
PYTHON
echo "ok    the image is built: not root, the gate as its entry point, /work as its directory"

container=$(buildah "${storage[@]}" from --pull=never cekura-gate)
root=$(buildah "${storage[@]}" mount "$container")
files=$(cd "$root" && find . -type f | sort | tr '\n' ' ')
[ "$files" = "./cekura-gate ./etc/ssl/certs/ca-certificates.crt " ] || {
    echo "FAIL  the image holds: $files" >&2
    exit 1
}
echo "ok    it holds the binary and the CA bundle, and nothing else"

# The image with a shell. Its base cannot be had here: busybox stands in for it, and a script for apk.
base=$scratch/base
mkdir -p "$base/bin" "$base/etc/ssl/certs" "$base/usr/local/bin" "$base/tmp"
cp "$(command -v busybox)" "$base/bin/busybox"
for name in sh cat cp grep mkdir id ls; do
    ln -s busybox "$base/bin/$name"
done
printf '#!/bin/sh\n[ "$*" = "add --no-cache git openssh-client" ]\n' >"$base/bin/apk"
chmod +x "$base/bin/apk"
shell=$(buildah "${storage[@]}" from scratch)
buildah "${storage[@]}" copy --quiet "$shell" "$base" / >/dev/null
buildah "${storage[@]}" config --env PATH=/usr/local/bin:/bin "$shell"
buildah "${storage[@]}" commit --quiet --rm "$shell" docker.io/library/alpine:3.22 >/dev/null
buildah "${storage[@]}" build --quiet --pull=never --build-context "builder=$scratch/builder" \
    --target alpine --tag cekura-gate-alpine --file Dockerfile . >/dev/null
shell=$(buildah "${storage[@]}" from --pull=never cekura-gate-alpine)
mkdir -p "$scratch/job"
cp examples/quickstart/cekura-gate.yml "$scratch/job/"
buildah "${storage[@]}" run --volume "$scratch/job:/job" --workingdir /job "$shell" -- \
    sh -c 'set -e; cekura-gate run cekura-gate.yml --simulate; cat cekura-report/junit.xml >copy.xml' >"$scratch/log" 2>&1 || {
    cat "$scratch/log" >&2
    echo "FAIL  a job's script in the image with a shell" >&2
    exit 1
}
[ -s "$scratch/job/copy.xml" ]
cmp "$binary" "$(buildah "${storage[@]}" mount "$shell")/usr/local/bin/cekura-gate"
buildah "${storage[@]}" umount "$shell" >/dev/null
echo "ok    with a shell: a job's script runs the gate, by its name, on the job's files"

# What a container engine does, without one: the image's root, user and directory, the two files
# that it lays into every container, a mount, and the gate as process 1 of its own process space.
mkdir -p "$scratch/work" "$root/work" "$root/proc"
echo "127.0.0.1 hosts.gate.test" >"$root/etc/hosts"
echo "nameserver 127.0.0.153" >"$root/etc/resolv.conf"
cp examples/quickstart/cekura-gate.yml "$scratch/work/"
chown -R 65532:65532 "$scratch/work"
in_image() {
    # shellcheck disable=SC2016 # the inner shell fills these in
    exec unshare --mount bash -c '
        mount --bind "$1" "$2/work"
        root=$2
        shift 2
        exec env -i CEKURA_API_KEY="${CEKURA_API_KEY:-}" CEKURA_API_URL="${CEKURA_API_URL:-}" unshare --pid --fork --kill-child=KILL --mount-proc=/proc \
            --root="$root" --wd=/work --setuid=65532 --setgid=65532 /cekura-gate "$@"
    ' bash "$scratch/work" "$root" "$@"
}
fail() {
    echo "FAIL  $1" >&2
    cat "$scratch/log" >&2
    exit 1
}

(in_image run cekura-gate.yml --simulate) >"$scratch/log" 2>&1 || fail "a rehearsal in the image"
[ "$(stat --format=%u "$scratch/work/cekura-report/junit.xml")" = 65532 ] || fail "the report's owner"
grep -q "39 of 40 judged runs passed" "$scratch/log" || fail "the rehearsal's account"
echo "ok    a rehearsal: the suite is read from the mount, the reports are written there"

# Process 1 gets no signal that it does not handle itself.
sed 's/^time_scale: .*/time_scale: 1/' examples/worlds/quickstart.yml >"$scratch/work/world.yml"
grep -q '^time_scale: 1$' "$scratch/work/world.yml" || echo 'time_scale: 1' >>"$scratch/work/world.yml"
rm -rf "$scratch/work/cekura-report"
(in_image run cekura-gate.yml --simulate=world.yml) >"$scratch/log" 2>&1 &
waiter=$!
for _ in $(seq 100); do
    [ ! -e "$scratch/work/cekura-report/run.json" ] || break
    sleep 0.1
done
[ -e "$scratch/work/cekura-report/run.json" ] || fail "the gate has not started"
gate=$(tr -d ' ' <"/proc/$waiter/task/$waiter/children")
[ "$(awk '/^NSpid:/ { print $NF }' "/proc/$gate/status")" = 1 ] || fail "the gate is not process 1"
kill -TERM "$gate"
code=0
wait "$waiter" || code=$?
[ "$code" -eq 143 ] || fail "SIGTERM to process 1 ended with $code"
grep -q "the remaining calls were ended" "$scratch/log" || fail "the calls were not ended"
[ -s "$scratch/work/cekura-report/junit.xml" ] || fail "nothing was reported"
echo "ok    SIGTERM to process 1: its calls are ended, the report is written, code 143"

# An authority of this test's own, added to the image's bundle: only who reads it trusts the peer.
for kind in hosts dns; do
    python3 ci/image-peer.py "$scratch/peer-$kind" "$kind.gate.test" &
    peer=$!
    for _ in $(seq 100); do
        [ ! -s "$scratch/peer-$kind/port" ] || break
        sleep 0.1
    done
    cat "$scratch/peer-$kind/ca.pem" >>"$root/etc/ssl/certs/ca-certificates.crt"
    code=0
    (
        export CEKURA_API_KEY=none
        CEKURA_API_URL="https://$kind.gate.test:$(cat "$scratch/peer-$kind/port")"
        export CEKURA_API_URL
        in_image watch 1
    ) >"$scratch/log" 2>&1 || code=$?
    kill "$peer"
    if [ "$code" -ne 5 ] || ! grep -q "401" "$scratch/log"; then
        fail "https by $kind: code $code"
    fi
done
echo "ok    https: the bundle is read, and hosts are found by file and by DNS"
