"""Use cases around published products."""

from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime
from threading import Lock
from typing import Generic, TypeVar

from lotone.configure.model.expression import features_of
from lotone.configure.model.features import similar
from lotone.configure.model.product import Product
from lotone.configure.reading.uvl import read_model
from lotone.configure.reasoning.configurator import Configurator
from lotone.configure.store import Store
from lotone.kernel import Clock, Invalid, NotFound

AnyValue = TypeVar("AnyValue")


class UnknownProduct(NotFound):
    """No such product, or no such version of it."""


class WrongProduct(Invalid):
    """A product whose parts do not fit its model."""


class Kept(Generic[AnyValue]):
    """The values used last, by the digest of what they were made from, so equal keys always mean equal values."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._lock = Lock()
        self._values: OrderedDict[str, AnyValue] = OrderedDict()

    def get(self, key: str, make: Callable[[], AnyValue]) -> AnyValue:
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
                return self._values[key]
        value = make()
        with self._lock:
            self._values[key] = value
            while len(self._values) > self.limit:
                self._values.popitem(last=False)
        return value


_products: Kept[Product] = Kept(256)
_configurators: Kept[Configurator] = Kept(64)
"""Shared by all services of a process: services live as long as a transaction, reading and compiling a model takes longer."""


class ConfigureService:
    """Products of one organization and the configurators that answer about them."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self.store = store
        self.clock = clock

    def publish(self, product: Product) -> Product:
        """Publish a product, or its next version; one that says the same as the newest version stays that version.

        Raises BrokenModel, WrongPicture, WrongProduct or Contradiction when it can't be sold as it is.
        """
        check_product(product)
        newest = next((head for head in self.store.heads() if head[0] == product.id), None)
        digest = product.digest
        if newest is not None and newest[2] == digest:
            return product.with_version(newest[1], newest[3])
        version, at = (newest[1] if newest else 0) + 1, self.clock()
        self.store.add(product=product.id, version=version, digest=digest, at=at, content=product.content())
        return product.with_version(version, at)

    def products(self) -> list[Product]:
        """The newest version of every product, by id."""
        newest: dict[str, tuple[int, str, datetime]] = {}
        for product, version, digest, at in self.store.heads():
            newest.setdefault(product, (version, digest, at))
        return [self._kept(product, *head) for product, head in newest.items()]

    def product(self, product: str, version: int | None = None) -> Product:
        """A product, in its newest or in a given version. Raises UnknownProduct."""
        heads = self.store.heads()
        for known, number, digest, at in heads:
            if known == product and version in (None, number):
                return self._kept(product, number, digest, at)
        which = product if version is None else f"{product} version {version}"
        raise UnknownProduct(f"there is no product {which}{similar(product, {head[0] for head in heads})}")

    def configurator(self, product: str, version: int | None = None) -> Configurator:
        """What answers about a product. Raises UnknownProduct."""
        return configurator_of(self.product(product, version))

    def _kept(self, product: str, version: int, digest: str, at: datetime) -> Product:
        return _products.get(
            f"{product}:{version}:{at.isoformat()}:{digest}",
            lambda: Product.from_content(product, self.store.content(product, version)).with_version(version, at),
        )


def configurator_of(product: Product) -> Configurator:
    """The configurator of a product; made once for equal products."""
    return _configurators.get(
        f"{product.id}:{product.digest}",
        lambda: Configurator(
            read_model(product.model_text, name=f"{product.id}.uvl"), product.demand, currency=product.currency
        ),
    )


def check_product(product: Product) -> None:
    """Raises when a product is not consistent in itself: model, words, start, demand and picture must speak of one another."""
    configurator = configurator_of(product)
    configurator.options(product.start)
    known = configurator.model.features
    demand = product.demand
    named = {name for condition in demand.conditions() for name in features_of(condition)}
    if product.picture is not None:
        named |= {name for name, _ in product.picture.features()}
        named |= {name for style in product.picture.styles for name in features_of(style.when)}
    unknown = sorted((named | set(product.option_words)) - known.keys())
    if unknown:
        raise WrongProduct(f"product {product.id} speaks of '{unknown[0]}', which its model does not have", where=product.id)
