"""The web server: uvicorn, which first says goodbye to open streams, so that stopping takes no longer than a request."""

import socket

import uvicorn
from fastapi import FastAPI

from lotone.web.live import Tail


class WebServer(uvicorn.Server):
    """Serves one application; set `should_exit` or send SIGTERM to stop it."""

    def __init__(self, app: FastAPI, *, host: str, port: int, forwarded_allow_ips: str = "") -> None:
        self.application = app
        super().__init__(
            uvicorn.Config(
                app,
                host=host,
                port=port,
                log_config=None,
                access_log=False,
                server_header=False,
                timeout_graceful_shutdown=5,
                forwarded_allow_ips=forwarded_allow_ips or app.state.platform.settings.trusted_proxies,
            )
        )

    @property
    def bound_port(self) -> int:
        """The port it listens on, once `started`; the one chosen by the system where 0 was asked for."""
        return int(self.servers[0].sockets[0].getsockname()[1])

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        tail: Tail = self.application.state.tail
        await tail.stop()
        await super().shutdown(sockets)
