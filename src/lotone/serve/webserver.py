"""A web process: pages and HTTP. Several share one address; the system hands each new connection to one of them."""

import socket

from lotone.serve.folder import Folder
from lotone.serve.process import answer_evenly, say_ready
from lotone.web import WebServer, create_app
from lotone.wiring import Platform

BACKLOG = 2048
CAN_SHARE = hasattr(socket, "SO_REUSEPORT")
"""Elsewhere one web process must do."""


def run(platform: Platform, name: str) -> None:
    """Serve until asked to stop."""
    settings = platform.settings
    app = create_app(platform)
    answer_evenly()
    server = WebServer(app, said=lambda: say_ready(settings.run_folder, name))
    server.run(sockets=[listening(settings.host, Folder(settings).port("web"))])


def listening(host: str, port: int) -> socket.socket:
    """A socket that shares its address with other processes of ours, where the system can do that (Linux, macOS).

    It says that it is TCP, which `socket.create_server` does not: else the event loop does not send answers at once, and
    each waits 40 ms for the reader's acknowledgement.
    """
    found = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if CAN_SHARE:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    found.bind((host, port))
    found.listen(BACKLOG)
    return found
