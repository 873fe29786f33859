#!/usr/bin/env bash
# Cekura's own command line against `cekura-gate simulate`: the simulator is only worth something if
# the platform's real client cannot tell it from the platform.
#
# Needs cekura-gate on PATH (or CEKURA_GATE), and Python when the client isn't installed yet.
set -euo pipefail

client_version=1.6.7
gate=${CEKURA_GATE:-cekura-gate}
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
work=$(mktemp -d)
simulator=

stop() {
  if [[ -n $simulator ]]; then
    kill "$simulator" 2>/dev/null || true
    wait "$simulator" 2>/dev/null || true
    simulator=
  fi
}
trap 'stop; rm -rf "$work"' EXIT

fail() {
  echo "cekura-cli.sh: $*" >&2
  exit 1
}

if ! command -v cekura >/dev/null; then
  python3 -m venv "$work/venv"
  "$work/venv/bin/pip" install --quiet --disable-pip-version-check "cekura[cli]==$client_version"
  PATH=$work/venv/bin:$PATH
fi

# A saved login would go before the key below. A terminal this wide keeps each value on its line.
mkdir "$work/home"
export HOME=$work/home CEKURA_API_KEY=rehearsal COLUMNS=200 NO_COLOR=1

# serve WORLD: starts the simulator and points the client at it.
serve() {
  stop
  : >"$work/address"
  "$gate" simulate --world "$1" --port 0 --port-file "$work/port" >"$work/address" &
  simulator=$!
  for _ in $(seq 100); do
    [[ -s $work/address ]] && break
    kill -0 "$simulator" 2>/dev/null || fail "the simulator did not start with $1"
    sleep 0.1
  done
  CEKURA_API_URL=$(head -n 1 "$work/address")
  [[ $CEKURA_API_URL == http://127.0.0.1:* ]] || fail "no address from the simulator: $CEKURA_API_URL"
  export CEKURA_API_URL
}

# expect CODE TEXT COMMAND…: runs a command and holds its exit code and output to what is expected.
expect() {
  local code=$1 text=$2 got=0
  shift 2
  echo "+ $*"
  "$@" >"$work/output" 2>&1 || got=$?
  if [[ $got != "$code" ]] || ! grep -qF -- "$text" "$work/output"; then
    cat "$work/output" >&2
    fail "expected exit code $code and \"$text\", got exit code $got from: $*"
  fi
}

serve "$root/examples/worlds/quickstart.yml"
start=(cekura run start --agent-id 1 --wait --fail-on-threshold 0.5)
expect 0 'All 2 runs passed.' "${start[@]}" --scenario-ids 1,2 --mode text
result=$(grep -oE 'result ID: [0-9]+' "$work/output" | grep -oE '[0-9]+')
expect 0 '"status": "completed"' cekura results get "$result" --format json
expect 0 '"agent_name": "Mia (shop assistant)"' cekura results get "$result" --format json
# The detail's runs are keyed by their ids.
run=$(grep -m 1 -oE '^ +"[0-9]+": [{]' "$work/output" | grep -oE '[0-9]+')
expect 0 'Where is my order?' cekura runs get "$run"
expect 0 'Main Agent' cekura runs get "$run" --format json
expect 0 'Workflow adherence' cekura runs get "$run"
expect 0 'Harbour & Pine' cekura scenarios list
expect 0 'Sunday opening hours' cekura scenarios list
expect 0 "\"id\": $run" cekura runs bulk --ids "$run" --format json
expect 0 'shareable_link' cekura results shareable-link "$result"
expect 0 'End-calls requested' cekura results end-calls "$result"
expect 2 '999' cekura run start --agent-id 1 --scenario-ids 999


# The table in docs/operations.md names no command that the client lacks.
# The backticks are those of the table, not of a command.
# shellcheck disable=SC2016
grep -oE '`cekura [^`]+`' "$root/docs/operations.md" | tr -d '`' | sort -u | while read -r named; do
  read -ra words <<<"${named%% --*}"
  expect 0 'Usage: cekura' "${words[@]}" --help
  [[ $named != *--mode* ]] || expect 0 "${named##*--mode }" "${words[@]}" --help
done

# What comes after a result: each of the client's commands and ours, on the same account.
cat >"$work/after.yml" <<'YAML'
time_scale: 1
scenarios:
  - { id: 1, name: Return shoes, pass: 0, duration: { mean: 3600, spread: 1 } }
  - { id: 2, name: Opening hours, pass: 0, duration: { mean: 4, spread: 0 } }
  - { id: 3, name: Where is my order, duration: { mean: 3600, spread: 1 } }
evaluate: 0
metrics:
  - { id: 55, name: Workflow adherence, kind: binary, rubric: true, when_scored_again: { pass: 1 } }
YAML
serve "$work/after.yml"
expect 0 '2001' cekura run start --agent-id 1 --scenario-ids 1,2,3 --mode voice
for _ in $(seq 100); do
  "$gate" call show 34502 --json | grep -q '"status": "completed"' && break
  sleep 0.2
done
going=34501 ended=34502 other=34503
for command in "cekura runs listen-url $going --format json" "$gate call listen $going"; do
  # shellcheck disable=SC2086
  expect 0 'wss://listen.cekura.ai/calls/call_' $command
done
expect 2 'not in progress' cekura runs listen-url "$ended"
expect 5 'is over (completed)' "$gate" call listen "$ended"
expect 0 "Call for run $going ended." cekura runs end-call "$going"
expect 0 'was over already: cancelled' "$gate" call end "$going"
expect 0 "call $other was ended" "$gate" call end "$other"
expect 0 'cancelled' cekura runs get "$other" --format json
expect 0 'Vote recorded for metric 55' cekura runs mark-metric-vote "$ended" --metric-id 55 --thumbs-down --expected-value 5 --feedback 'it did'
expect 0 'vote: disagreed, expected 5: it did' "$gate" call show "$ended"
expect 0 'you agree with metric 55' "$gate" call vote "$ended" --metric 55 --up --expected angry
expect 0 '"expected_value": "angry"' cekura runs get "$ended" --format json
expect 2 'Metric not found' cekura runs mark-metric-vote "$ended" --metric-id 99 --thumbs-up
expect 5 'Metric not found' "$gate" call vote "$ended" --metric 99 --up
echo "{\"run_ids\": [\"$ended\"], \"metric_ids\": [\"55\"]}" >"$work/rescore.json"
expect 0 'Metric evaluation queued for result 2001' cekura results evaluate-metrics 2001 --from-file "$work/rescore.json"
expect 0 'as before' "$gate" result rescore 2001 --metrics 55 --runs "$ended"
expect 0 '✓ Workflow adherence' "$gate" call show "$ended"
echo "[{\"metric\": 55, \"expected_value\": 5}]" >"$work/metrics.json"
echo "{\"run_id\": $ended, \"name\": \"kept\", \"metrics\": $(cat "$work/metrics.json")}" >"$work/set.json"
expect 0 '701' cekura test-sets create-from-run --from-file "$work/set.json" --format json
expect 0 "test set 701 (kept) holds call $ended" "$gate" test-set create --run "$ended" --name kept --expected 55=5
echo '{}' >"$work/empty.json"
expect 0 'Rerun queued for result 2001' cekura results rerun 2001 --from-file "$work/empty.json"
expect 0 'result 2003 has started as a rerun of result 2001' "$gate" result rerun 2001
expect 0 'End-calls requested' cekura results end-calls 2002
expect 0 'ended' "$gate" result end 2003

cat >"$work/failing.yml" <<'YAML'
time_scale: 0
scenarios:
  - { id: 1, name: Return shoes, pass: 0 }
  - { id: 2, name: Opening hours, error: 1 }
YAML
serve "$work/failing.yml"
expect 1 'Pass rate 0.0% is below threshold 50.0%' "${start[@]}" --scenario-ids 1,2

echo "cekura-cli.sh: the client works against the simulator"
