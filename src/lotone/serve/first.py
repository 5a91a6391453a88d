"""The beginnings of an installation: the first administrator with her one-time link, and an organization's starting data."""

from collections.abc import Iterable, Mapping
from importlib.resources import files
from pathlib import Path

from lotone import identity
from lotone.kernel import Database, Invalid, Settings, Words, keep, wall_clock
from lotone.loader import Blueprint, load, read_blueprint
from lotone.serve.folder import Folder
from lotone.serve.installation import Installation
from lotone.serve.migrate import migrate
from lotone.wiring import Platform

ORGANIZATION = "company"
LOGIN = "admin"


def first_administrator(installation: Installation) -> str:
    """On an installation without organizations: make both, and return the path of the one-time link. Else empty.

    When it was interrupted before the link was used, the next start gives a new link.
    """
    with installation.database.work() as connection:
        store = identity.Store(connection, ORGANIZATION)
        service = identity.IdentityService(
            store, wall_clock, lambda fact: void(keep(connection, ORGANIZATION, fact, wall_clock()))
        )
        known = service.organizations()
        if known and known[0].id != ORGANIZATION:
            return ""
        if not known:
            service.create_organization(ORGANIZATION, Words("My company", "我的公司"))
            service.create_user(LOGIN, identity.Role.ADMINISTRATOR, display="Administrator")
        administrator = next((user for user in service.users() if user.login == LOGIN), None)
        if administrator is None or administrator.has_password:
            return ""
        return f"/welcome/{service.one_time_link(administrator.id)}"


def load_blueprint(settings: Settings, blueprint: str, organization: str, ports: Mapping[str, int]) -> Blueprint:
    """Load a blueprint, by its folder or by the name of one of ours. Raises BrokenBlueprint, and then nothing is loaded."""
    read = read_blueprint(folder_of(blueprint), ports, organization=organization)
    database = Database(settings.state_url)
    platform = Platform.for_loading(settings, database, Folder(settings).clock())
    try:
        migrate(database)
        with platform.work(organization) as work:
            if organization not in {known.id for known in work.identity.organizations()}:
                work.identity.create_organization(organization, read.words)
            load(
                read,
                assets=work.assets,
                configure=work.configure,
                market=work.market,
                connect=work.connect,
                plan=work.plan,
                at=platform.plant(),
            )
    finally:
        platform.close()
    return read


def folder_of(blueprint: str) -> Path:
    """A folder, or one of the blueprints that LotOne brings."""
    ours = Path(str(files("lotone") / "blueprints" / blueprint))
    return ours if "/" not in blueprint and ours.is_dir() else Path(blueprint)


def read_ports(words: Iterable[str]) -> dict[str, int]:
    """`frame-1=4840` and so on. Raises Invalid."""
    ports = {}
    for word in words:
        machine, _, port = word.partition("=")
        if not machine or not port.isdecimal() or not 0 < int(port) < 65536:
            raise Invalid(f"'{word}' is no port of a machine; write it like frame-1=4840", where="--port")
        ports[machine] = int(port)
    return ports


def void(_value: object) -> None:
    """A fact is kept for its effect, not for its number."""
