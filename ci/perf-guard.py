#!/usr/bin/env python3
"""Holds what commands cost to ci/perf-guard.json: counts, not seconds.

    ci/perf-guard.py            compares; ends with 1 where something costs more (or much less)
    ci/perf-guard.py --bless    writes what is found as the new baseline

Instructions and allocations come from valgrind, requests and bytes from a forwarder between the
gate and its simulator. The same binary gives the same counts within a few thousandths (the loader
and hash seeds move them), whatever else the machine does. They do depend on the compiler: with
another toolchain than the baseline's, only requests and bytes are compared.

Measures target/dist/cekura-gate, or CEKURA_GATE. Needs valgrind.
"""

import concurrent.futures
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "ci/speed"))
import harness

BASELINE = ROOT / "ci/perf-guard.json"
# A count may be this much higher than the baseline. One that is this much lower is told, so that
# the gain is written down and held too.
TOLERANCE = {"instructions": 0.03, "allocations": 0.03, "peak_bytes": 0.05, "requests": 0, "bytes": 0.02}
OF_TOOLCHAIN = ("instructions", "allocations", "peak_bytes")
RUNS = 2000


def valgrind(directory, tool, command):
    """Runs the gate under a tool of valgrind and gives what the tool says."""
    log = pathlib.Path(directory) / f"{tool}.log"
    quiet = subprocess.DEVNULL
    out = {"callgrind": "--callgrind-out-file=/dev/null", "dhat": "--dhat-out-file=/dev/null"}[tool]
    code = subprocess.run(
        ["valgrind", f"--tool={tool}", out, f"--log-file={log}", harness.gate(), *command],
        cwd=directory, env=harness.environment(directory, "127.0.0.1:1"), stdout=quiet, stderr=quiet,
    ).returncode
    if code not in (0, 1, 3):
        raise SystemExit(f"perf-guard: `{' '.join(command)}` ended with {code} under {tool}")
    return log.read_text()


def number(pattern, text):
    return int(re.search(pattern, text)[1].replace(",", ""))


def cost(directory, command):
    """Instructions, allocations and the largest heap of one command."""
    ran = number(r"Collected : ([\d,]+)", valgrind(directory, "callgrind", command))
    heap = valgrind(directory, "dhat", command)
    return {
        "instructions": ran,
        "allocations": number(r"Total:\s+[\d,]+ bytes in ([\d,]+) blocks", heap),
        "peak_bytes": number(r"At t-gmax:\s+([\d,]+) bytes", heap),
    }


def traffic(directory):
    """Requests and bytes of a run whose calls are over at once; leaves its result.json."""
    (directory / "suite.yml").write_text(harness.suite(RUNS // 100))
    with harness.simulator(directory, harness.world(100, time_scale=0)) as (address, _, forwarder):
        run = harness.measured([harness.gate(), "run", "suite.yml"], directory, address)
        if run["code"] not in (0, 1, 3):
            raise SystemExit((directory / "client.log").read_text())
        return {"requests": forwarder.requests, "bytes": forwarder.sent + forwarder.received}


def measure():
    largest = max(ROOT.glob("examples/*/cekura-gate.yml"), key=lambda path: path.stat().st_size)
    with tempfile.TemporaryDirectory() as directory:
        directory = pathlib.Path(directory)
        found = {f"run, {RUNS} runs": traffic(directory)}
        saved = "cekura-report/result.json"
        commands = {
            "--version": ["--version"],
            "schema": ["schema"],
            "check, the largest example": ["check", str(largest)],
            f"judge, {RUNS} runs": ["judge", saved, "--report-dir", "again"],
            f"compare, {RUNS} runs": ["compare", saved, saved],
        }
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            # Two at once must not write into one directory.
            homes = []
            for place, _ in enumerate(commands):
                home = directory / str(place)
                home.mkdir()
                (home / "cekura-report").mkdir()
                (home / saved).write_bytes((directory / saved).read_bytes())
                homes.append(home)
            costs = pool.map(cost, homes, commands.values())
            found.update(zip(commands, costs))
    return found


def toolchain():
    text = subprocess.run(["rustc", "-vV"], capture_output=True, text=True, check=True, cwd=ROOT)
    lines = dict(line.split(": ", 1) for line in text.stdout.splitlines() if ": " in line)
    return f"rustc {lines['release']}, {lines['host']}"


def compare(baseline, found, same):
    worse, better = [], []
    for name in sorted(baseline["counts"].keys() | found.keys()):
        held, seen = baseline["counts"].get(name), found.get(name)
        if held is None or seen is None:
            worse.append(f"{name}: only in {'the baseline' if seen is None else 'what was measured'}")
            continue
        for unit, count in seen.items():
            if unit in OF_TOOLCHAIN and not same:
                continue
            change = count / held[unit] - 1
            line = f"{name}: {unit} {held[unit]:,} -> {count:,} ({change:+.1%}, tolerance {TOLERANCE[unit]:.0%})"
            print(f"  {line}")
            if change > TOLERANCE[unit]:
                worse.append(line)
            elif change < -TOLERANCE[unit]:
                better.append(line)
    return worse, better


def main():
    found = measure()
    if sys.argv[1:] == ["--bless"]:
        text = json.dumps({"toolchain": toolchain(), "counts": found}, indent=2)
        BASELINE.write_text(text + "\n")
        print(f"perf-guard: wrote {BASELINE.name}")
        return 0
    baseline = json.loads(BASELINE.read_text())
    same = baseline["toolchain"] == toolchain()
    if not same:
        print(
            f"perf-guard: the baseline is of {baseline['toolchain']}, this is {toolchain()}: "
            "instructions and allocations are passed over"
        )
    worse, better = compare(baseline, found, same)
    for line in better:
        print(f"perf-guard: cheaper: {line}; ci/perf-guard.py --bless holds the gain")
    for line in worse:
        print(f"perf-guard: dearer: {line}", file=sys.stderr)
    if worse:
        print(
            "perf-guard: find out why; where the cost is worth it, ci/perf-guard.py --bless, "
            "and say why in the commit",
            file=sys.stderr,
        )
        return 1
    print("perf-guard: nothing costs more than it did")
    return 0


if __name__ == "__main__":
    sys.exit(main())
