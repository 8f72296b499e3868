"""What stands around a bout: a Mosquitto node, Holdfast in front of it, the devices, and the callers."""

import json
import os
import secrets
import shutil
import time
import urllib.error
import urllib.request
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from processes import BenchError, Child, cpu_ns, free_ports, listeners

START_SECONDS = 20.0
STEP_SECONDS = 120.0
SETTLE_SECONDS = 0.1


@dataclass
class Tools:
    """Where the programs are."""

    bench: Path
    holdfast: Path
    mosquitto: str


def find_mosquitto() -> str | None:
    return shutil.which("mosquitto", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")


def mosquitto_config(port: int) -> str:
    """A node that drops and limits nothing, as Holdfast and the bare callers alike lean on it."""
    return f"""listener {port} 127.0.0.1
allow_anonymous true
persistence false
max_inflight_messages 0
max_queued_messages 0
max_connections -1
set_tcp_nodelay true
log_dest none
"""


def holdfast_config(port: int, api_port: int, rpc_port: int, node: int, data_dir: Path, backlog_pace: int) -> str:
    return f"""[gateway]
listen = ["127.0.0.1:{port}"]
threads = 1

[admin]
listen = "127.0.0.1:{api_port}"
max_connections = 1200

[rpc]
listen = ["127.0.0.1:{rpc_port}"]

[paths]
data_dir = "{data_dir}"

[commands]
backlog_pace = {backlog_pace}

[[cluster]]
name = "b"
source = "static"

[[cluster.node]]
name = "b-1"
address = "127.0.0.1:{node}"
"""


class Scene:
    """The processes of one bout; all of them end when it is left."""

    def __init__(self, tools: Tools, run_dir: Path, devices: int, with_holdfast: bool, backlog_pace: int = 1000):
        self.tools, self.run_dir, self.devices = tools, run_dir, devices
        self._stack = ExitStack()
        self.children: list[Child] = []
        self.holdfast: Child | None = None
        try:
            self.node_port, self.port, self.api_port, self.rpc_port = free_ports(4)
            self._start_node()
            if with_holdfast:
                self._start_holdfast(backlog_pace)
        except BaseException:
            self._stack.close()
            raise

    def __enter__(self) -> "Scene":
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def start(self, name: str, command: list[str], talks: bool) -> Child:
        child = Child(name, command, None, self.run_dir, talks)
        self.children.append(child)
        self._stack.callback(child.end)
        return child

    def end(self, child: Child) -> None:
        child.end()
        self.children.remove(child)

    def drive(self, mode: str, **options: object) -> Child:
        """Starts the bench program in a mode and waits until it has prepared itself."""
        command = [str(self.tools.bench), mode]
        for name, value in options.items():
            command += ["--" + name.replace("_", "-"), str(value)]
        child = self.start(mode, command, talks=True)
        child.report("prepared", STEP_SECONDS)
        return child

    def connect_devices(self) -> Child:
        port = self.port if self.holdfast else self.node_port
        crowd = self.drive("devices", port=port, devices=self.devices)
        crowd.go_on()
        return crowd

    def devices_there(self) -> Child:
        crowd = self.connect_devices()
        crowd.report("ready", STEP_SECONDS)
        time.sleep(SETTLE_SECONDS)
        return crowd

    def devices_leave(self, crowd: Child) -> None:
        crowd.go_on()
        crowd.report("done", STEP_SECONDS)
        crowd.report("left", STEP_SECONDS)
        self.end(crowd)

    def cost(self, child: Child) -> dict[str, float]:
        """Lets callers work; what they reported, and the CPU of Holdfast and of everything for each operation."""
        pids = [each.pid for each in self.children]
        own = [self.holdfast.pid] if self.holdfast else []
        before, own_before = cpu_ns(pids), cpu_ns(own)
        child.go_on()
        report = child.report("done", STEP_SECONDS)
        used, own_used = cpu_ns(pids) - before, cpu_ns(own) - own_before
        for each in self.children:
            each.require_alive()
        if report["failed"] or not report["operations"]:
            raise BenchError(f"{report['failed']:.0f} requests failed, {report['operations']:.0f} did not"
                             + child.last_words())
        self.end(child)
        operations = report.get("commands", report["operations"])
        figures = {name: value for name, value in report.items() if name not in ("event", "failed")}
        return {**figures, "all_cpu_us": used / 1e3 / operations, "cpu_us": own_used / 1e3 / operations}

    def summary(self) -> dict:
        return self.call("GET", "/api/v1/commands/summary")

    def call(self, method: str, path: str, body: dict | None = None) -> dict:
        request = urllib.request.Request(f"http://127.0.0.1:{self.api_port}{path}", method=method,
                                         data=json.dumps(body).encode() if body is not None else None)
        request.add_header("Authorization", "Bearer " + self.token_file.read_text().strip())
        request.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise BenchError(f"the API said {error.code} to {path}: {error.read(300).decode()}") from None
        except OSError as error:
            raise BenchError(f"the API did not answer {path}: {error}") from None

    def _start_node(self) -> None:
        config = self.run_dir / f"mosquitto-{secrets.token_hex(4)}.conf"
        config.write_text(mosquitto_config(self.node_port))
        node = self.start("mosquitto", [self.tools.mosquitto, "-c", str(config)], talks=False)
        self._await(node, lambda: listeners(self.node_port) == 1)

    def _start_holdfast(self, backlog_pace: int) -> None:
        self.data_dir = self.run_dir / f"holdfast-{secrets.token_hex(4)}"
        self.data_dir.mkdir()
        self.token_file = self.data_dir / "admin.token"
        config = self.data_dir / "holdfast.toml"
        config.write_text(holdfast_config(self.port, self.api_port, self.rpc_port, self.node_port, self.data_dir, backlog_pace))
        self.holdfast = self.start("holdfast", [str(self.tools.holdfast), "up", "--config", str(config)], talks=False)
        self._await(self.holdfast, lambda: listeners(self.port) and listeners(self.api_port))
        self._await(self.holdfast, self._channels_connected)

    def _channels_connected(self) -> bool:
        channels = self.summary()["centre"]["channels"]
        return bool(channels) and all(channel["connected"] for channel in channels)

    def _await(self, child: Child, condition) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not condition():
            child.require_alive()
            if time.monotonic() > deadline:
                raise BenchError(f"{child.name} was not ready within {START_SECONDS:.0f} s{child.last_words()}")
            time.sleep(0.05)
