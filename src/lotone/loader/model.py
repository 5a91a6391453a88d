"""A blueprint: everything a company starts with, read and checked."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from lotone.assets import Equipment, Part, Tag
from lotone.configure import Faulty, Product
from lotone.connect.model import Connection
from lotone.kernel import Words
from lotone.market import Offer, Supplier
from lotone.plan import Calendar, Resource, SetupMatrix


class BrokenBlueprint(Faulty):
    """A blueprint with faults: `faults` has every one with its file, line and column."""


@dataclass(frozen=True)
class Blueprint:
    """What a folder of tables says, ready to be loaded into an organization. Everything it names exists in it."""

    id: str
    words: Words
    currency: str
    time_zone: str
    language: str
    product: Product
    suppliers: tuple[Supplier, ...] = ()
    parts: tuple[Part, ...] = ()
    stock: Mapping[str, float] = field(default_factory=dict)
    offers: tuple[Offer, ...] = ()
    equipment: tuple[Equipment, ...] = ()
    calendars: tuple[Calendar, ...] = ()
    resources: tuple[Resource, ...] = ()
    """The machines."""
    crew: tuple[Resource, ...] = ()
    """Operators and tools."""
    setups: tuple[SetupMatrix, ...] = ()
    transport: Mapping[tuple[str, str], float] = field(default_factory=dict)
    """Minutes from work center to work center."""
    connections: tuple[Connection, ...] = ()
    tags: tuple[Tag, ...] = ()

    @property
    def features_in_words(self) -> Mapping[str, Words]:
        return self.product.names
