"""The three proxies that are compared, behind one face: their files, their processes, and when they are ready.

`direct` is no proxy: the clients talk to the first node. It is the zero of the round-trip measurement.
"""

import os
import secrets
import shutil
import socket
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

from machine import Cores
from processes import BenchError, Child, free_ports, listeners

START_SECONDS = 15.0
READY_CONNECTS = 12
# Descriptors that a proxy keeps for itself: listeners, epoll sets, files.
SPARE_DESCRIPTORS = 100
CONNECT = b"\x10\x17\x00\x04MQTT\x04\x02\x00\x00\x00\x0bbench-ready"


@dataclass
class Tools:
    """Where the programs are; `holdfast` and `haproxy` may be missing."""

    backend: Path
    load: Path
    floor: Path
    haproxy: str | None
    holdfast: Path | None


@dataclass
class Running:
    """Processes of one proxy kind that share a port."""

    kind: str
    port: int
    children: list[Child] = field(default_factory=list)

    def pids(self) -> list[int]:
        return [child.pid for child in self.children]

    def require_alive(self) -> None:
        for child in self.children:
            child.require_alive()

    def end(self) -> None:
        for child in self.children:
            child.end()


def find_haproxy() -> str | None:
    return shutil.which("haproxy", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")


def haproxy_version(path: str) -> str:
    answer = subprocess.run([path, "-v"], capture_output=True, text=True, timeout=10, check=False)
    return answer.stdout.splitlines()[0] if answer.stdout else "unknown"


def max_sessions(descriptors: int) -> int:
    """Relayed connections that fit into one process; each takes two descriptors."""
    return (descriptors - SPARE_DESCRIPTORS) // 2


def haproxy_config(port: int, nodes: list[int], descriptors: int) -> str:
    """HAProxy in MQTT mode: refuse what is no MQTT, and choose the node by a hash of the client id.

    The client id goes through a session variable. `balance hash` on the payload itself is accepted by 2.6 but is
    evaluated when the payload is gone, and then acts as a round robin.
    """
    servers = "\n".join(f"    server node{i + 1} 127.0.0.1:{node}" for i, node in enumerate(nodes))
    return f"""global
    nbthread 1
    maxconn {max_sessions(descriptors)}

defaults
    mode tcp
    timeout connect 5s
    timeout client 1h
    timeout server 1h

frontend mqtt
    bind 127.0.0.1:{port}
    maxconn {max_sessions(descriptors)}
    tcp-request inspect-delay 10s
    tcp-request content reject unless {{ req.payload(0,0),mqtt_is_valid }}
    tcp-request content set-var(sess.cid) req.payload(0,0),mqtt_field_value(connect,client_identifier)
    default_backend nodes

backend nodes
    balance hash var(sess.cid)
{servers}
"""


def holdfast_config(port: int, admin_port: int, nodes: list[int], data_dir: Path) -> str:
    """Holdfast with one data-plane thread, one cluster of static nodes, and no limit that a storm would meet."""
    listed = "\n".join(f'[[cluster.node]]\nname = "b-{i + 1}"\naddress = "127.0.0.1:{node}"\n'
                       for i, node in enumerate(nodes))
    return f"""[gateway]
listen = ["127.0.0.1:{port}"]
threads = 1
share_port = true

[admin]
listen = "127.0.0.1:{admin_port}"

[rpc]
listen = []

[paths]
data_dir = "{data_dir}"

[[cluster]]
name = "b"
source = "static"

{listed}"""


def start(kind: str, tools: Tools, cores: Cores, nodes: list[int], run_dir: Path, processes: int,
          descriptors: int) -> Running:
    """Starts a kind in front of the nodes and waits until it answers a CONNECT."""
    if kind == "direct":
        return Running(kind, nodes[0])
    port = free_ports(1)[0]
    running = Running(kind, port)
    try:
        for number in range(processes):
            command = _command(kind, tools, port, nodes, run_dir, number, processes > 1, descriptors)
            running.children.append(Child(f"{kind}-{number}", command, cores.proxy, run_dir, talks=False))
        _await_ready(running, processes)
    except BaseException:
        running.end()
        raise
    return running


def _command(kind: str, tools: Tools, port: int, nodes: list[int], run_dir: Path, number: int, shared: bool,
             descriptors: int) -> list[str]:
    if kind == "floor":
        command = [str(tools.floor), "--listen", str(port), "--nodes", ",".join(map(str, nodes))]
        return command + (["--shared"] if shared else [])
    if kind == "haproxy":
        config = run_dir / "haproxy.cfg"
        config.write_text(haproxy_config(port, nodes, descriptors))
        return [tools.haproxy, "-db", "-q", "-f", str(config)]
    data_dir = run_dir / f"holdfast-{secrets.token_hex(4)}"
    data_dir.mkdir()
    config = data_dir / "holdfast.toml"
    config.write_text(holdfast_config(port, free_ports(1)[0], nodes, data_dir))
    return [str(tools.holdfast), "up", "--config", str(config)]


def _await_ready(running: Running, processes: int) -> None:
    """Every process listens, and several CONNECTs in a row are accepted."""
    deadline = time.monotonic() + START_SECONDS
    listening, accepted = False, 0
    while accepted < READY_CONNECTS * processes:
        running.require_alive()
        if time.monotonic() > deadline:
            raise BenchError(f"{running.kind} accepted no session within {START_SECONDS:.0f} s")
        # The list of sockets is long after a storm, so it is not read again once it has told enough.
        listening = listening or listeners(running.port) >= processes
        if listening and _accepts(running.port):
            accepted += 1
        else:
            accepted = 0
            time.sleep(0.05)


def _accepts(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2) as client:
            client.sendall(CONNECT)
            return client.recv(16)[:1] == b"\x20"
    except OSError:
        return False
