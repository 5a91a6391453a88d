"""What became true about products."""

from dataclasses import dataclass

from lotone.kernel import Fact


@dataclass(frozen=True)
class ProductPublished(Fact):
    """A version exists; it is sold from its release on, which may be now or later."""

    product: str
    version: int


@dataclass(frozen=True)
class ProductReleased(Fact):
    """A version became the one that is sold."""

    product: str
    version: int


@dataclass(frozen=True)
class DraftSaved(Fact):
    """Somebody changed the draft of a product; whoever has it open sees that there is something newer."""

    product: str
    revision: int
