"""Redis masters with their replicas, and sentinels, stock ones and Holdfast's, that watch them."""

import shutil
from pathlib import Path

from processes import BenchError, Child, free_ports
from resp import Connection, ask, fields, until
from stage import SETTLE_SECONDS, START_SECONDS, Group, Heard, Stage, Tools, end_hard


def find_redis(directory: Path) -> tuple[Path, Path] | None:
    """Debian's redis-tools brings the server's binary under another name; it is what it is called."""
    found = []
    for name in ("redis-server", "redis-sentinel"):
        installed = shutil.which(name)
        if installed is None:
            binary = shutil.which("redis-check-rdb")
            if binary is None:
                return None
            link = directory / name
            if not link.exists():
                link.symlink_to(binary)
            installed = str(link)
        found.append(Path(installed))
    return found[0], found[1]


class Scene(Stage):
    """Redis masters with their replicas, and sentinels that watch them."""

    def __init__(self, tools: Tools, run_dir: Path, kinds: list[str], groups: int, replicas: int, lines: list[str],
                 own_lines: list[str] = ()):
        super().__init__(tools, run_dir)
        try:
            ports = free_ports(groups * (1 + replicas) + len(kinds))
            self.sentinel_ports = [ports.pop() for _ in kinds]
            self.groups = [Group(f"m{i}", [ports.pop() for _ in range(1 + replicas)]) for i in range(groups)]
            for group in self.groups:
                for port in group.ports:
                    self._start_server(group, port, None if port == group.ports[0] else group.ports[0])
            for group in self.groups:
                for port in group.ports:
                    until(f"redis on port {port} answers", START_SECONDS, lambda p=port: ask(p, "PING") == "PONG", BenchError)
            self._start_sentinels(kinds, lines, list(own_lines))
            self.settle()
            self._listen()
        except BaseException:
            self._stack.close()
            raise

    def _start_server(self, group: Group, port: int, master: int | None) -> None:
        directory = self.run_dir / f"redis-{port}"
        directory.mkdir(exist_ok=True)
        config = directory / "redis.conf"
        if not config.exists():
            lines = [f"port {port}", "bind 127.0.0.1", f"dir {directory}", 'save ""', "appendonly no",
                     "repl-diskless-sync-delay 0", "repl-backlog-size 16kb"]
            config.write_text("\n".join(lines + ([f"replicaof 127.0.0.1 {master}"] if master else [])) + "\n")
        self._started(group, port, Child(f"redis-{port}", [str(self.tools.server), str(config)], None, self.run_dir, False))

    def _start_sentinels(self, kinds: list[str], lines: list[str], own_lines: list[str]) -> None:
        for kind, port in zip(kinds, self.sentinel_ports):
            directory = self.run_dir / f"{kind}-{port}"
            directory.mkdir()
            config = directory / "sentinel.conf"
            text = [f"port {port}", "bind 127.0.0.1", f"dir {directory}"]
            if kind == "holdfast":
                text += [f"# holdfast: {line}" for line in own_lines]
            for group in self.groups:
                text.append(f"sentinel monitor {group.name} 127.0.0.1 {group.ports[0]} 2")
                text += [f"sentinel {line.format(name=group.name)}" for line in lines]
            config.write_text("\n".join(text) + "\n")
            command = [str(self.tools.sentinel), str(config)] if kind == "stock" else \
                [str(self.tools.holdfast), "sentinel", str(config)]
            self._stack.callback(end_hard, Child(f"{kind}-{port}", command, None, self.run_dir, False))
        for port in self.sentinel_ports:
            until(f"the sentinel on port {port} answers", START_SECONDS, lambda p=port: ask(p, "PING") == "PONG", BenchError)

    def master_of(self, group: Group) -> int:
        return int(ask(self.sentinel_ports[0], "SENTINEL", "GET-MASTER-ADDR-BY-NAME", group.name)[1])

    def settle(self) -> None:
        """Waits until every sentinel sees every replica in order, and the other sentinels."""
        until("sentinels, masters and replicas are in order", SETTLE_SECONDS, self._in_order, BenchError)

    def _in_order(self) -> bool:
        masters = set()
        for port in self.sentinel_ports:
            connection = Connection(port, 5)
            try:
                for group in self.groups:
                    master = fields(connection.call("SENTINEL", "MASTER", group.name))
                    replicas = [fields(one) for one in connection.call("SENTINEL", "REPLICAS", group.name)]
                    if master["flags"] != "master" or int(master["num-other-sentinels"]) != len(self.sentinel_ports) - 1:
                        return False
                    following = [one for one in replicas if one["master-port"] == master["port"]]
                    if len(replicas) != len(group.ports) - 1 or len(following) != len(replicas):
                        return False
                    if any(one["flags"] != "slave" or one["master-link-status"] != "ok" for one in replicas):
                        return False
                    masters.add((group.name, master["port"]))
            finally:
                connection.close()
        return len(masters) == len(self.groups)

    @staticmethod
    def is_switch(event: Heard, group: Group) -> bool:
        return event.event == "+switch-master" and event.text.startswith(group.name + " ")

    def write(self, sentinel: int, group: Group, not_port: int) -> bool:
        """What a client does: asks a sentinel for the master, makes sure that it is one, and writes there."""
        port = int(ask(sentinel, "SENTINEL", "GET-MASTER-ADDR-BY-NAME", group.name)[1])
        if port == not_port:
            return False
        connection = Connection(port)
        try:
            return connection.call("ROLE")[0] == "master" and connection.call("SET", "k", "v") == "OK"
        finally:
            connection.close()

    def restart(self, group: Group, port: int) -> None:
        self._start_server(group, port, None)
