"""The web process: pages and HTTP."""

from lotone.serve.folder import Folder
from lotone.web import WebServer, create_app
from lotone.wiring import Platform


def run(platform: Platform) -> None:
    """Serve until asked to stop."""
    folder = Folder(platform.settings)
    WebServer(create_app(platform), host=platform.settings.host, port=folder.port("web")).run()
