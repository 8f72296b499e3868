"""What is measured: one strike after the other, and what the sentinels and a client see of each."""

import statistics
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from mqtt_pair import MqttPair
from processes import BenchError
from resp import RespError
from scene import Scene
from stage import Group, Heard, Stage, Tools

AFTERMATH_SECONDS = 3.0
REPLACED_SECONDS = 60.0
RETRY_SECONDS = 0.01
QUORUM = 2


@dataclass
class Set:
    """A quorum to be measured, over a Redis master or over a pair of MQTT nodes. `budget`: the first client write must come within
    down-after plus so many seconds."""

    name: str
    kinds: list[str]
    down_after_ms: int
    early_ms: int = 0
    budget: float | None = None
    only: str | None = None
    mqtt: bool = False

    @property
    def needs_stock(self) -> bool:
        """Whether one of Redis' own sentinels must find the master down, too. It sends a PING a second, and a hang only begins
        for it with the first one that has no answer."""
        return self.kinds.count("holdfast") < QUORUM


SETS = [
    Set("3 stock", ["stock"] * 3, 1000),
    Set("3 Holdfast", ["holdfast"] * 3, 1000, budget=0.15),
    Set("3 stock", ["stock"] * 3, 2000),
    Set("2 stock, 1 Holdfast", ["stock", "stock", "holdfast"], 2000, budget=0.2),
    Set("1 stock, 2 Holdfast", ["stock", "holdfast", "holdfast"], 2000, budget=0.2),
    Set("3 Holdfast, early", ["holdfast"] * 3, 2000, early_ms=100, budget=0.25, only="kill"),
    Set("MQTT pair, 3 Holdfast", ["holdfast"] * 3, 1000, mqtt=True),
]


@dataclass
class Strike:
    """Seconds since the strike; `second` counts switches beyond the one that was needed."""

    agreed: float
    switched_first: float
    switched_last: float
    written: float
    second: int


class Writer(threading.Thread):
    """A client as it should be: asks one sentinel after the other, writes, and begins anew when that fails."""

    def __init__(self, scene: Stage, group: Group, not_port: int):
        super().__init__(daemon=True)
        self._scene, self._group, self._not_port = scene, group, not_port
        self.written_at: float | None = None
        self.start()

    def run(self) -> None:
        deadline = time.monotonic() + REPLACED_SECONDS
        while time.monotonic() < deadline:
            for sentinel in self._scene.sentinel_ports:
                try:
                    if self._scene.write(sentinel, self._group, self._not_port):
                        self.written_at = time.monotonic()
                        return
                except (RespError, TypeError):
                    continue
            time.sleep(RETRY_SECONDS)


def strike(scene: Stage, group: Group, how: str) -> Strike:
    """Kills or stops the master, waits until all is in order again, and says what was seen."""
    port = scene.master_of(group)
    first = len(scene.heard)
    began = time.monotonic()
    scene.strike(group, port, how)
    writer = Writer(scene, group, port)
    writer.join()
    if writer.written_at is None:
        raise BenchError(f"no client could write within {REPLACED_SECONDS:.0f} s")
    deadline = began + REPLACED_SECONDS
    while len(_switches(scene, group, first)) < len(scene.sentinel_ports) and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(AFTERMATH_SECONDS)
    events = scene.heard[first:]
    switches = _switches(scene, group, first)
    agreed = [event.at for event in events if event.event == "+odown" and f" {group.name} " in event.text]
    count = sum(scene.is_switch(event, group) for event in events)
    scene.mend(group, port, how)
    scene.settle()
    if len(switches) < len(scene.sentinel_ports) or not agreed:
        raise BenchError("not every sentinel told of the switch")
    return Strike(min(agreed) - began, min(switches.values()) - began, max(switches.values()) - began,
                  writer.written_at - began, count - len(scene.sentinel_ports))


def _switches(scene: Stage, group: Group, first: int) -> dict[int, float]:
    """When each sentinel told of its first switch."""
    found: dict[int, float] = {}
    for event in list(scene.heard[first:]):
        if scene.is_switch(event, group):
            found.setdefault(event.sentinel, event.at)
    return found


def bout_of_set(tools: Tools, run_dir: Path, case: Set, how: str, strikes: int) -> list[Strike]:
    if case.mqtt:
        with MqttPair(tools, run_dir, case.down_after_ms) as pair:
            return [strike(pair, pair.groups[0], how) for _ in range(strikes)]
    lines = [f"down-after-milliseconds {{name}} {case.down_after_ms}", "failover-timeout {name} 30000"]
    own = [f"early-suspicion {case.early_ms}"] if case.early_ms else []
    with Scene(tools, run_dir, case.kinds, 1, 2, lines, own) as scene:
        return [strike(scene, scene.groups[0], how) for _ in range(strikes)]


@dataclass
class Many:
    """Many masters killed at once."""

    switched: list[float]
    masters: int
    aborted: int


def bout_of_many(tools: Tools, run_dir: Path, kind: str, masters: int, down_after_ms: int) -> Many:
    lines = [f"down-after-milliseconds {{name}} {down_after_ms}", "failover-timeout {name} 10000"]
    with Scene(tools, run_dir, [kind] * 3, masters, 1, lines) as scene:
        ports = {group.name: scene.master_of(group) for group in scene.groups}
        first = len(scene.heard)
        began = time.monotonic()
        for group in scene.groups:
            scene.strike(group, ports[group.name], "kill")
        deadline = began + down_after_ms / 1000 + 40
        while time.monotonic() < deadline and len(_switched(scene.heard[first:])) < masters:
            time.sleep(0.05)
        events = scene.heard[first:]
        aborted = sum(event.event.startswith("-failover-abort") for event in events)
        return Many([at - began for at in _switched(events).values()], masters, aborted)


def _switched(events: list[Heard]) -> dict[str, float]:
    """When the first sentinel told of each group's switch."""
    found: dict[str, float] = {}
    for event in list(events):
        if event.event == "+switch-master":
            found.setdefault(event.text.split(" ", 1)[0], event.at)
    return found


def median(values: list[float]) -> float:
    return statistics.median(values)
