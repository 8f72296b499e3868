"""What is measured: what one bout of each case does, and which rows of the table it fills."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

from processes import BenchError, Child
from scene import STEP_SECONDS, Scene, Tools

DEVICES = 1000
CALLERS = (1, 64, 1000)
GRPC_CALLERS = 64
DRAIN_SECONDS = 300.0
OPEN_STATES = ("scheduled", "queued", "sent", "delivered")


@dataclass
class Bench:
    """What all bouts of a run have in common."""

    tools: Tools
    run_dir: Path
    quick: bool

    def scaled(self, full: float, quick: float) -> float:
        return quick if self.quick else full


@dataclass
class Figure:
    """One row of the table. A bound is on the ratio of Holdfast's figure to its peer's, or on the figure itself."""

    name: str
    title: str
    unit: str
    digits: int = 0
    ratio_at_most: float | None = None
    ratio_at_least: float | None = None
    at_least: float | None = None


@dataclass
class Case:
    """`peer` is what Holdfast is held against."""

    name: str
    peer: str | None
    figures: list[Figure]
    bout: Callable[[Bench, str], dict[str, float]]


def bout_sync(bench: Bench, kind: str) -> dict[str, float]:
    """Every number of callers, one after the other, on the same node and devices."""
    figures = {}
    with Scene(bench.tools, bench.run_dir, DEVICES, kind == "holdfast") as scene:
        scene.devices_there()
        for callers in CALLERS:
            options = {"devices": DEVICES, "callers": callers, "seconds": bench.scaled(5, 1.5), "seed": callers}
            if kind == "holdfast":
                child = scene.drive("sync", port=scene.api_port, token_file=scene.token_file, **options)
            else:
                child = scene.drive("bare", port=scene.node_port, **options)
            figures |= {f"{name}_{callers}": value for name, value in scene.cost(child).items()}
        if kind == "holdfast":
            child = scene.drive("grpc", port=scene.rpc_port, token_file=scene.token_file, devices=DEVICES,
                                callers=GRPC_CALLERS, seconds=bench.scaled(5, 1.5))
            figures |= {f"{name}_grpc": value for name, value in scene.cost(child).items()}
        else:
            # The same bare requests are the peer of the gRPC callers.
            figures |= {name.replace(f"_{GRPC_CALLERS}", "_grpc"): value for name, value in figures.items()
                        if name.endswith(f"_{GRPC_CALLERS}")}
            figures["commit_us"] = _floor(bench, scene, int(bench.scaled(1000, 200)), 1)["p50_us"]
    figures["durable_us"] = figures["p50_us_1"] + 2 * figures.get("commit_us", 0)
    figures["best"] = max(figures[f"per_second_{callers}"] for callers in CALLERS[1:])
    return figures


def bout_submit(bench: Bench, kind: str) -> dict[str, float]:
    rows, singles = int(bench.scaled(60000, 20000)), int(bench.scaled(20000, 5000))
    with Scene(bench.tools, bench.run_dir, DEVICES, kind == "holdfast") as scene:
        if kind == "floor":
            cost = _floor(bench, scene, rows, 256)
            rate = cost["commands"] / cost["seconds"]
            return {"batch": rate, "single": rate, "cpu_us": cost["all_cpu_us"]}
        scene.devices_leave(scene.devices_there())
        batch = scene.cost(_submit(scene, rows, 8, 100))
        single = scene.cost(_submit(scene, singles, 64, 1))
        return {"batch": batch["commands"] / batch["seconds"], "single": single["commands"] / single["seconds"],
                "cpu_us": batch["cpu_us"], "single_cpu_us": single["cpu_us"], "single_p50_us": single["p50_us"],
                "single_p99_us": single["p99_us"]}


def bout_drain(bench: Bench, kind: str) -> dict[str, float]:
    count = int(bench.scaled(100000, 10000))
    with Scene(bench.tools, bench.run_dir, DEVICES, kind == "holdfast", backlog_pace=0) as scene:
        scene.devices_leave(scene.devices_there())
        scene.cost(_submit(scene, count, 8, 100))
        began = time.monotonic()
        crowd = scene.connect_devices()
        crowd.report("ready", STEP_SECONDS)
        states = _await_all_ended(scene, began)
        seconds = time.monotonic() - began
        if states["succeeded"] != count:
            raise BenchError(f"of {count} commands {states['succeeded']} succeeded: {states}")
    return {"seconds": seconds, "per_second": count / seconds}


def _floor(bench: Bench, scene: Scene, rows: int, batch: int) -> dict[str, float]:
    """SQLite alone: `rows` rows, `batch` in a transaction."""
    floor_dir = bench.run_dir / f"floor-{time.monotonic_ns()}"
    floor_dir.mkdir()
    return scene.cost(scene.drive("floor", dir=floor_dir, count=rows, batch=batch))


def _submit(scene: Scene, count: int, connections: int, batch: int) -> Child:
    return scene.drive("submit", port=scene.api_port, token_file=scene.token_file, devices=DEVICES, callers=connections,
                       batch=batch, count=count)


def _await_all_ended(scene: Scene, began: float) -> dict[str, int]:
    while True:
        states = scene.summary()["commands"]["by_state"]
        left = sum(states[name] for name in OPEN_STATES)
        if left == 0:
            return states
        if time.monotonic() - began > DRAIN_SECONDS:
            raise BenchError(f"{left} commands had not ended after {DRAIN_SECONDS:.0f} s")
        scene.holdfast.require_alive()
        time.sleep(0.1)


def _sync_figures() -> list[Figure]:
    figures = []
    for callers in (*CALLERS, "grpc"):
        who = "1 caller" if callers == 1 else f"{callers} callers" if callers != "grpc" else f"{GRPC_CALLERS} by gRPC"
        figures += [
            Figure(f"per_second_{callers}", f"{who}: round trips", "/s"),
            Figure(f"p50_us_{callers}", f"{who}: p50", "us", ratio_at_most=3.0 if callers == 1 else None),
            Figure(f"p99_us_{callers}", f"{who}: p99", "us"),
            Figure(f"p999_us_{callers}", f"{who}: p99.9", "us"),
            Figure(f"cpu_us_{callers}", f"{who}: CPU of holdfast a command", "us", 1),
            Figure(f"all_cpu_us_{callers}", f"{who}: CPU of everything", "us", 1),
        ]
    figures += [Figure("commit_us", "SQLite alone: one row, one commit, p50", "us"),
                Figure("durable_us", "1 caller: p50, to bare and two commits", "us")]
    return figures + [Figure("best", "best of 64 and 1000 callers", "/s", ratio_at_least=0.4)]


CASES = [
    Case("sync", "bare", _sync_figures(), bout_sync),
    Case("submit", "floor", [
        Figure("batch", "durable submits, 8 x 100 in a request", "/s", ratio_at_least=0.5, at_least=5000),
        Figure("single", "durable submits, 64 x 1 in a request", "/s"),
        Figure("cpu_us", "CPU of a command in a batch", "us", 1),
        Figure("single_cpu_us", "CPU of a single one", "us", 1),
        Figure("single_p50_us", "single submit: p50", "us"),
        Figure("single_p99_us", "single submit: p99", "us"),
    ], bout_submit),
    Case("drain", None, [
        Figure("seconds", "queued commands, until all have ended", "s", 1),
        Figure("per_second", "the same", "/s"),
    ], bout_drain),
]
