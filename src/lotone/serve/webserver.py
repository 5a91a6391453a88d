"""The web process: pages and HTTP."""

import uvicorn

from lotone.serve.folder import Folder
from lotone.web import create_app
from lotone.wiring import Platform

SHUTDOWN_S = 3
"""Open event streams are ended after this long; browsers come back by themselves."""


def run(platform: Platform) -> None:
    """Serve until asked to stop."""
    folder = Folder(platform.settings)
    config = uvicorn.Config(
        create_app(platform),
        host=platform.settings.host,
        port=folder.port("web"),
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=SHUTDOWN_S,
        timeout_keep_alive=30,
    )
    uvicorn.Server(config).run()
