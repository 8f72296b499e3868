"""The cases that are measured: what one bout of each does, and which figures it gives.

A bout starts fresh nodes, a fresh proxy and fresh clients, lets them work once, and ends them.
"""

import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

import proxies
from processes import BenchError, Child, anonymous_bytes, cpu_ns, free_ports, open_connections

NODES = 4
STEP_SECONDS = 90.0
SETTLE_SECONDS = 0.1
GIVE_BACK_SECONDS = 6.0
GIVE_BACK_SECONDS_QUICK = 2.0


@dataclass
class Bench:
    """What all bouts of a run have in common."""

    tools: proxies.Tools
    cores: proxies.Cores
    run_dir: Path
    descriptors: int
    quick: bool


@dataclass
class Figure:
    """One row of the table, filled by a case. Ratios are to HAProxy; smaller is better in every row."""

    name: str
    title: str
    unit: str
    digits: int
    ratio_limit: float | None = None
    value_limit: float | None = None
    ties: bool = False  # a time rather than a cost: a difference under 15 % is no difference


@dataclass
class Case:
    name: str
    figures: list[Figure]
    bout: Callable[["Bench", str], dict[str, float]]
    needs_direct: bool = False  # each round also runs without a proxy
    rounds_factor: int = 1  # a short bout that scatters is repeated more often


def scaled(bench: Bench, full: float, quick: float) -> float:
    return quick if bench.quick else full


class Bout:
    """The processes of one bout; all of them end when it is left."""

    def __init__(self, bench: Bench, kind: str, processes: int = 1, one_core: bool = False, node_processes: int = 1):
        self.bench, self.kind = bench, kind
        self._stack = ExitStack()
        self._client_core = bench.cores.proxy if one_core else bench.cores.others
        try:
            ports = free_ports(NODES)
            share = NODES // node_processes
            for i in range(node_processes):
                self._start_nodes(i, ports[i * share:(i + 1) * share])
            self.proxy = proxies.start(kind, bench.tools, bench.cores, ports, bench.run_dir, processes,
                                       bench.descriptors)
            self._stack.callback(self.proxy.end)
        except BaseException:
            self._stack.close()
            raise

    def __enter__(self) -> "Bout":
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _start_nodes(self, number: int, ports: list[int]) -> None:
        command = [str(self.bench.tools.backend), "--ports", ",".join(map(str, ports))]
        child = Child(f"nodes-{number}", command, self._client_core, self.bench.run_dir, talks=True)
        self._stack.callback(child.end)
        if child.line(STEP_SECONDS) != "ready":
            raise BenchError("the nodes did not start")

    def clients(self, mode: str, **options: object) -> Child:
        """Starts a load generator and waits until it has prepared itself."""
        command = [str(self.bench.tools.load), mode, "--port", str(self.proxy.port)]
        for name, value in options.items():
            command += ["--" + name.replace("_", "-"), str(value)]
        child = Child("clients", command, self._client_core, self.bench.run_dir, talks=True)
        self._stack.callback(child.end)
        child.report("ready", STEP_SECONDS)
        return child

    def cost(self, clients: Child) -> dict[str, float]:
        """Lets the clients work; CPU of the proxy per operation in microseconds, and what they reported."""
        time.sleep(SETTLE_SECONDS)
        before = cpu_ns(self.proxy.pids())
        clients.go_on()
        report = clients.report("done", STEP_SECONDS)
        time.sleep(SETTLE_SECONDS)
        used = cpu_ns(self.proxy.pids()) - before
        self.proxy.require_alive()
        _require_clean(report)
        seconds = max(report["seconds"], 1e-9)
        return {"cpu_us": used / 1e3 / report["operations"], "per_second": report["operations"] / seconds,
                "busy": used / 1e9 / seconds, **{k: v for k, v in report.items() if k != "event"}}


def _require_clean(report: dict) -> None:
    bad = {name: int(report[name]) for name in ("refused", "failed", "unanswered") if report.get(name)}
    if bad:
        raise BenchError("clients were " + ", ".join(f"{count} {name}" for name, count in bad.items()))


