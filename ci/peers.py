#!/usr/bin/env python3
"""cekura-gate and Cekura's own tools with the same faults: who waits, who pays twice, who is green.

    ci/peers.py              runs every fault, and prints the tables
    ci/peers.py --check      holds docs/fault-by-fault.md to them, exits 1 on a difference
    ci/peers.py --write      writes them into that page
    ci/peers.py --log DIR    keeps what each tool printed

Needs a build of cekura-gate (CEKURA_GATE, or target/debug). The others run where they are named:

    CEKURA_CLIS     Cekura's command lines, separated by colons, such as /venv/bin/cekura; each of
                    another version
    CEKURA_ACTIONS  a checkout of https://github.com/cekura-ai/cekura-github-actions

A tool that is not there keeps its column of the page. Each tool runs each test against a simulator
of its own, with the same test cases, and is to pass where every run passed. A simulated minute is a
second: the gate learns that from the simulator, and to the others, which run unchanged, `ci/clock`
gives a clock that is as much faster. What was started and what is still going is asked of the
simulator, not of the tool. Takes about a minute, most of it waiting.
"""

import concurrent.futures
import dataclasses
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).parent / "speed"))
import harness

PAGE = harness.ROOT / "docs" / "fault-by-fault.md"
SPEED = 60  # simulated seconds in a real one
KEY = "rehearsal"
START = "*/scenarios/run_scenarios*"
RESULT = "*/results/2001*"  # the first result of a simulator
NAMES = ["Return shoes", "Opening hours", "Where is my order", "Book a fitting"]


@dataclasses.dataclass
class FaultTest:
    """What goes wrong, and what is true all the same."""

    what: str
    # Whether every run passed; None where the evidence does not say.
    passed: bool | None = True
    # Of the scenarios, by their place.
    scenarios: dict = dataclasses.field(default_factory=dict)
    quirks: str = ""
    rules: list = dataclasses.field(default_factory=list)
    minutes: int = 20  # the timeout that each tool is given
    key: str = KEY
    ends: bool = True
    # Whether the job is cancelled while calls go.
    cancelled: bool = False
    # Seconds after the tool's end until the platform has worked off what it was sent.
    late: float = 0

    def world(self):
        lines = [f"time_scale: {SPEED}", f"api_key: {KEY}", f"quirks: {{ {self.quirks} }}"]
        lines.append("scenarios:")
        for place, name in enumerate(NAMES):
            keys = {"duration": "{ mean: 60, spread: 5 }"} | self.scenarios.get(place, {})
            keys = "".join(f", {key}: {value}" for key, value in keys.items())
            lines.append(f"  - {{ id: {place + 1}, name: {name}{keys} }}")
        lines.append("metrics: [{ id: 501, name: Workflow adherence, kind: binary, rubric: true }]")
        return "\n".join(lines) + "\n"

    def faults(self):
        return "".join(["rules:\n", *(f"  - {{ {rule} }}\n" for rule in self.rules)]) if self.rules else ""


def every(**keys):
    return {place: keys for place in range(len(NAMES))}


def start(rule):
    return f'method: POST, path: "{START}", {rule}'


def read(rule):
    return f'method: GET, path: "{RESULT}", {rule}'


FAULT_TESTS = {
    "How runs end": [
        FaultTest("All four runs pass"),
        FaultTest("One run fails its checks", False, {1: {"pass": 0}}),
        FaultTest("One run never connects", False, {1: {"error": 1}}),
        FaultTest("No run connects", False, every(error=1)),
        FaultTest("Every run, and so the result, ends as `timeout`", False, every(error=1, error_status="timeout")),
        FaultTest("Every call was cancelled", False, every(error=1, error_status="cancelled")),
        FaultTest("One run counts as a success, though every rule of its rubric was skipped", None, {1: {"unscored": 1}}),
    ],
    "The result contradicts itself": [
        FaultTest("One run never connects, and `success_runs_count` counts it", False, {1: {"error": 1}},
            quirks="inflated_success: true"),
        FaultTest("One run fails its checks, and `success_runs_count` counts it", False, {1: {"pass": 0}},
            quirks="inflated_success: true"),
        FaultTest("`success_rate` is a fraction, not a percentage", quirks="fraction_rate: true"),
        FaultTest("Counts are text", quirks="text_counts: true"),
        FaultTest("One of four runs is missing from the result, its totals count four", None,
            rules=[read("vanish: 1")]),
        FaultTest("The result holds no runs, its totals count four", None, rules=[read("vanish: 4")]),
        FaultTest("Each run stands in the result twice, its totals count four", rules=[read("multiply: 2")]),
        FaultTest("`completed` at the first two looks, while the runs are going",
            rules=[read("first: 2, pretend_status: completed")]),
    ],
    "The start": [
        FaultTest("The connection breaks after the start was processed",
            rules=[start("nth: [1], drop: after")]),
        FaultTest("A gateway answers 502 after the start was processed",
            rules=[start("nth: [1], status: 502, processed: true")]),
        FaultTest("The answer to the start takes 35 seconds", rules=[start("nth: [1], delay: 35")], minutes=60, late=10),
        FaultTest("The start is refused with 429 and `Retry-After: 2`",
            rules=[start("nth: [1], status: 429, retry_after: 2")]),
        FaultTest("The key is refused", None, key="another"),
    ],
    "The wait": [
        FaultTest("Calls that never end", None, every(duration="{ mean: 86400, spread: 1 }"), ends=False, minutes=10),
        FaultTest("Calls that never end, and each answer takes 20 seconds", None,
            every(duration="{ mean: 86400, spread: 1 }"), ends=False, minutes=10,
            rules=[read("delay: 0.333")]),
        FaultTest("The job is cancelled while calls go (SIGINT)", None,
            every(duration="{ mean: 86400, spread: 1 }"), ends=False, cancelled=True),
        FaultTest("Two looks are refused with 429 and `Retry-After: 2`",
            rules=[read("first: 2, status: 429, retry_after: 2")]),
        FaultTest("Five looks are answered with 503", rules=[read("first: 5, status: 503")]),
        FaultTest("The platform goes away after the start and does not come back", None,
            rules=['path: "/test_framework/v1/*", after: 1, status: 503']),
        FaultTest("A status that no document names at the first two looks",
            rules=[read("first: 2, pretend_status: archiving")]),
        FaultTest("Two looks end in a broken connection", rules=[read("first: 2, drop: before")]),
        FaultTest("Two looks are answered by a page of HTML with status 200", rules=[read("first: 2, garble: html")]),
        FaultTest("One look is answered with 403, then all is well", rules=[read("first: 1, status: 403")]),
    ],
}


