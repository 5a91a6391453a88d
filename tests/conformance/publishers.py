"""MQTT publishers for tests that count: a client in a hundred lines that knows exactly what was acknowledged to it."""

import socket
import struct
import threading
import time
from collections.abc import Callable

WINDOW = 20
"""Publications under way."""


def _text(text: str) -> bytes:
    data = text.encode()
    return struct.pack(">H", len(data)) + data


def _packet(first: int, body: bytes) -> bytes:
    length, rest = b"", len(body)
    while True:
        rest, low = divmod(rest, 128)[0], rest % 128
        length += bytes([low | (0x80 if rest else 0)])
        if not rest:
            return bytes([first]) + length + body


class Publisher(threading.Thread):
    """Publishes `payload(number)` with QoS 1, number after number; after a lost connection, again from the first number
    that was not acknowledged."""

    def __init__(self, port: int, name: str, user: str, password: str, topic: str, payload: Callable[[int], bytes]) -> None:
        super().__init__(daemon=True, name=name)
        self.port, self.user, self.password, self.topic, self.payload = port, user, password, topic, payload
        self.acknowledged = 0
        self.last: int | None = None
        self.is_stopped = threading.Event()

    def run(self) -> None:
        while not self.is_stopped.is_set() and not self._is_done():
            try:
                self._session()
            except OSError:
                time.sleep(0.05)

    def stop(self) -> None:
        self.is_stopped.set()
        self.join(20)

    def finish(self, last: int) -> None:
        """Go on until that number is acknowledged."""
        self.last = last
        self.join(60)

    def _is_done(self) -> bool:
        return self.last is not None and self.acknowledged >= self.last

    def _session(self) -> None:
        with socket.create_connection(("127.0.0.1", self.port), 2) as line:
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            line.settimeout(5)
            line.sendall(
                _packet(
                    0x10, _text("MQTT") + bytes([4, 0xC2, 0, 60]) + _text(self.name) + _text(self.user) + _text(self.password)
                )
            )
            answer = line.recv(4)
            if len(answer) < 4 or answer[3]:
                raise OSError(f"refused: {answer!r}")
            self._exchange(line)

    def _exchange(self, line: socket.socket) -> None:
        sent, received = self.acknowledged, b""
        while not self.is_stopped.is_set() and not self._is_done():
            packets = []
            while sent - self.acknowledged < WINDOW and (self.last is None or sent < self.last):
                sent += 1
                body = _text(self.topic) + struct.pack(">H", sent % 65535 + 1) + self.payload(sent)
                packets.append(_packet(0x32, body))
            line.sendall(b"".join(packets))
            received += self._more(line)
            while len(received) >= 4:
                if received[0] != 0x40 or struct.unpack(">H", received[2:4])[0] != (self.acknowledged + 1) % 65535 + 1:
                    raise OSError(f"not the next acknowledgement: {received[:4]!r}")
                self.acknowledged += 1
                received = received[4:]

    def _more(self, line: socket.socket) -> bytes:
        data = line.recv(65536)
        if not data:
            raise OSError("the connection is closed")
        return data
