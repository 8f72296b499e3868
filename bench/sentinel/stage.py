"""Processes under sentinels: who is struck, who comes back, and who hears what when."""

import signal
import threading
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from processes import Child
from resp import Connection, RespError

START_SECONDS = 30.0
SETTLE_SECONDS = 120.0


@dataclass
class Tools:
    holdfast: Path
    server: Path
    sentinel: Path


@dataclass
class Group:
    """A master and its replicas. `ports[0]` is the first master."""

    name: str
    ports: list[int]
    servers: dict[int, Child] = field(default_factory=dict)


@dataclass
class Heard:
    at: float
    sentinel: int
    event: str
    text: str


class Listener(threading.Thread):
    """Notes when each event of one sentinel arrives."""

    def __init__(self, number: int, port: int, heard: list[Heard]):
        super().__init__(daemon=True)
        self._number, self._heard = number, heard
        self._connection = Connection(port, START_SECONDS)
        self._connection.call("PSUBSCRIBE", "*")
        self._connection.set_timeout(None)
        self.start()

    def run(self) -> None:
        try:
            while True:
                message = self._connection.read()
                self._heard.append(Heard(time.monotonic(), self._number, message[2], message[3]))
        except RespError:
            pass

    def end(self) -> None:
        self._connection.close()


class Stage:
    """Processes that are struck and come back, and what is heard of them; all of them end when it is left."""

    groups: list[Group]
    sentinel_ports: list[int]

    def __init__(self, tools: Tools, run_dir: Path):
        self.tools, self.run_dir = tools, run_dir / f"scene-{time.monotonic_ns()}"
        self.run_dir.mkdir()
        self.heard: list[Heard] = []
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _listen(self) -> None:
        for number, port in enumerate(self.sentinel_ports):
            self._stack.callback(Listener(number, port, self.heard).end)

    def _started(self, group: Group, port: int, child: Child) -> None:
        group.servers[port] = child
        self._stack.callback(end_hard, child)

    def strike(self, group: Group, port: int, how: str) -> None:
        group.servers[port].process.send_signal(signal.SIGKILL if how == "kill" else signal.SIGSTOP)

    def mend(self, group: Group, port: int, how: str) -> None:
        """Brings a struck server back; the sentinels find a place for it."""
        if how == "kill":
            group.servers[port].process.wait()
            self.restart(group, port)
        else:
            group.servers[port].process.send_signal(signal.SIGCONT)


def end_hard(child: Child) -> None:
    """A server that is stopped does not hear SIGTERM."""
    if child.alive():
        child.process.kill()
    child.end()
