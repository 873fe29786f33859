"""What the measurements share: worlds, the simulator, a forwarder that counts, and one measured run.

Counting is done between client and simulator, so that no client's own account is believed.
"""

import contextlib
import json
import os
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
REQUEST = re.compile(rb"(?:GET|POST|PUT|PATCH|DELETE) (\S+) HTTP/1\.1\r\n")


def gate():
    return os.path.abspath(os.environ.get("CEKURA_GATE", ROOT / "target/dist/cekura-gate"))


def names(scenarios):
    return [f"Scenario {number}: an order and a return" for number in range(1, scenarios + 1)]


def world(scenarios=100, **keys):
    """A world of scenarios with three metrics; nothing in it is left to a random seed."""
    lines = [f"{key}: {value}" for key, value in {"concurrency": 100, **keys}.items()]
    lines.append("scenarios:")
    for number, name in enumerate(names(scenarios), 1):
        lines.append(f'  - {{ id: {number}, name: "{name}", tags: [all], pass: 0.95, error: 0.02 }}')
    lines += [
        "metrics:",
        "  - { id: 501, name: Workflow adherence, kind: binary, rubric: true }",
        "  - { id: 502, name: Latency, kind: numeric, values: { median: 780, p95: 1900 } }",
        "  - { id: 503, name: Customer satisfaction, kind: rating, values: { mean: 4.4 } }",
    ]
    return "\n".join(lines) + "\n"


def suite(frequency=1, name="speed", scenarios="tags: [all]"):
    return f"""version: 1
name: {name}
agent: 1
mode: text
{scenarios}
frequency: {frequency}
thresholds:
  success_rate: ">= 50%"
  errors: "<= 50%"
  each_scenario: {{ success_rate: ">= 0%" }}
  metrics: {{ Latency: "p95 <= 2500ms", Customer satisfaction: "mean >= 3" }}
"""


class Forwarder:
    """Passes bytes on to the simulator and counts them, and the requests among them."""

    def __init__(self, port, host):
        self.upstream = port
        self.requests, self.sent, self.received = 0, 0, 0
        self.started = None  # when the answer to a start came
        self.lock = threading.Lock()
        self.listener = socket.create_server((host, 0), backlog=512)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self.upstream))
            for one in (client, server):
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            starts = []
            threading.Thread(target=self.up, args=(client, server, starts), daemon=True).start()
            threading.Thread(target=self.down, args=(server, client, starts), daemon=True).start()

    def up(self, client, server, starts):
        rest = b""
        with contextlib.suppress(OSError):
            while data := client.recv(1 << 18):
                seen = rest + data
                found = list(REQUEST.finditer(seen))
                rest = seen[found[-1].end() :] if found else seen
                rest = rest[-4096:]
                with self.lock:
                    self.sent += len(data)
                    self.requests += len(found)
                    if any(b"/scenarios/run_scenarios" in one[1] for one in found):
                        starts.append(True)
                server.sendall(data)
        with contextlib.suppress(OSError):
            server.shutdown(socket.SHUT_WR)

    def down(self, server, client, starts):
        with contextlib.suppress(OSError):
            while data := server.recv(1 << 18):
                with self.lock:
                    self.received += len(data)
                    if starts and self.started is None:
                        self.started = time.monotonic()
                client.sendall(data)
        with contextlib.suppress(OSError):
            client.shutdown(socket.SHUT_WR)


@contextlib.contextmanager
def simulator(directory, text, host="127.0.0.1", faults=None):
    """Serves a world, with the faults of a script; gives the counted address, the simulator's own
    port, and the forwarder.

    The gate asks loopback much more often than it asks the platform. With another address of this
    machine as `host` it keeps the platform's pace.
    """
    directory = pathlib.Path(directory)
    (directory / "world.yml").write_text(text)
    port_file = directory / "port"
    port_file.unlink(missing_ok=True)
    command = [gate(), "simulate", "--world", "world.yml", "--port-file", "port"]
    if faults:
        (directory / "faults.yml").write_text(faults)
        command += ["--faults", "faults.yml"]
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(command, cwd=directory, stdout=quiet, stderr=quiet)
    try:
        while not (port_file.exists() and port_file.read_text()):
            if process.poll() is not None:
                raise SystemExit("the simulator did not start")
            time.sleep(0.02)
        port = int(port_file.read_text())
        forwarder = Forwarder(port, host)
        yield f"{host}:{forwarder.port}", port, forwarder
        forwarder.listener.close()
    finally:
        process.terminate()
        process.wait()


