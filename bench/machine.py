"""The machine of a run: its cores, its limits, and the congestion control that all sockets are to use."""

import atexit
import os
import platform
import resource
from dataclasses import dataclass
from pathlib import Path

CONGESTION = Path("/proc/sys/net/ipv4/tcp_congestion_control")
AVAILABLE = Path("/proc/sys/net/ipv4/tcp_available_congestion_control")
# BBR paces by its own estimate of the path and halves what loopback carries; these two do not.
SOUND = ("cubic", "reno")


@dataclass
class Cores:
    proxy: int
    others: int


def choose_cores() -> Cores:
    """The last core for the proxy, the first for everything else, of those that this process may use."""
    usable = sorted(os.sched_getaffinity(0))
    return Cores(proxy=usable[-1], others=usable[0])


def descriptor_limit() -> int:
    return resource.getrlimit(resource.RLIMIT_NOFILE)[1]


def settle_congestion_control() -> str:
    """Makes cubic or reno the system's default, where that is allowed, until this process ends; says what is used.

    The tools set it on their own sockets, but a proxy takes the system's default for its connections to the nodes.
    """
    current = _read(CONGESTION)
    if current in SOUND:
        os.environ["HF_BENCH_CONGESTION"] = current
        return f"{current} on both sides (the system's default)"
    usable = [name for name in SOUND if name in _read(AVAILABLE).split()]
    if not usable:
        return f"{current}: neither cubic nor reno is available, bulk figures are too low"
    os.environ["HF_BENCH_CONGESTION"] = usable[0]
    try:
        CONGESTION.write_text(usable[0])
    except OSError:
        return f"{usable[0]} in the tools, {current} in the proxies (changing the default needs root)"
    atexit.register(CONGESTION.write_text, current)
    return f"{usable[0]} on both sides (the default, {current}, comes back at the end)"


def describe() -> str:
    somaxconn = _read(Path("/proc/sys/net/core/somaxconn"))
    model = next((line.split(":", 1)[1].strip() for line in _read(Path("/proc/cpuinfo")).splitlines()
                  if line.startswith("model name")), "unknown processor")
    return (f"{platform.system()} {platform.release()}, {model}, {len(os.sched_getaffinity(0))} cores, "
            f"{descriptor_limit()} descriptors a process, somaxconn {somaxconn}")


def load_now() -> float:
    return os.getloadavg()[0]


def _read(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""
