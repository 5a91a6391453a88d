"""The web server: uvicorn, which says when it answers, and says goodbye to open streams so that it stops within a request."""

import socket
from collections.abc import Callable

import uvicorn
from fastapi import FastAPI

from lotone.web.live import Tail


class WebServer(uvicorn.Server):
    """Serves one application, calls `said` once it answers; set `should_exit` or send SIGTERM to stop it."""

    def __init__(
        self,
        app: FastAPI,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        forwarded_allow_ips: str = "",
        said: Callable[[], None] = lambda: None,
    ) -> None:
        self.application = app
        self.said = said
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

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self.said()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        tail: Tail = self.application.state.tail
        await tail.stop()
        await super().shutdown(sockets)