def bout_connect(bench: Bench, kind: str) -> dict[str, float]:
    count = scaled(bench, 30000, 6000)
    with Bout(bench, kind) as bout:
        return bout.cost(bout.clients("connect", connections=32, count=count, ids=count // 2))


def bout_relay(bench: Bench, kind: str) -> dict[str, float]:
    with Bout(bench, kind) as bout:
        return bout.cost(bout.clients("relay", connections=64, size=64, count=scaled(bench, 400000, 80000)))


def bout_paced(bench: Bench, kind: str) -> dict[str, float]:
    with Bout(bench, kind) as bout:
        return bout.cost(bout.clients("paced", connections=500, size=64, rate=5000,
                                      seconds=scaled(bench, 8, 2)))


def bout_stream(bench: Bench, kind: str) -> dict[str, float]:
    with Bout(bench, kind) as bout:
        return bout.cost(bout.clients("stream", connections=16, size=16384, count=scaled(bench, 200000, 40000)))


def bout_round_trip(bench: Bench, kind: str) -> dict[str, float]:
    with Bout(bench, kind, one_core=True) as bout:
        clients = bout.clients("ping", size=64, count=scaled(bench, 30000, 6000))
        clients.go_on()
        report = clients.report("done", STEP_SECONDS)
        return {name: report[name] for name in ("median_us", "mean_us", "p99_us")}


def bout_memory(bench: Bench, kind: str) -> dict[str, float]:
    held = min(9000, proxies.max_sessions(bench.descriptors))
    held = scaled(bench, held, min(held, 3000))
    with Bout(bench, kind) as bout:
        clients = bout.clients("hold", connections=held)
        pids = bout.proxy.pids()
        time.sleep(3 * SETTLE_SECONDS)
        sockets, before = open_connections(pids), anonymous_bytes(pids)
        clients.go_on()
        _require_clean(clients.report("held", STEP_SECONDS))
        time.sleep(3 * SETTLE_SECONDS)
        during = anonymous_bytes(pids)
        clients.go_on()
        clients.report("done", STEP_SECONDS)
        after = _memory_after(bench, pids, sockets, before, during)
        bout.proxy.require_alive()
    growth = max(during - before, 1)
    return {"per_connection_kib": growth / held / 1024, "kept_percent": 100 * max(after - before, 0) / growth,
            "before_kib": before / 1024, "during_kib": during / 1024, "after_kib": after / 1024, "held": held}


def _memory_after(bench: Bench, pids: list[int], sockets: int, before: int, during: int) -> int:
    """Memory when the connections are gone: as soon as nearly all of it is given back, else when patience ends."""
    deadline = time.monotonic() + scaled(bench, GIVE_BACK_SECONDS, GIVE_BACK_SECONDS_QUICK)
    while True:
        time.sleep(0.3)
        after = anonymous_bytes(pids)
        gone = open_connections(pids) <= sockets
        if time.monotonic() > deadline:
            if not gone:
                raise BenchError("the proxy still holds connections that its clients have closed")
            return after
        if gone and after - before <= (during - before) // 100:
            return after


def bout_storm(bench: Bench, kind: str, total: int, processes: int) -> dict[str, float]:
    """Everybody at once. A refused, failed or forgotten client makes the bout a failure."""
    client_processes = processes
    with Bout(bench, kind, processes=processes, node_processes=NODES if processes > 1 else 1) as bout:
        share = total // client_processes
        crowds = [bout.clients("storm", connections=share + (total % client_processes if i == 0 else 0),
                               first_id=i * total, timeout=40) for i in range(client_processes)]
        before = cpu_ns(bout.proxy.pids())
        for crowd in crowds:
            crowd.go_on()
        reports = [crowd.report("done", STEP_SECONDS) for crowd in crowds]
        used = cpu_ns(bout.proxy.pids()) - before
        bout.proxy.require_alive()
        sums = {name: sum(r[name] for r in reports) for name in ("answered", "refused", "failed", "unanswered")}
    _require_clean(sums)
    return {"seconds": max(r["seconds"] for r in reports), "cpu_us": used / 1e3 / total, **sums}


def bout_storm_one(bench: Bench, kind: str) -> dict[str, float]:
    most = min(9000, proxies.max_sessions(bench.descriptors))
    return bout_storm(bench, kind, scaled(bench, most, min(most, 3000)), 1)


def bout_storm_three(bench: Bench, kind: str) -> dict[str, float]:
    # The kernel spreads by a hash, so each process needs some room above a third.
    most = min(20000, int(proxies.max_sessions(bench.descriptors) * 3 * 0.9))
    return bout_storm(bench, kind, scaled(bench, most, min(most, 6000)), 3)


def bout_sticky(bench: Bench, kind: str) -> dict[str, float]:
    """No measurement: whether a client id comes to the same node again, as the comparison rests on it."""
    with Bout(bench, kind) as bout:
        clients = bout.clients("sticky", connections=40)
        clients.go_on()
        report = clients.report("done", STEP_SECONDS)
    return {"moved": report["moved"], "nodes": report["nodes"]}


CASES = [
    Case("connect", [Figure("cpu_us", "CPU per CONNECT-CONNACK-close", "us", 1, ratio_limit=1.0)], bout_connect),
    Case("relay", [Figure("cpu_us", "CPU per 64-byte message, saturated", "us", 2, ratio_limit=1.0)], bout_relay),
    Case("paced", [Figure("cpu_us", "CPU per 64-byte message, 5,000/s", "us", 1, ratio_limit=0.95)], bout_paced),
    Case("stream", [Figure("cpu_us", "CPU per 16 KiB message", "us", 2, ratio_limit=0.6)], bout_stream),
    Case("round-trip", [Figure("added_us", "added round trip, one core", "us", 1, ratio_limit=0.8)],
         bout_round_trip, needs_direct=True, rounds_factor=3),
    Case("memory", [Figure("per_connection_kib", "memory per idle connection", "KiB", 2, ratio_limit=0.45),
                    Figure("kept_percent", "of it kept after they close", "%", 0, value_limit=10.0)], bout_memory),
    Case("storm", [Figure("seconds", "storm on one process, last answer", "s", 2, ratio_limit=1.0, ties=True)],
         bout_storm_one),
    Case("storm3", [Figure("seconds", "storm on three processes, last answer", "s", 2, ratio_limit=1.0, ties=True)],
         bout_storm_three),
]
