"""Use cases around published products."""

from datetime import datetime

from lotone.configure.model.features import similar
from lotone.configure.model.product import Product
from lotone.configure.reasoning.configurator import Configurator
from lotone.configure.service.configurators import Kept, check_product, configurator_of
from lotone.configure.store import Store
from lotone.kernel import Clock, NotFound


class UnknownProduct(NotFound):
    """No such product, or no such version of it."""


_products: Kept[Product] = Kept(256)
"""Shared by all services of a process: services live as long as a transaction, reading a product takes longer."""


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