def own_address():
    """An address of this machine that is not loopback."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.connect(("192.0.2.1", 9))  # sends nothing
        return one.getsockname()[0]


def environment(directory, address):
    """The surroundings of a measured client: no CI system, no saved login, no proxy."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(directory),
        "LC_ALL": "C.UTF-8",
        "COLUMNS": "200",
        "NO_COLOR": "1",
        "CEKURA_API_KEY": "rehearsal",
        "CEKURA_API_URL": f"http://{address}",
        # The inputs of Cekura's suite action, as its action.yml hands them on.
        "API_KEY": "rehearsal",
        "API_URL": f"http://{address}",
        "AGENT_ID": "1",
        "SPEC": "spec.json",
        "EXECUTION_MODE": "text",
        "RUNNER_TEMP": str(directory),
    }


def suite_action():
    """The command of Cekura's suite action, from the checkout that CEKURA_ACTIONS names, if any."""
    checkout = os.environ.get("CEKURA_ACTIONS")
    script = checkout and pathlib.Path(checkout).resolve() / "run-suite" / "run_suite.py"
    return [sys.executable, "-u", str(script)] if script else None


def spec(names):
    """Test cases of these names, in Cekura's format: what the suite action takes."""
    cases = [
        {"key": f"case-{place}", "name": name, "instructions": "Ask for it.", "expected_outcome": "It is done."}
        for place, name in enumerate(names, 1)
    ]
    return json.dumps({"version": "1", "scenarios": cases})


def measured(command, directory, address="127.0.0.1:1"):
    """Runs a command under /usr/bin/time: exit code, seconds, CPU seconds, peak MiB, its end.

    /usr/bin/time stands between, because the peak of a process that Python starts holds Python's
    own memory.
    """
    with tempfile.NamedTemporaryFile("r") as out:
        timed = ["/usr/bin/time", "-q", "-o", out.name, "-f", "%e %U %S %M", *map(str, command)]
        log = open(pathlib.Path(directory) / "client.log", "wb")
        code = subprocess.run(
            timed, cwd=directory, env=environment(directory, address), stdout=log, stderr=log
        ).returncode
        end = time.monotonic()
        wall, user, system, peak = map(float, out.read().split()[-4:])
    return {"code": code, "wall": wall, "cpu": user + system, "peak": peak / 1024, "end": end}


def length(port, mode="run_scenarios_text", scenarios=10, cases=None):
    """Seconds from a start to the end of its result, asked of a fresh simulator ten times a second.

    Fates are drawn from the world's seed and the ids of what runs, so the next fresh simulator takes
    as long for the same start: scenarios by their ids, or test cases.
    """
    base = f"http://127.0.0.1:{port}/test_framework/v1"
    headers = {"X-CEKURA-API-KEY": "rehearsal", "Content-Type": "application/json"}

    def ask(path, body=None):
        request = urllib.request.Request(base + path, data=body, headers=headers)
        with urllib.request.urlopen(request) as answer:
            return answer.read().decode()

    ids = ", ".join(map(str, range(1, scenarios + 1)))
    body = f'{{"agent_id": 1, "scenarios": [{ids}]}}'
    if cases:
        mode, body = "run_scenarios_json", f'{{"agent_id": 1, "channel": "text", "spec": {cases}}}'
    answer = ask(f"/scenarios/{mode}/", body.encode())
    began = time.monotonic()
    result = re.search(r'"id": ?(\d+)', answer)[1]
    status = re.compile(r'"status": ?"(\w+)"')
    while True:
        answer = ask(f"/results/{result}/")
        head = answer[: answer.index('"runs"')] if '"runs"' in answer else answer
        if status.search(head)[1] in {"completed", "failed", "timeout", "cancelled"}:
            return time.monotonic() - began
        time.sleep(0.1)
