#!/usr/bin/env python3
"""cekura-gate beside what a user would otherwise run, against the same simulator: prints tables.

    ci/speed/measure.py [start] [wait] [size] [many]      all four without an argument

Clients: cekura-gate, Cekura's command line from PyPI, ci/speed/polling-loop.sh, and Cekura's suite
action where CEKURA_ACTIONS names a checkout of https://github.com/cekura-ai/cekura-github-actions.
Needs a release build (or CEKURA_GATE), `cekura` on PATH or CEKURA_CLI, curl, jq, hyperfine and GNU
time. `wait`
takes about three minutes of real time: it runs at time_scale 1, because the clients' polls are in
real seconds.
"""

import concurrent.futures
import datetime
import json
import os
import pathlib
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import harness

CLI = os.environ.get("CEKURA_CLI") or shutil.which("cekura")
LOOP = pathlib.Path(__file__).parent / "polling-loop.sh"
# Passed, failed, inconclusive: what the client thinks of the result is not the question here.
VERDICTS = (0, 1, 3)
REPEATS = int(os.environ.get("REPEATS", "5"))


def clients(scenarios):
    ids = ",".join(map(str, range(1, scenarios + 1)))
    cli = [CLI, "run", "start", "--agent-id", "1", "--scenario-ids", ids, "--mode", "text"]
    found = {
        "cekura-gate": [harness.gate(), "--allow-http", "run", "suite.yml"],
        "cekura CLI": [*cli, "--wait", "--fail-on-threshold", "0.5"],
        "30 s loop": ["bash", LOOP, "1", ids, "run_scenarios_text", "50"],
    }
    # It takes test cases only, so that its results are others, and as long as theirs.
    action = harness.suite_action()
    return found | ({"suite action": action} if action else {})


def table(title, head, rows):
    print(f"\n{title}\n\n| {' | '.join(head)} |\n|{'---|' * len(head)}")
    for row in rows:
        print(f"| {' | '.join(map(str, row))} |")
    sys.stdout.flush()


def times(value, best):
    return f"{value / best:.1f}×" if best else "–"


def refuse(directory):
    raise SystemExit(pathlib.Path(directory, "client.log").read_text()[-2000:])


def start():
    """From nothing to the first line of output and back; the smallest of many, and the median."""
    rows = []
    best = None
    commands = {
        "cekura-gate --version": [harness.gate(), "--version"],
        "cekura-gate --help": [harness.gate(), "--help"],
        "cekura version": [CLI, "version"],
        "cekura --help": [CLI, "--help"],
        "suite action, refused for want of inputs": harness.suite_action(),
        "curl --version and jq --version": ["bash", "-c", "curl --version; jq --version"],
    }
    with tempfile.TemporaryDirectory() as directory:
        for name, command in commands.items():
            if command is None:
                continue
            subprocess.run(
                ["hyperfine", "--shell=none", "--warmup=1", f"--runs={os.environ.get('RUNS', '20')}", "--export-json=out.json"]
                + (["--ignore-failure"] if "refused" in name else [])
                + [" ".join(map(str, command)) if "bash" not in command[0] else f"bash -c '{command[2]}'"],
                cwd=directory, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )
            found = json.loads(pathlib.Path(directory, "out.json").read_text())["results"][0]
            cpu = found["user"] + found["system"]
            peak = harness.measured(command, directory)["peak"]
            best = best or (found["median"], cpu, peak)
            rows.append([
                f"`{name}`", f"{found['median'] * 1000:.1f}", f"{found['min'] * 1000:.1f}",
                times(found["median"], best[0]), f"{cpu * 1000:.1f}", times(cpu, best[1]),
                f"{peak:.1f}", times(peak, best[2]),
            ])
    head = ["Start", "median ms", "least ms", "ratio", "CPU ms", "ratio", "peak MiB", "ratio"]
    table("Start-up", head, rows)


def one_wait(client, seed):
    """One result of ten text calls from start to verdict, in real time."""
    world = harness.world(10, seed=seed, time_scale=1).replace(
        "pass: 0.95", "duration: { mean: 60, spread: 15 }, pass: 0.95"
    )
    with tempfile.TemporaryDirectory() as directory:
        ids = ", ".join(map(str, range(1, 11)))
        text = harness.suite(scenarios=f"scenarios: [{ids}]")
        pathlib.Path(directory, "suite.yml").write_text(text)
        cases = harness.spec(harness.names(10))
        pathlib.Path(directory, "spec.json").write_text(cases)
        with harness.simulator(directory, world, harness.own_address()) as (address, direct, forwarder):
            if client in ("length", "length of cases"):
                return harness.length(direct, cases=cases if client == "length of cases" else None)
            run = harness.measured(clients(10)[client], directory, address)
            if run["code"] not in VERDICTS:
                refuse(directory)
            run |= {"end": run["end"] - forwarder.started, "requests": forwarder.requests}
            return run | {"bytes": forwarder.sent + forwarder.received}


