"""A small MQTT 3.1.1 client of the measurement's own: it must share no code with what it measures."""

import socket

CONNACK_ACCEPTED = b"\x20\x02\x00\x00"
PUBLISH = b"\x32\x0c\x00\x06bench/\x00\x01ok"
PUBACK = b"\x40\x02\x00\x01"


def publishes(port: int, timeout: float) -> bool:
    """Connects, publishes with QoS 1 and says whether that was acknowledged."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout) as connection:
            connection.sendall(b"\x10\x11\x00\x04MQTT\x04\x02\x00\x1e\x00\x05bench")
            if _exactly(connection, len(CONNACK_ACCEPTED)) != CONNACK_ACCEPTED:
                return False
            connection.sendall(PUBLISH)
            return _exactly(connection, len(PUBACK)) == PUBACK
    except OSError:
        return False


def _exactly(connection: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        piece = connection.recv(count - len(data))
        if not piece:
            break
        data += piece
    return data