def clis():
    """Cekura's command lines, by their versions."""
    found = {}
    for path in filter(None, os.environ.get("CEKURA_CLIS", "").split(":")):
        said = subprocess.run([path, "version"], capture_output=True, text=True, check=True).stdout
        version = re.search(r"\d\S*", said)[0]
        # Before 1.6.8 `--wait` alone exits 0 whatever the runs did.
        strict = tuple(map(int, re.findall(r"\d+", version)[:3])) >= (1, 6, 8)
        every_run = [] if strict else ["--fail-on-threshold", "1"]
        found[f"`cekura` {version}"] = lambda test, path=path, more=every_run: [
            path, "run", "spec", "spec.json", "--agent-id", "1", "--channel", "text", "--wait",
            "--timeout", str(test.minutes * 60), *more,
        ]
    return found


def tools():
    """Each tool's name, and its command for a test."""
    found = {"cekura-gate": lambda test: [
        harness.gate(), "run", "--agent", "1", "--spec", "spec.json", "--mode", "text",
        "--timeout", f"{test.minutes * 60 // SPEED}s",
    ]}
    found |= clis()
    if action := harness.suite_action():
        found["suite action"] = lambda test: action
    return found


def environment(directory, address, test):
    """What each tool finds: the variables of its own documentation, and a clock that is faster."""
    return harness.environment(directory, address) | {
        "CEKURA_API_KEY": test.key,
        "PYTHONPATH": str(harness.ROOT / "ci" / "clock"),
        "CLOCK_SPEED": str(SPEED),
        "API_KEY": test.key, "TIMEOUT": str(test.minutes * 60),
    }


def results(port):
    """The results that the simulator holds, by its other path, which no fault is for."""
    request = urllib.request.Request(f"http://127.0.0.1:{port}/test_framework/v2/results/")
    request.add_header("X-CEKURA-API-KEY", KEY)
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)["results"]


def run(command, test, log):
    """One tool in one test: how it ended, what it had started, and what it left."""
    with tempfile.TemporaryDirectory() as directory:
        pathlib.Path(directory, "spec.json").write_text(harness.spec(NAMES))
        with harness.simulator(directory, test.world(), faults=test.faults()) as (_, port, _):
            began = time.monotonic()
            with subprocess.Popen(
                list(map(str, command(test))), cwd=directory, stdin=subprocess.DEVNULL,
                env=environment(directory, f"127.0.0.1:{port}", test),
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            ) as tool:
                while test.cancelled and tool.poll() is None and not results(port):
                    time.sleep(0.2)
                if test.cancelled:
                    # By now it has the answer to its start, and looks.
                    time.sleep(3)
                    tool.send_signal(signal.SIGINT)
                try:
                    said, _ = tool.communicate(timeout=300)
                finally:
                    tool.kill()
            minutes = (time.monotonic() - began) * SPEED / 60
            log(said)
            # A start whose client no longer listens is processed all the same.
            time.sleep(test.late)
            held = results(port)
    over = {"completed", "failed", "timeout", "cancelled"}
    return {"code": tool.returncode, "minutes": minutes, "starts": len(held),
            "going": any(one["status"] not in over for one in held)}


MARKS = ["green by mistake", "green without evidence", "red, though all passed", "pays twice", "waits for its timeout",
         "overruns its timeout", "leaves the calls going"]


