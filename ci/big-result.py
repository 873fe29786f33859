"""Measures what a big result costs: reading it, judging it, writing all reports.

    python3 ci/big-result.py target/dist/cekura-gate [RUNS]

Makes a result with RUNS runs (default 10,000) and full transcripts, about 15 KB each, serves it on
loopback as the platform would, and lets the gate watch it. Beside it stands Python's `json.load` of
the same document. Time and memory are the kernel's own account of each process; of three rounds the
median counts. Needs nothing but Python. Exits 1 when the gate needs more than 250 MiB or, for 10,000
runs, half as much CPU time again as json.load.
"""

import gzip
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

ROUNDS = 3
MOST_MIB = 250
RESULT = 4711
WORDS = (Path(__file__).parent.parent / "README.md").read_text().split()


def document(runs, dice):
    """The detail of a result in which one run in twenty failed."""

    def sentence(length):
        return " ".join(dice.choice(WORDS) for _ in range(length))

    def run(id):
        passed = dice.random() > 0.05
        turns = [
            {
                "role": ("Testing Agent", "Main Agent")[turn % 2],
                "content": sentence(26),
                "start_time": turn * 4.5,
                "end_time": turn * 4.5 + 4.1,
                "timestamp": f"00:{turn // 12:02}:{turn % 12 * 5:02}",
            }
            for turn in range(30)
        ]
        return {
            "id": id,
            "scenario": 100 + id % 50,
            "scenario_name": f"Scenario {id % 50}",
            "personality": 3,
            "personality_name": "Normal",
            "status": "completed",
            "success": passed,
            "evaluation_status": "success" if passed else "failure",
            "error_message": "",
            "duration": "02:15",
            "executed_at": "2026-08-18T10:00:00.000000Z",
            "metadata": {"ended_reason": "Main agent-ended-call", "provider": sentence(40)},
            "expected_outcome": {
                "score": 100 if passed else 25,
                "explanation": [("✅ " if passed else "❌ ") + sentence(20) for _ in range(3)],
            },
            "evaluation": {
                "metrics": [
                    {
                        "id": 500 + metric,
                        "name": f"Metric {metric}",
                        "eval_type": "binary" if metric < 3 else "numeric",
                        "passed": passed if metric < 3 else None,
                        "score": (5 if passed else 0) if metric < 3 else dice.gauss(800, 90),
                        "explanation": [sentence(25)],
                    }
                    for metric in range(6)
                ]
            },
            "transcript": "\n".join(f"[00:{i:02}] {t['role']}: {t['content']}" for i, t in enumerate(turns)),
            "transcript_object": turns,
        }

    first = 1_000_000
    return {
        "id": RESULT,
        "name": "Big",
        "agent": 1,
        "status": "completed",
        "total_runs_count": runs,
        "runs": {str(id): run(id) for id in range(first, first + runs)},
    }


def serve(plain, zipped):
    class Platform(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            if not self.path.startswith(f"/test_framework/v1/results/{RESULT}/"):
                self.send_response(404)
                self.send_header("content-length", "0")
                self.end_headers()
                return
            takes = "gzip" in self.headers.get("accept-encoding", "")
            body = zipped if takes else plain
            self.send_response(200)
            self.send_header("content-type", "application/json")
            if takes:
                self.send_header("content-encoding", "gzip")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Platform)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_address[1]


# Runs a command and prints its exit code, seconds of CPU and KiB of memory. A process of its own: the
# kernel counts what a process was forked from as its memory, and this script holds the whole document.
MEASURE = """
import os, subprocess, sys
with open("said.txt", "wb") as said:
    process = subprocess.Popen(sys.argv[1:], stdout=said, stderr=said)
    _, status, usage = os.wait4(process.pid, 0)
print(os.waitstatus_to_exitcode(status), usage.ru_utime + usage.ru_stime, usage.ru_maxrss)
"""


def measure(command, directory, env):
    """Exit code, seconds of CPU, MiB of memory: the medians of some rounds."""
    rounds = []
    for _ in range(ROUNDS):
        helper = [sys.executable, "-c", MEASURE, *command]
        printed = subprocess.run(helper, cwd=directory, env=env, check=True, stdout=subprocess.PIPE, text=True)
        code, cpu, kib = printed.stdout.split()
        rounds.append((int(code), float(cpu), int(kib) / 1024))
    return tuple(statistics.median(column) for column in zip(*rounds))


def main():
    gate = Path(sys.argv[1]).resolve()
    runs = int(sys.argv[2]) if len(sys.argv) > 2 else 10_000
    text = json.dumps(document(runs, random.Random(7)), ensure_ascii=False)
    plain = text.encode()
    zipped = gzip.compress(plain, 1)
    port = serve(plain, zipped)
    del text
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        (directory / "big.json").write_bytes(plain)
        env = {
            "HOME": name,
            "CEKURA_API_KEY": "key",
            "CEKURA_API_URL": f"http://127.0.0.1:{port}",
        }
        load = [sys.executable, "-c", "import json; json.load(open('big.json', 'rb'))"]
        _, cpu, memory = measure(load, directory, env)
        watch = [gate, "watch", str(RESULT)]
        code, gate_cpu, gate_memory = measure(watch, directory, env)
        said = (directory / "said.txt").read_text()
        reports = sum(path.stat().st_size for path in (directory / "cekura-report").rglob("*") if path.is_file())
    print(f"{runs:,} runs, {len(plain) / 2**20:.0f} MiB of JSON, {len(zipped) / 2**20:.0f} MiB compressed; reports {reports / 2**20:.0f} MiB")
    print("| | CPU time | most memory |")
    print("|---|--:|--:|")
    print(f"| Python's `json.load` of the file | {cpu:.2f} s | {memory:.0f} MiB |")
    print(f"| the gate: fetch, decompress, read, judge, report | {gate_cpu:.2f} s | {gate_memory:.0f} MiB |")
    print(f"| the gate's part of `json.load`'s | {gate_cpu / cpu:.2f} | {gate_memory / memory:.2f} |")
    if code != 1:
        sys.exit(f"the gate ended with {code}, not with 1:\n{said}")
    if gate_memory > MOST_MIB or gate_cpu > 1.5 * cpu:
        sys.exit("that is more than it may be")


if __name__ == "__main__":
    main()
