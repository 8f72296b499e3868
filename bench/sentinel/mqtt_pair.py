"""A pair of MQTT brokers of which one is active, and Holdfast's sentinels that watch it."""

import shutil
from pathlib import Path

from mqtt import publishes
from processes import BenchError, Child, free_ports
from resp import Connection, RespError, ask, fields, until
from stage import SETTLE_SECONDS, START_SECONDS, Group, Heard, Stage, Tools, end_hard

WRITE_SECONDS = 0.5


def find_mosquitto() -> str | None:
    return shutil.which("mosquitto") or shutil.which("/usr/sbin/mosquitto")


class MqttPair(Stage):
    """As scene.Scene, for one group of MQTT nodes."""

    def __init__(self, tools: Tools, run_dir: Path, down_after_ms: int):
        super().__init__(tools, run_dir)
        try:
            ports = free_ports(5)
            self.sentinel_ports = ports[:3]
            self.groups = [Group("east", ports[3:])]
            for port in self.groups[0].ports:
                self._start_node(port)
            for port in self.sentinel_ports:
                self._start_sentinel(port, down_after_ms)
            self.settle()
            self._listen()
        except BaseException:
            self._stack.close()
            raise

    def _start_node(self, port: int) -> None:
        config = self.run_dir / f"mosquitto-{port}.conf"
        config.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\npersistence false\n")
        command = [str(find_mosquitto()), "-c", str(config)]
        self._started(self.groups[0], port, Child(f"mosquitto-{port}", command, None, self.run_dir, False))
        until(f"mosquitto on port {port} answers", START_SECONDS, lambda: publishes(port, WRITE_SECONDS), BenchError)

    def _start_sentinel(self, port: int, down_after_ms: int) -> None:
        config = self.run_dir / f"holdfast-{port}.toml"
        peers = ", ".join(f'"127.0.0.1:{other}"' for other in self.sentinel_ports if other != port)
        lines = ["[sentinel]", f'listen = "127.0.0.1:{port}"', f"peers = [{peers}]", f'down_after = "{down_after_ms}ms"',
                 "[[group]]", f'name = "{self.groups[0].name}"', 'probe = "mqtt"', 'probe_interval = "100ms"',
                 'probe_timeout = "500ms"', 'settle = "1s"']
        for member in self.groups[0].ports:
            lines += ["[[group.member]]", f'name = "node-{member}"', f'address = "127.0.0.1:{member}"']
        config.write_text("\n".join(lines) + "\n")
        command = [str(self.tools.holdfast), "--data-dir", str(self.run_dir / f"data-{port}"), "sentinel", "--config", str(config)]
        self._stack.callback(end_hard, Child(f"holdfast-{port}", command, None, self.run_dir, False))
        until(f"the sentinel on port {port} answers", START_SECONDS, lambda: ask(port, "PING") == "PONG", BenchError)

    def _active(self, sentinel: int) -> int | None:
        for group in map(fields, ask(sentinel, "HOLDFAST", "GROUPS")):
            if group["name"] == self.groups[0].name and group["active"]:
                return int(group["active"].removeprefix("node-"))
        return None

    def master_of(self, _: Group) -> int:
        return self._active(self.sentinel_ports[0])

    def settle(self) -> None:
        """Waits until every sentinel sees both nodes up, and the same one active."""
        until("sentinels and nodes are in order", SETTLE_SECONDS, self._in_order, BenchError)

    def _in_order(self) -> bool:
        active = set()
        for port in self.sentinel_ports:
            connection = Connection(port)
            try:
                group = fields(connection.call("HOLDFAST", "GROUPS")[0])
            finally:
                connection.close()
            active.add((group["active"], group["epoch"]))
            if any(fields(member)["state"] != "up" for member in group["members"]):
                return False
        return len(active) == 1 and "" not in {name for name, _ in active}

    @staticmethod
    def is_switch(event: Heard, group: Group) -> bool:
        return event.event == "+switch-active" and event.text.startswith(f"group {group.name} ")

    def write(self, sentinel: int, _: Group, not_port: int) -> bool:
        """What a client does: asks a sentinel for the active node, and publishes there."""
        port = self._active(sentinel)
        return port is not None and port != not_port and publishes(port, WRITE_SECONDS)

    def restart(self, _: Group, port: int) -> None:
        self._start_node(port)