def wait():
    """All clients and repetitions side by side: they mostly sleep."""
    names = list(clients(10))
    jobs = [(name, seed) for seed in range(1, REPEATS + 1) for name in ["length", "length of cases", *names]]
    with concurrent.futures.ThreadPoolExecutor(len(jobs)) as pool:
        found = dict(zip(jobs, pool.map(lambda job: one_wait(*job), jobs)))
    length = lambda name, seed: found["length of cases" if name == "suite action" else "length", seed]
    seeds = range(1, REPEATS + 1)
    lengths = [length(name, seed) for name in names for seed in seeds]
    rows, best = [], None
    for name in names:
        runs = [(found[name, seed], length(name, seed)) for seed in seeds]
        mean = lambda key: statistics.fmean(run[key] for run, _ in runs)
        late = [run["end"] - length for run, length in runs]
        best = best or (mean("cpu"), mean("peak"))
        rows.append([
            name, f"{mean('cpu'):.2f}", times(mean("cpu"), best[0]), f"{mean('peak'):.1f}",
            times(mean("peak"), best[1]), f"{mean('requests'):.1f}", f"{mean('bytes') / 1024:.0f}",
            f"{statistics.fmean(late):.1f}", f"{min(late):.1f} to {max(late):.1f}",
        ])
    span = f"{min(lengths):.0f} to {max(lengths):.0f} s"
    head = ["Client", "CPU s", "ratio", "peak MiB", "ratio", "requests", "KiB", "s late", "range"]
    table(f"Waiting: {REPEATS} results of 10 text calls that last {span}", head, rows)


def size():
    """A whole gate for results of growing size, over at once: work, not waiting."""
    rows = []
    for runs, scenarios, frequency in [(100, 100, 1), (1000, 100, 10), (10000, 100, 100)]:
        world = harness.world(scenarios, time_scale=0)
        with tempfile.TemporaryDirectory() as directory:
            pathlib.Path(directory, "suite.yml").write_text(harness.suite(frequency))
            every = clients(scenarios)
            every["cekura CLI"] += ["--frequency", str(frequency)]
            every["cekura-gate judge"] = [
                harness.gate(), "judge", "cekura-report/result.json", "--report-dir", "again"
            ]
            for name in ["cekura-gate", "cekura-gate judge", "cekura CLI"]:
                with harness.simulator(directory, world) as (address, _, forwarder):
                    run = harness.measured(every[name], directory, address)
                    if run["code"] not in VERDICTS:
                        refuse(directory)
                    amount = forwarder.sent + forwarder.received
                rows.append([
                    runs, name, f"{run['wall']:.2f}", f"{run['cpu']:.2f}",
                    f"{run['cpu'] / runs * 1e6:.0f}", f"{run['peak']:.0f}",
                    f"{run['peak'] * 1024 / runs:.1f}", forwarder.requests,
                    f"{amount / 2**20:.1f}",
                ])
    head = ["Runs", "Client", "wall s", "CPU s", "CPU µs a run", "peak MiB", "KiB a run",
            "requests", "MiB moved"]
    table("Size: results that are over at once", head, rows)


def many():
    """One process for 100 suites of 50 runs."""
    with tempfile.TemporaryDirectory() as directory:
        files = []
        for number in range(100):
            files.append(f"suite-{number}.yml")
            text = harness.suite(name=f"suite {number}", frequency=5, scenarios=f"scenarios: {list(range(1, 11))}")
            pathlib.Path(directory, files[-1]).write_text(text)
        # The last calls are going when the last suite starts, so that all are held at once.
        world = harness.world(10, time_scale=20, concurrency=5000, start_rate=5000)
        with harness.simulator(directory, world) as (address, _, forwarder):
            run = harness.measured([harness.gate(), "run", "--concurrency", "5000", *files], directory, address)
            if run["code"] == 2:
                print("\nMany suites: this build takes one suite a command; passed over")
                return
            if run["code"] not in VERDICTS:
                refuse(directory)
        row = [f"{run['wall']:.1f}", f"{run['cpu']:.2f}", f"{run['peak']:.0f}", forwarder.requests,
               f"{(forwarder.sent + forwarder.received) / 2**20:.1f}"]
    head = ["wall s", "CPU s", "peak MiB", "requests", "MiB moved"]
    table("Many: 100 suites of 50 runs in one command", head, [row])


def machine():
    model = next(
        (line.split(":")[1].strip() for line in open("/proc/cpuinfo") if "model name" in line), "?"
    )
    load = " ".join(f"{one:.1f}" for one in os.getloadavg())
    version = subprocess.run([harness.gate(), "--version"], capture_output=True, text=True).stdout
    print(
        f"{version.strip()}; {datetime.date.today()}; {os.cpu_count()} × {model}, "
        f"{platform.system()} {platform.release()}; load {load}"
    )


if __name__ == "__main__":
    asked = sys.argv[1:] or ["start", "wait", "size", "many"]
    if not CLI:
        raise SystemExit("no cekura: pip install 'cekura[cli]==1.6.7', or name it in CEKURA_CLI")
    machine()
    for name in asked:
        {"start": start, "wait": wait, "size": size, "many": many}[name]()
