"""A small Redis client of the measurement's own: it must share no code with what it measures."""

import socket
import time


class RespError(Exception):
    """The server answered with an error, or the connection broke."""


class Connection:
    """Blocking, with one timeout for everything."""

    def __init__(self, port: int, timeout: float = 0.5):
        self._buffer = b""
        try:
            self._socket = socket.create_connection(("127.0.0.1", port), timeout)
        except OSError as error:
            raise RespError(str(error)) from None

    def call(self, *words: object) -> object:
        self.send(*words)
        return self.read()

    def send(self, *words: object) -> None:
        parts = [f"*{len(words)}\r\n".encode()]
        for word in words:
            data = str(word).encode()
            parts.append(b"$%d\r\n%s\r\n" % (len(data), data))
        try:
            self._socket.sendall(b"".join(parts))
        except OSError as error:
            raise RespError(str(error)) from None

    def read(self) -> object:
        line = self._line()
        kind, rest = line[:1], line[1:]
        if kind == b"+":
            return rest.decode()
        if kind == b"-":
            raise RespError(rest.decode())
        if kind == b":":
            return int(rest)
        if kind == b"$":
            return None if rest == b"-1" else self._bytes(int(rest) + 2)[:-2].decode()
        if kind == b"*":
            return None if rest == b"-1" else [self.read() for _ in range(int(rest))]
        raise RespError(f"{line!r} is no reply")

    def set_timeout(self, seconds: float | None) -> None:
        self._socket.settimeout(seconds)

    def close(self) -> None:
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self._socket.close()

    def _line(self) -> bytes:
        while b"\r\n" not in self._buffer:
            self._more()
        line, self._buffer = self._buffer.split(b"\r\n", 1)
        return line

    def _bytes(self, count: int) -> bytes:
        while len(self._buffer) < count:
            self._more()
        data, self._buffer = self._buffer[:count], self._buffer[count:]
        return data

    def _more(self) -> None:
        try:
            piece = self._socket.recv(65536)
        except OSError as error:
            raise RespError(str(error)) from None
        if not piece:
            raise RespError("the connection ended")
        self._buffer += piece


def ask(port: int, *words: object, timeout: float = 0.5) -> object:
    connection = Connection(port, timeout)
    try:
        return connection.call(*words)
    finally:
        connection.close()


def fields(flat: object) -> dict[str, str]:
    return dict(zip(flat[::2], flat[1::2])) if isinstance(flat, list) else {}


def until(what: str, seconds: float, probe, error: type[Exception]) -> object:
    """Asks until the probe gives something true."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            found = probe()
            if found:
                return found
        except RespError:
            pass
        if time.monotonic() > deadline:
            raise error(f"waited {seconds:.0f} s in vain until {what}")
        time.sleep(0.05)