def marks(test, seen):
    """What is wrong with how it ended."""
    found = []
    if seen["code"] == 0 and not test.passed:
        found.append("green without evidence" if test.passed is None else "green by mistake")
    if seen["code"] != 0 and test.passed:
        found.append("red, though all passed")
    if seen["starts"] > 1:
        found.append("pays twice")
    # Well above what a busy machine adds.
    if seen["minutes"] > 3 * test.minutes:
        found.append("overruns its timeout")
    elif test.ends and seen["minutes"] > 0.9 * test.minutes:
        found.append("waits for its timeout")
    if seen["going"] and not test.ends:
        found.append("leaves the calls going")
    return found


def cell(test, seen):
    found = marks(test, seen)
    sign = "✗" if found else "✓"
    return f"{sign} {seen['code']}" + "".join(f", **{mark}**" for mark in found)


def table(head, rows):
    lines = [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    return "\n".join(lines + [f"| {' | '.join(row)} |" for row in rows]) + "\n"


def kept_columns(page, names):
    """The cells of tools that are not here, as they stand in the page: by tool, then by test."""
    found = {}
    head = None
    for line in page.splitlines():
        cells = [one.strip() for one in line.strip("| ").split(" | ")]
        if line.startswith("| Fault |"):
            head = cells[2:]
        elif head and line.startswith("| ") and len(cells) == len(head) + 2:
            for name, one in zip(head, cells[2:]):
                if name not in names:
                    found.setdefault(name, {})[cells[0]] = one
        elif not line.startswith("|"):
            head = None
    return found


TRUTH = {True: "all passed", False: "not all passed", None: "cannot be said"}


def report(seen, kept):
    """The tables, by their names: the faults, then how often each went wrong."""
    names = [*seen, *kept]
    tests = [test for part in FAULT_TESTS.values() for test in part]
    cells = {name: {test.what: cell(test, of[test.what]) for test in tests} for name, of in seen.items()}
    cells |= {name: {test.what: of.get(test.what, "not measured") for test in tests} for name, of in kept.items()}
    # Cekura's action after its command lines, whoever was here this time.
    names.sort(key=lambda name: (name != "cekura-gate", name == "suite action", name))
    parts = []
    for title, part in FAULT_TESTS.items():
        rows = [[test.what, TRUTH[test.passed], *(cells[name][test.what] for name in names)] for test in part]
        parts.append(f"### {title}\n\n" + table(["Fault", "The truth", *names], rows))
    count = lambda name, mark: str(sum(f"**{mark}**" in one for one in cells[name].values()))
    rows = [[f"of {len(tests)}, without a fault of its own", *(str(sum(one.startswith("✓") for one in cells[name].values())) for name in names)]]
    rows += [[mark, *(count(name, mark) for name in names)] for mark in MARKS]
    return {"faults": "\n".join(parts), "counts": table(["Tests", *names], rows)}


def main():
    # A shell that starts this in the background lets SIGINT be ignored, and the tools would inherit it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    asked = sys.argv[1:]
    # The simulator is of the same build.
    os.environ.setdefault("CEKURA_GATE", str(harness.ROOT / "target/debug/cekura-gate"))
    if not os.access(harness.gate(), os.X_OK):
        sys.exit(f"no cekura-gate at {harness.gate()}: `cargo build`, or name one in CEKURA_GATE")
    here = tools()
    directory = pathlib.Path(asked[asked.index("--log") + 1]) if "--log" in asked else None
    tests = [(name, test) for part in FAULT_TESTS.values() for test in part for name in here]
    # The longest first, so that none of them is left alone at the end.
    tests.sort(key=lambda job: (job[1].ends, job[1].minutes == 20))

    def one(job):
        name, test = job

        def log(text):
            if directory:
                directory.mkdir(parents=True, exist_ok=True)
                file = re.sub(r"\W+", "-", f"{test.what} {name}").strip("-")
                (directory / f"{file}.txt").write_bytes(text)

        return run(here[name], test, log)

    with concurrent.futures.ThreadPoolExecutor(int(os.environ.get("JOBS", "12"))) as pool:
        found = list(pool.map(one, tests))
    seen = {name: {} for name in here}
    for (name, test), how in zip(tests, found):
        seen[name][test.what] = how
    page = PAGE.read_text() if PAGE.exists() else ""
    kept = kept_columns(page, here)
    for name in kept:
        print(f"not here: {name}; its column is kept as it stands", file=sys.stderr)
    wrong = []
    for name, text in report(seen, kept).items():
        begin, end = f"<!-- begin:{name} -->\n\n", f"\n<!-- end:{name} -->"
        if not {"--write", "--check"} & set(asked):
            print(text)
            continue
        at, to = page.find(begin), page.find(end)
        if at < 0 or to < 0:
            sys.exit(f"{PAGE.name} has no place for the table `{name}`")
        if page[at + len(begin) : to] != text:
            wrong.append(name)
            page = page[: at + len(begin)] + text + page[to:]
    if "--write" in asked:
        PAGE.write_text(page)
    elif wrong:
        pathlib.Path("target").mkdir(exist_ok=True)
        pathlib.Path("target/fault-by-fault.md").write_text(page)
        subprocess.run(["diff", PAGE, "target/fault-by-fault.md"])
        sys.exit(f"{PAGE.name} is not what the tools do; look at it, then run with --write")


if __name__ == "__main__":
    main()
