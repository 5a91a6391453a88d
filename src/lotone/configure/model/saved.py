"""A configuration that somebody keeps: named, of one version of its product, opened by others when its owner shares it."""

from dataclasses import dataclass
from datetime import datetime

from lotone.configure.model.features import Rule
from lotone.configure.model.product import Product
from lotone.kernel import Conflict, Invalid, Money, NotFound

NAME_MAX = 120
SAVED_MAX = 200
"""So many one owner keeps at once."""


class UnknownSaved(NotFound):
    """No saved configuration with this id is this owner's, or is shared."""


class TooManySaved(Conflict):
    """The owner keeps as many as one can."""


class WrongName(Invalid):
    """A saved configuration has a short name."""


@dataclass(frozen=True)
class SavedConfiguration:
    """What an owner keeps. `price` is of one unit at the moment it was saved."""

    id: str
    owner: str
    name: str
    product: str
    version: int
    choices: tuple[str, ...]
    price: Money
    saved_at: datetime
    is_shared: bool = False
    """Whoever knows the address may open it; only the owner may change it."""


@dataclass(frozen=True)
class Reviewed:
    """A saved configuration in the newest version of its product."""

    saved: SavedConfiguration
    product: Product
    """The newest version."""
    before: Product
    """The version it was saved with."""
    choices: tuple[str, ...]
    """What of its choices still goes together."""
    gone: tuple[str, ...] = ()
    """Choices that the newest version does not have."""
    against: tuple[str, ...] = ()
    """Choices that no longer go with the others: the fewest that must be taken back."""
    rules: tuple[Rule, ...] = ()
    """The rules that stand against them."""

    @property
    def is_changed(self) -> bool:
        return bool(self.gone or self.against)


def checked_name(name: str) -> str:
    """A name without blanks around it. Raises WrongName."""
    tidy = " ".join(name.split())
    if not 1 <= len(tidy) <= NAME_MAX:
        raise WrongName(f"a saved configuration needs a name of 1 to {NAME_MAX} letters", where="name")
    return tidy
