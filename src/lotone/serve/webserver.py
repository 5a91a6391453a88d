"""The web process: pages and HTTP."""

from lotone.serve.folder import Folder
from lotone.serve.process import answer_evenly
from lotone.web import WebServer, create_app
from lotone.wiring import Platform


def run(platform: Platform) -> None:
    """Serve until asked to stop."""
    folder = Folder(platform.settings)
    app = create_app(platform)
    answer_evenly()
    WebServer(app, host=platform.settings.host, port=folder.port("web")).run()
