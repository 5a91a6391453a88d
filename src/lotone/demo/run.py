"""The demonstration: an installation with a simulated factory and shoppers, started, followed and stopped."""

import shutil
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from datetime import time as time_of_day
from pathlib import Path
from zoneinfo import ZoneInfo

from lotone.demo.machines import Behaviour, Broker, PlantTime, Recording, Stop, hush, machine_specs, write_specs
from lotone.demo.shoppers import Habits, Shoppers
from lotone.identity import Role
from lotone.kernel import Conflict, Settings, wall_clock
from lotone.loader import Blueprint, load, read_blueprint
from lotone.serve.first import folder_of
from lotone.serve.folder import read_whole, write_whole
from lotone.serve.installation import Installation, environment, message_server
from lotone.serve.supervisor import Program
from lotone.wiring import Platform

ORGANIZATION = "demo"
MARK = "demonstration.json"
"""Only a folder with this file is deleted by `--reset`."""
FIRST_HOUR = time_of_day(6, 0)
SERVERS = ("opcua", "modbus")
"""Protocols in which the machine is the server and needs a port."""
RIG = "leak-1"
"""The machine whose signals can come from recorded data."""
SHOPPER_SCOPES = frozenset({"configure.read", "orders.quote", "orders.place", "orders.own"})
STAFF = tuple(Role)


class NotADemonstration(Conflict):
    """The folder holds something else; it is left alone."""


@dataclass(frozen=True)
class Breakdown:
    """A machine that will stop unexpectedly, so many plant hours after the demonstration's first moment."""

    work_unit: str
    after_hours: float
    minutes: float
    code: str


@dataclass(frozen=True)
class DemoOptions:
    """What makes one demonstration differ from another. `breakdowns` are sure to come, others come by chance."""

    seed: int = 1
    recording: Path | None = None
    reset: bool = False
    habits: Habits = field(default_factory=Habits)
    breakdowns: tuple[Breakdown, ...] = ()
    blueprint: str = "ebike"
    hours_between_failures: float | None = None


