"""What a folder of pages adds to the application: its routes, its places in the menu, what Ctrl-K finds in it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from fastapi import APIRouter

from lotone.identity import Actor, Role, may
from lotone.kernel import Words
from lotone.web.reader import Reader
from lotone.wiring import Work


class Section(StrEnum):
    """Groups of the side navigation, in this order."""

    SELL = "sell"
    PLAN = "plan"
    MAKE = "make"
    MACHINES = "machines"
    BUILD = "build"
    MANAGE = "manage"


SECTION_WORDS = {
    Section.SELL: Words("Sell", "销售"),
    Section.PLAN: Words("Plan", "计划"),
    Section.MAKE: Words("Make", "制造"),
    Section.MACHINES: Words("Machines", "设备"),
    Section.BUILD: Words("Build", "开发"),
    Section.MANAGE: Words("Manage", "管理"),
}


class Station(StrEnum):
    """Stations of the thread that runs through the platform; a page says at which it stands."""

    CHOICE = "choice"
    PROMISE = "promise"
    OPERATION = "operation"
    MACHINE = "machine"
    SIGNAL = "signal"
    UNIT = "unit"
    BUYER = "buyer"


@dataclass(frozen=True)
class Thread:
    """Where a page stands, and the addresses of its neighbours: `Thread("machine", operation="/make/7", signal="/...")`."""

    here: Station
    links: dict[Station, str]

    @classmethod
    def at(cls, here: str, **links: str | None) -> "Thread":
        return cls(Station(here), {Station(name): href for name, href in links.items() if href})


@dataclass(frozen=True)
class Entry:
    """One place in the side navigation, shown to whom the action is allowed."""

    words: Words
    href: str
    icon: str
    action: str
    section: Section
    home_of: frozenset[Role] = frozenset()
    """Roles who land here after signing in."""
    order: int = 50

    def href_for(self, actor: Actor) -> str:
        return self.href.replace("{organization}", actor.organization)


@dataclass(frozen=True)
class Found:
    """One thing that Ctrl-K found."""

    label: str
    href: str
    icon: str = "arrow-right"
    detail: str = ""
    kind: str = ""


Search = Callable[[Work, Actor, str, Reader], Sequence[Found]]
"""`search(work, actor, query, reader)`: a few things whose name or id holds the query, only what the actor may see."""


@dataclass(frozen=True)
class Room:
    """One folder of pages. `web/rooms.py` lists them all."""

    routers: Sequence[APIRouter]
    menu: Sequence[Entry] = field(default=())
    search: Search | None = None


def menu_for(entries: Sequence[Entry], actor: Actor | None, path: str) -> list[tuple[Words, list[tuple[Entry, str, bool]]]]:
    """The actor's side navigation: sections with entries, their addresses, and whether one is there now."""
    if actor is None:
        return []
    mine = [entry for entry in entries if may(actor, entry.action)]
    here = max((entry.href_for(actor) for entry in mine if _is_under(path, entry.href_for(actor))), key=len, default="")
    shown = []
    for section in Section:
        chosen = sorted((entry for entry in mine if entry.section is section), key=lambda entry: entry.order)
        if chosen:
            rows = [(entry, entry.href_for(actor), entry.href_for(actor) == here) for entry in chosen]
            shown.append((SECTION_WORDS[section], rows))
    return shown


def _is_under(path: str, href: str) -> bool:
    return path == href or path.startswith(f"{href}/")


def home_of(entries: Sequence[Entry], actor: Actor | None) -> str:
    """Where the actor begins: her role's first page, else the first she may see."""
    if actor is None:
        return "/"
    mine = [entry for entry in entries if may(actor, entry.action)]
    mine.sort(key=lambda entry: (actor.role not in entry.home_of, list(Section).index(entry.section), entry.order))
    return mine[0].href_for(actor) if mine else "/account"
