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
    """A socket that shares its address with other processes of ours, where the system can do that (Linux, macOS)."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=BACKLOG, reuse_port=CAN_SHARE)
