"""Child processes of a measurement: started on a core, tied to this process, ended by their own pid, and metered.

Nothing here waits without a limit. A child that does not start, does not answer or does not end in time raises
`BenchError` with the last lines that it wrote.
"""

import atexit
import ctypes
import json
import os
import random
import resource
import select
import signal
import socket
import subprocess
import time
from pathlib import Path

PR_SET_PDEATHSIG = 1
END_GRACE_SECONDS = 5.0
# Below the kernel's range for outgoing connections, so that a storm's own source ports never take a listener's port.
LISTEN_PORTS = range(12000, 30000)

_libc = ctypes.CDLL(None, use_errno=True)
_living: list["Child"] = []


class BenchError(Exception):
    """A measurement could not be taken; the text says why."""


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on at the moment, on 127.0.0.1."""
    held, ports = [], []
    for port in random.sample(LISTEN_PORTS, len(LISTEN_PORTS)):
        probe = socket.socket()
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            probe.close()
            continue
        held.append(probe)
        ports.append(port)
        if len(ports) == count:
            break
    for probe in held:
        probe.close()
    if len(ports) < count:
        raise BenchError("no free ports on 127.0.0.1")
    return ports


class Child:
    """One process: its output, its log, its end.

    With `talks` its standard output is read line by line; without, it goes into the log, as nobody empties a pipe.
    Without a `core` it may use all that this process may use.
    """

    def __init__(self, name: str, command: list[str], core: int | None, run_dir: Path, talks: bool):
        self.name = name
        self._buffer = b""
        self.log = run_dir / f"{name}-{time.monotonic_ns()}.log"
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE if talks else log, stderr=log,
                preexec_fn=lambda: _prepare_child(core))
        self.pid = self.process.pid
        if talks:
            os.set_blocking(self.process.stdout.fileno(), False)
        _living.append(self)

    def line(self, timeout: float) -> str:
        """The next line of standard output, without its end."""
        deadline = time.monotonic() + timeout
        while b"\n" not in self._buffer:
            left = deadline - time.monotonic()
            if left <= 0:
                raise BenchError(f"{self.name} said nothing for {timeout:.0f} s{self.last_words()}")
            ready, _, _ = select.select([self.process.stdout], [], [], left)
            if not ready:
                continue
            chunk = self.process.stdout.read()
            if chunk == b"":
                raise BenchError(f"{self.name} ended{self.last_words()}")
            self._buffer += chunk or b""
        line, self._buffer = self._buffer.split(b"\n", 1)
        return line.decode()

    def report(self, event: str, timeout: float) -> dict:
        """The next line as a report of the load generator; anything but `event` is an error."""
        line = self.line(timeout)
        try:
            report = json.loads(line)
        except ValueError:
            raise BenchError(f"{self.name} wrote {line!r} where a report was expected") from None
        if report.get("event") != event:
            raise BenchError(f"{self.name} reported {report.get('event')} where {event} was expected")
        return report

    def go_on(self) -> None:
        """Allows the load generator its next step."""
        try:
            self.process.stdin.write(b"go\n")
            self.process.stdin.flush()
        except OSError:
            raise BenchError(f"{self.name} ended{self.last_words()}") from None

    def alive(self) -> bool:
        return self.process.poll() is None

    def require_alive(self) -> None:
        if not self.alive():
            raise BenchError(f"{self.name} ended with status {self.process.returncode}{self.last_words()}")

    def end(self) -> None:
        """Ends the process: asked first, then forced."""
        if self in _living:
            _living.remove(self)
        if self.alive():
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(END_GRACE_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
        try:
            self.process.wait(END_GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            pass
        for stream in (self.process.stdout, self.process.stdin):
            try:
                if stream:
                    stream.close()
            except OSError:
                pass

    def last_words(self) -> str:
        try:
            lines = self.log.read_text(errors="replace").strip().splitlines()[-3:]
        except OSError:
            lines = []
        return ": " + " | ".join(lines) if lines else ""


def _prepare_child(core: int | None) -> None:
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if core is not None:
        os.sched_setaffinity(0, {core})
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


@atexit.register
def end_all() -> None:
    for child in list(_living):
        child.end()


def cpu_ns(pids: list[int]) -> int:
    """CPU time of whole processes so far, user and system, nanoseconds.

    The scheduler's own account of every task is used where there is one; utime + stime have only 10 ms steps.
    """
    return sum(_cpu_ns_of(pid) for pid in pids)


def _cpu_ns_of(pid: int) -> int:
    total = 0
    for task in os.listdir(f"/proc/{pid}/task"):
        try:
            total += int(Path(f"/proc/{pid}/task/{task}/schedstat").read_text().split()[0])
        except (OSError, IndexError):
            continue
    return total or _ticks_ns_of(pid)


def _ticks_ns_of(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * 1_000_000_000 // os.sysconf("SC_CLK_TCK")


def anonymous_bytes(pids: list[int]) -> int:
    """User-space memory of processes: their resident anonymous pages, counted by walking them (not from counters
    that the kernel keeps per core and adds up late)."""
    total = 0
    for pid in pids:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Anonymous:"):
                total += int(line.split()[1]) * 1024
    return total


def listeners(port: int) -> int:
    """How many sockets listen on 127.0.0.1:`port`."""
    wanted = f"0100007F:{port:04X}"
    count = 0
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        count += fields[1] == wanted and fields[3] == "0A"
    return count


def open_connections(pids: list[int]) -> int:
    """How many sockets the processes hold."""
    count = 0
    for pid in pids:
        for name in os.listdir(f"/proc/{pid}/fd"):
            try:
                count += os.readlink(f"/proc/{pid}/fd/{name}").startswith("socket:")
            except OSError:
                continue
    return count