class Demo:
    """One run of the demonstration, from `start` to `stop`."""

    def __init__(self, settings: Settings, options: DemoOptions, said: Callable[[str], None]) -> None:
        self.settings = settings
        self.options = options
        self.said = said
        if options.reset:
            delete_demonstration(settings.data)
        self.is_first = not (settings.data / MARK).exists()
        blueprint = read_blueprint(folder_of(options.blueprint), organization=ORGANIZATION)
        self.first_moment = monday_morning(wall_clock(), ZoneInfo(blueprint.time_zone))
        self.installation = Installation(settings, said, first_moment=self.first_moment)
        self.clock = self.installation.clock
        write_whole(settings.data / MARK, {"blueprint": options.blueprint, "seed": options.seed})
        self.blueprint = self._with_ports(blueprint)
        self.machines: list[Program] = []
        self.shoppers: Shoppers | None = None
        self.platform: Platform | None = None

    def _with_ports(self, blueprint: Blueprint) -> Blueprint:
        """Machines that are servers keep their ports over restarts, as real ones keep their addresses."""
        choose = self.installation.folder.choose_port
        ports = {each.id: choose(f"machine {each.id}") for each in blueprint.connections if each.protocol in SERVERS}
        return read_blueprint(folder_of(self.options.blueprint), ports, organization=ORGANIZATION)

    def start(self) -> Platform:
        """Start everything; returns the platform as this process sees it."""
        began = time.monotonic()
        self.installation.prepare()
        self._load()
        self.installation.start()
        self.platform = self.installation.platform("demo")
        self._start_machines()
        self.said(f"Ready after {time.monotonic() - began:.0f} s: {self.installation.address}")
        return self.platform

    def open_the_shop(self) -> Shoppers:
        """Let the simulated shoppers come."""
        token = self.installation.folder.root / "run" / "shoppers.json"
        self.shoppers = Shoppers(
            self.installation.address,
            str(read_whole(token)["token"]),
            seed=self.options.seed,
            habits=self.options.habits,
            products=(self.blueprint.product.id,),
        )
        self.shoppers.start()
        return self.shoppers

    def stop(self) -> None:
        """Stop everything, shoppers first, message server last."""
        if self.shoppers is not None:
            self.shoppers.stop()
        if self.platform is not None:
            self.platform.messages.close()
        self.installation.stop()

    def quiet_machines(self) -> None:
        """Machines say nothing new from now on, but still hand out what they said."""
        hush(self.journals)

    @property
    def journals(self) -> Path:
        return self.installation.folder.root / "machines"

    # --- what is loaded ------------------------------------------------------------------------------------------

    def _load(self) -> None:
        """The blueprint, and a user for each role; loading again changes nothing."""
        self.said(f"Loading the blueprint {self.blueprint.id}: {len(self.blueprint.resources)} machines")
        loading = Platform.for_loading(self.settings, self.installation.database, self.clock)
        with loading.work(ORGANIZATION) as work:
            known = {organization.id for organization in work.identity.organizations()}
            if ORGANIZATION not in known:
                work.identity.create_organization(ORGANIZATION, self.blueprint.words)
            load(
                self.blueprint,
                assets=work.assets,
                configure=work.configure,
                market=work.market,
                connect=work.connect,
                plan=work.plan,
                at=self.clock(),
            )
            for supplier in work.market.suppliers():
                work.market.add_suppliers([type(supplier)(supplier.id, supplier.words, automatic=True)])
            logins = {user.login for user in work.identity.users()}
            for role in STAFF:
                if role.value not in logins:
                    work.identity.create_user(role.value, role, display=role.value.replace("_", " ").capitalize())
        self._shoppers_token(loading)

    def _shoppers_token(self, platform: Platform) -> None:
        path = self.installation.folder.run / "shoppers.json"
        if read_whole(path).get("token"):
            return
        with platform.work(ORGANIZATION) as work:
            shopper = next(user for user in work.identity.users() if user.role is Role.CONSUMER)
            actor = work.identity.session(work.identity.open_session(shopper.id)).actor
            _, secret = work.identity.create_token(actor, SHOPPER_SCOPES, "Simulated shoppers")
        write_whole(path, {"token": secret}, private=True)

    # --- machines ------------------------------------------------------------------------------------------------

    def _start_machines(self) -> None:
        specs_file = self.installation.folder.run / "machines.json"
        specs = machine_specs(
            connections=[
                {"id": each.id, "protocol": each.protocol, "address": each.address, "settings": dict(each.settings)}
                for each in self.blueprint.connections
            ],
            tags=[{name: getattr(tag, name) for name in _TAG_FIELDS} for tag in self.blueprint.tags],
            checks=[
                {"check": rule.check, "low": rule.low, "high": rule.high} for rule in self.blueprint.product.demand.checks
            ],
            folder=self.journals,
            clock=PlantTime(self.clock.wall_anchor, self.clock.plant_anchor, self.clock.speed),
            broker=self._broker(),
            behaviours={"*": Behaviour(seed=self.options.seed, hours_between_failures=self.options.hours_between_failures)},
            stops=self._stops(),
            recordings={RIG: Recording(str(self.options.recording))} if self.options.recording else {},
        )
        write_specs(specs_file, specs)
        hush(self.journals, on=False)
        self.said(f"Starting {len(specs)} machines" + (f", {RIG} with recorded signals" if self.options.recording else ""))
        for spec in specs:
            command = [sys.executable, "-m", "lotone.demo.machines", "--machine", spec.machine, "--spec", str(specs_file)]
            log = self.installation.folder.logs / f"machine-{spec.machine}.log"
            program = Program(f"machine {spec.machine}", command, log, environment=environment(self.settings))
            self.installation.supervisor.launch(program)
            self.machines.append(program)

    def _stops(self) -> dict[str, list[Stop]]:
        stops: dict[str, list[Stop]] = {}
        for each in self.options.breakdowns:
            at = self.first_moment + timedelta(hours=each.after_hours)
            stops.setdefault(each.work_unit, []).append(Stop(minutes=each.minutes, code=each.code, at=at))
        return stops

    def _broker(self) -> Broker:
        server = message_server(self.settings, self.installation.database)
        return Broker(server.mqtt_host, server.mqtt_port, ORGANIZATION, server.machines[ORGANIZATION], ORGANIZATION)


_TAG_FIELDS = (
    "asset", "name", "connection", "address", "data_type", "meaning", "unit", "low", "high", "resolution", "writable",
)  # fmt: skip


def monday_morning(now: datetime, zone: ZoneInfo) -> datetime:
    """The beginning of this week's first shift: a simulated plant starts there."""
    local = now.astimezone(zone)
    monday = local.date() - timedelta(days=local.weekday())
    return datetime.combine(monday, FIRST_HOUR, zone).astimezone(UTC)


def delete_demonstration(folder: Path) -> None:
    """Delete the data of a demonstration. Raises NotADemonstration for any other folder that is not empty."""
    if not folder.exists() or not any(folder.iterdir()):
        return
    if not (folder / MARK).exists():
        raise NotADemonstration(
            f"{folder} holds no demonstration ({MARK} is missing): it is not deleted; choose another --data"
        )
    shutil.rmtree(folder)
