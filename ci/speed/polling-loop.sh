#!/usr/bin/env bash
# A gate as people write it by hand: start, ask every 30 seconds, compare one rate. It is what the
# measurements hold cekura-gate against; do not gate with it.
# Usage: polling-loop.sh AGENT SCENARIO_IDS MODE_PATH MINIMUM_RATE, e.g. 1 1,2,3 run_scenarios_text 50
set -euo pipefail
api=$CEKURA_API_URL/test_framework/v1
ask() { curl --silent --show-error --fail --header "X-CEKURA-API-KEY: $CEKURA_API_KEY" "$@"; }

id=$(ask --json "{\"agent_id\": $1, \"scenarios\": [$2]}" "$api/scenarios/$3/" | jq -r .id)
while true; do
  result=$(ask "$api/results/$id/")
  status=$(jq -r .status <<<"$result")
  case $status in completed | failed | timeout | cancelled) break ;; esac
  sleep "${POLL_SECONDS:-30}"
done
echo "$status"
jq -e --argjson least "$4" '(.success_rate | tonumber) >= $least' <<<"$result"
