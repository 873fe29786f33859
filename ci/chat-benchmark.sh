#!/usr/bin/env bash
# What mode api_chat costs the gate itself: 200 conversations of 10 turns at the same time, with one
# process of the agent for all, against the simulator with no simulated time.
#
#   ci/chat-benchmark.sh [PATH OF A RELEASE BINARY]
#
# Prints memory, CPU time and requests, and fails where a goal is missed: 60 MiB and 2 s. Needs
# python3 and GNU time (`apt-get install time`). The simulator and the agent are processes of their
# own, so that only the gate is measured.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
gate=$(realpath "${1:-target/dist/cekura-gate}")
scratch=$(mktemp -d)
simulator=
trap '[ -z "$simulator" ] || kill "$simulator"; rm -rf "$scratch"' EXIT
cd "$scratch"

cat >world.yml <<'WORLD'
time_scale: 0
agents: [{ id: 1, name: Mia }]
scenarios:
  - { id: 1, name: Where is my order, pass: 1, error: 0, chat: { says: [a, b, c, d, e, f, g, h, i, j] } }
WORLD
cat >suite.yml <<'SUITE'
version: 1
name: Benchmark
agent: 1
scenarios: [1]
frequency: 200
concurrency: 200
mode: api_chat
agent_processes: shared
agent_command: [python3, agent.py]
thresholds: { success_rate: "100%", agent_latency: "count >= 200" }
SUITE
cat >agent.py <<'AGENT'
import json
import sys

for text in sys.stdin:
    line = json.loads(text)
    if line["type"] == "message":
        answer = {"type": "message", "conversation": line["conversation"], "content": "Sure."}
        print(json.dumps(answer), flush=True)
AGENT

"$gate" simulate --world world.yml --port 0 >simulator.log 2>&1 &
simulator=$!
for _ in $(seq 100); do
    url=$(grep -o 'http://127.0.0.1:[0-9]*' simulator.log | head -n 1 || true)
    [ -z "$url" ] || break
    sleep 0.05
done
[ -n "$url" ] || { cat simulator.log; exit 1; }

CEKURA_API_URL=$url CEKURA_API_KEY=benchmark /usr/bin/time --output time.txt --format '%M %U %S' \
    "$gate" run suite.yml >gate.log 2>&1 || { cat gate.log; exit 1; }
python3 - <<'FIGURES'
import json

# GNU time counts the processes that the gate has waited for, too: those of the agent.
peak, user, system = (float(one) for one in open("time.txt").read().split())
result = json.load(open("cekura-report/result.json"))
turns = sum(len(run["agent_latencies_ms"]) for run in result["result"]["runs"])
requests = result["traffic"]["requests"]
print(f"turns: {turns}")
print(f"peak memory: {peak / 1024:.1f} MiB")
print(f"CPU time, with that of the agent's program: {user + system:.2f} s")
print(f"requests: {requests}, {requests / turns:.2f} a turn")
assert turns == 2000, "not every turn was held"
assert peak / 1024 < 60, "more than 60 MiB"
assert user + system < 2, "more than 2 s"
FIGURES
