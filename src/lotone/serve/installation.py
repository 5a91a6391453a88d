"""An installation: its folder, database and message server made ready, its processes started and stopped together."""

import contextlib
import shutil
import socket
import sys
import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from lotone import connect, identity
from lotone.kernel import Database, Messages, PlantClock, Settings, wall_clock
from lotone.serve.folder import Folder
from lotone.serve.migrate import migrate
from lotone.serve.process import is_ready
from lotone.serve.supervisor import Program, Supervisor
from lotone.serve.webserver import CAN_SHARE
from lotone.web.middleware import TOGETHER
from lotone.wiring import Platform

KEEP_TIME_EVERY_S = 1.0


class Installation:
    """Everything one data folder needs to run. `said` hears what happens while it starts and runs."""

    def __init__(self, settings: Settings, said: Callable[[str], None], *, first_moment: datetime | None = None) -> None:
        self.settings = settings
        self.said = said
        self.folder = Folder(settings)
        self.clock: PlantClock = self.folder.start_clock(first_moment)
        self.database = Database(settings.state_url)
        self.supervisor = Supervisor(said)
        self._stopped = threading.Event()
        self._timekeeper = threading.Thread(target=self._keep_time, name="plant-time", daemon=True)

    def prepare(self) -> None:
        """Bring the database up to date."""
        self.said("Preparing the database")
        migrate(self.database)

    def start(self) -> None:
        """Start the message server and the processes, and wait until all can be used."""
        for name, wished in (
            ("messages", self.settings.messages_port),
            ("mqtt", self.settings.mqtt_port),
            ("web", self.settings.port),
        ):
            self.folder.choose_port(name, wished)
        self._timekeeper.start()
        self.said("Starting the message server")
        self.supervisor.start(self._message_server())
        self.said("Starting recorder, planner and web")
        shutil.rmtree(self._measures, ignore_errors=True)
        self._measures.mkdir(parents=True)
        programs = [self._process(name) for name in processes(self.settings)]
        for program in programs:
            self.supervisor.launch(program)
        for program in programs:
            self.supervisor.wait_until_ready(program)

    def stop(self) -> None:
        """Stop everything, last started first."""
        self.supervisor.stop()
        if not self._stopped.is_set() and self._timekeeper.is_alive():
            self._stopped.set()
            self._timekeeper.join()
        self.database.close()

    def _keep_time(self) -> None:
        while not self._stopped.wait(KEEP_TIME_EVERY_S):
            self.folder.keep_plant_time(self.clock)
        self.folder.keep_plant_time(self.clock)

    @property
    def address(self) -> str:
        """Where the pages are."""
        return self.settings.public_url or f"http://{self.settings.host}:{self.folder.port('web')}"

    def platform(self, name: str) -> Platform:
        """The platform as this process uses it; `close()` it after use."""
        return open_platform(self.settings, name)

    # --- programs ------------------------------------------------------------------------------------------------

    def _message_server(self) -> Program:
        config = message_server(self.settings, self.database)
        folder = messages_folder(self.settings)
        connect.prepare(config, folder)
        config.write(folder)
        log = self.folder.logs / "messages.log"
        return Program("message server", config.command(folder), log, ready=lambda: answers(config.port))

    def _process(self, name: str) -> Program:
        variables = environment(self.settings)
        if name.startswith("web"):
            variables[TOGETHER] = str(self._measures)
        command = [sys.executable, "-m", "lotone", "serve", name]
        program = Program(name, command, self.folder.logs / f"{name}.log", environment=variables)
        program.ready = lambda: is_ready(self.folder.run, name, program.process.pid if program.process else None)
        return program

    @property
    def _measures(self) -> Path:
        """Where the web processes note what they measure, so that each can tell it of all."""
        return self.folder.run / "measures"


def processes(settings: Settings) -> list[str]:
    """The names of an installation's processes: one recorder, one planner, `web` and perhaps `web-2` and so on."""
    more = range(2, settings.web_processes + 1) if CAN_SHARE else ()
    return ["recorder", "planner", "web", *(f"web-{number}" for number in more)]


def environment(settings: Settings) -> dict[str, str]:
    """The settings as the variables that a process of ours reads them from."""
    values = settings.model_dump(mode="json", exclude_defaults=True)
    values["data"] = str(settings.data.resolve())
    return {f"LOTONE_{name.upper()}": str(value) for name, value in values.items()}


def open_platform(settings: Settings, name: str, *, connect_timeout_s: float = 20.0) -> Platform:
    """The platform of a running installation, connected to its database and messages. Close it after use."""
    folder = Folder(settings)
    database = Database(settings.state_url)
    messages = Messages(message_server(settings, database).url, name=name)
    messages.connect(connect_timeout_s)
    return Platform(settings, database=database, messages=messages, plant=folder.clock())


def message_server(settings: Settings, database: Database) -> connect.ServerConfig:
    """The message server's configuration: its ports, our own password, a user for the machines of every organization."""
    folder = Folder(settings)
    with database.look() as connection:
        service = identity.IdentityService(identity.Store(connection, ""), wall_clock, lambda _fact: None)
        machines = {each.id: service.machine_password(each.id) for each in service.organizations()}
    return connect.ServerConfig(
        port=folder.port("messages"),
        mqtt_port=folder.port("mqtt"),
        store=messages_folder(settings) / "streams",
        password=folder.secret("messages"),
        machines=machines,
        mqtt_host=settings.mqtt_host,
    )


def messages_folder(settings: Settings) -> Path:
    """Where the message server has its configuration and its streams."""
    return settings.data.resolve() / "messages"


def answers(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=0.5):
        return True
    return False
